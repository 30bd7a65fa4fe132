package httpapi

import (
	"net/http"

	"muster/catalog"
)

// AgentService is an instance as it was registered with this agent.
type AgentService struct {
	ID                string
	Service           string // its name
	Tags              []string
	Meta              map[string]string
	Port              int
	Address           string
	TaggedAddresses   map[string]ServiceAddress
	Weights           Weights
	EnableTagOverride bool
	DNS               *ServiceDNS       `json:",omitempty"`
	Locality          *catalog.Locality `json:",omitempty"`
	Guard             *ServiceGuard     `json:",omitempty"`
	// ContentHash changes with any of the above. Only a single service has it.
	ContentHash string `json:",omitempty"`
	Datacenter  string
}

func (s *Server) shapeAgentService(i *catalog.Instance) *AgentService {
	return &AgentService{
		ID: i.ID, Service: i.Name, Tags: nonNil(i.Tags), Meta: nonNilMap(i.Meta), Port: i.Port, Address: i.Address,
		TaggedAddresses: shapeAddresses(i.TaggedAddresses), Weights: Weights(i.Weights),
		EnableTagOverride: i.EnableTagOverride, DNS: shapeDNS(i.DNS), Locality: i.Locality, Guard: shapeGuard(i.Guard), Datacenter: s.cfg.Datacenter,
	}
}

func sampleAgentService() *AgentService { return &AgentService{Tags: []string{""}} }

// agentServices maps the id of each registered instance to it. It waits with ?hash.
func (s *Server) agentServices(r *request) (answer, error) {
	keep, err := newFilter(r, sampleAgentService)
	if err != nil {
		return answer{}, err
	}
	return s.byHash(r, func() (local, error) {
		services, err := keep.only(each(s.deps.Registrations.Instances(), s.shapeAgentService))
		if err != nil {
			return local{}, err
		}
		out := make(map[string]*AgentService, len(services))
		for _, service := range services {
			out[service.ID] = service
		}
		return hashed(out)
	})
}

// agentService shows one instance. It waits with ?hash, and also ends when the instance is gone.
func (s *Server) agentService(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return s.byHash(r, func() (local, error) {
		i := s.registered(id)
		if i == nil {
			return local{}, failf(http.StatusNotFound, "unknown service ID: %.100s", id)
		}
		service := s.shapeAgentService(i)
		hash, err := contentHash(service)
		service.ContentHash = hash
		return local{service, hash}, err
	})
}

// registered returns the instance with an id, or nil.
func (s *Server) registered(id string) *catalog.Instance {
	for _, i := range s.deps.Registrations.Instances() {
		if i.ID == id {
			return i
		}
	}
	return nil
}
