package httpapi

import (
	"net/http"

	"muster/catalog"
)

// Explainer tells what this agent's DNS server answers, and why. Explain does not
// wait, asks nobody else, and may be called by many at once.
type Explainer interface {
	// Explain takes a question of class IN as people write it. A name or type that
	// DNS cannot carry is Invalid.
	Explain(name, qtype string, tcp bool) (Explanation, error)
}

// dnsRoutes are the paths about this agent's DNS server.
func (s *Server) dnsRoutes() []route {
	return []route{{template: "/v1/dns/explain", place: ofAgent, methods: get(s.explain)}}
}

// explain takes ?name, ?type (A when left out) and ?tcp.
func (s *Server) explain(r *request) (answer, error) {
	if s.deps.DNS == nil {
		return answer{}, failf(http.StatusNotFound, "DNS is off on this agent")
	}
	name, qtype := r.query.Get("name"), r.query.Get("type")
	if name == "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "name: say which name, such as name=web.service.consul")
	}
	if err := plain("name", name); err != nil {
		return answer{}, err
	}
	if qtype == "" {
		qtype = "A"
	}
	tcp, err := r.flag("tcp")
	if err != nil {
		return answer{}, err
	}
	if !s.ownDatacenter(r.query.Get("dc")) {
		return answer{}, catalog.Errorf(catalog.Invalid, "dc: an agent explains its own answers only; ask one of that datacenter")
	}
	e, err := s.deps.DNS.Explain(name, qtype, tcp)
	if err != nil {
		return answer{}, err
	}
	return reply(e), nil
}
