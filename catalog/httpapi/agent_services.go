package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

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

// agentServices maps the id of each registered instance to it.
func (s *Server) agentServices(r *request) (answer, error) {
	keep, err := newFilter(r, sampleAgentService)
	if err != nil {
		return answer{}, err
	}
	services, err := keep.only(each(s.deps.Registrations.Instances(), s.shapeAgentService))
	if err != nil {
		return answer{}, err
	}
	out := make(map[string]*AgentService, len(services))
	for _, service := range services {
		out[service.ID] = service
	}
	return reply(out), nil
}

// agentService shows one instance. With ?hash it waits until the instance is no
// longer the one with that hash, or the wait is over.
func (s *Server) agentService(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	hash := r.query.Get("hash")
	over := hash == ""
	var expired <-chan time.Time
	a := answer{}
	for {
		changed := s.deps.Registrations.Changed()
		i := s.registered(id)
		if i == nil {
			return a, failf(http.StatusNotFound, "unknown service ID: %.100s", id)
		}
		service := s.shapeAgentService(i)
		if service.ContentHash, err = contentHash(service); err != nil {
			return a, err
		}
		if over || service.ContentHash != hash {
			a.json = service
			a.header = http.Header{"X-Consul-Contenthash": {service.ContentHash}}
			return a, nil
		}
		if expired == nil {
			timer := time.NewTimer(opts.jittered())
			defer timer.Stop()
			expired = timer.C
			a.waited = true
			r.wait()
		}
		select {
		case <-changed:
		case <-expired:
			over = true
		case <-s.closing:
			over = true
		case <-r.Context().Done():
			return a, errClientGone
		}
	}
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

// contentHash sums up all fields; encoding/json writes maps in the order of their keys.
func contentHash(service *AgentService) (string, error) {
	text, err := json.Marshal(service)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
