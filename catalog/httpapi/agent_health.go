package httpapi

import (
	"fmt"
	"net/http"

	"muster/catalog"
)

// AgentHealth is an instance of this agent with all its health depends on.
type AgentHealth struct {
	AggregatedStatus string // passing, warning, critical or maintenance
	Service          *AgentService
	Checks           []*HealthCheck // of the node, then of the instance
}

// checksFor picks the checks that an instance's health depends on: of the node, then its own.
func checksFor(i *catalog.Instance, checks []*catalog.Check) []*catalog.Check {
	var out []*catalog.Check
	for _, owner := range []string{"", i.ID} {
		for _, c := range checks {
			if c.ServiceID == owner {
				out = append(out, c)
			}
		}
	}
	return out
}

func (s *Server) shapeHealth(i *catalog.Instance, checks []*catalog.Check) AgentHealth {
	return AgentHealth{
		AggregatedStatus: string(catalog.Worst(checks)),
		Service:          s.shapeAgentService(i),
		Checks:           each(checks, shapeCheck),
	}
}

// agentHealthByID tells the health of one instance, also by the status code, so
// that load balancers need not read the body.
func (s *Server) agentHealthByID(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	i := s.registered(id)
	if i == nil {
		unknown := AgentHealth{AggregatedStatus: string(catalog.Critical), Checks: []*HealthCheck{}}
		return sayHealth(r, http.StatusNotFound, unknown, fmt.Sprintf("ServiceId %s not found", oneLine(id)))
	}
	checks := checksFor(i, s.deps.Registrations.Checks())
	status := catalog.Worst(checks)
	return sayHealth(r, codeOfHealth(status), s.shapeHealth(i, checks), string(status))
}

// agentHealthByName tells the health of all instances of a service on this agent;
// the status code is that of the worst.
func (s *Server) agentHealthByName(r *request) (answer, error) {
	name, err := r.name("name")
	if err != nil {
		return answer{}, err
	}
	registered := s.deps.Registrations.Checks()
	found := []AgentHealth{}
	var all []*catalog.Check
	for _, i := range s.deps.Registrations.Instances() {
		if !catalog.EqualFold(i.Name, name) {
			continue
		}
		checks := checksFor(i, registered)
		found = append(found, s.shapeHealth(i, checks))
		all = append(all, checks...)
	}
	if len(found) == 0 {
		return sayHealth(r, http.StatusNotFound, found, fmt.Sprintf("ServiceName %s Not Found", oneLine(name)))
	}
	worst := catalog.Worst(all)
	return sayHealth(r, codeOfHealth(worst), found, string(worst))
}

// sayHealth answers with a status code and a body in JSON, or with ?format=text in a word.
func sayHealth(r *request, code int, value any, text string) (answer, error) {
	if r.query.Get("format") == "text" {
		return answer{status: code, raw: []byte(text), kind: plainText}, nil
	}
	return answer{status: code, json: value}, nil
}

// codeOfHealth is the status code by which Consul tells health.
func codeOfHealth(status catalog.Status) int {
	switch status {
	case catalog.Passing:
		return http.StatusOK
	case catalog.Warning:
		return http.StatusTooManyRequests
	default:
		return http.StatusServiceUnavailable
	}
}
