package httpapi

import (
	"strings"

	"muster/catalog"
)

// AgentSelf is what an agent tells of itself. Every value is an object, because
// Consul's Go client decodes it into a map of maps.
type AgentSelf struct {
	Config      AgentConfig
	DebugConfig map[string]any      // the settings that clients look at, by Consul's names; see [Self]
	Coord       *catalog.Coordinate `json:",omitempty"` // of the agent at present; null where coordinates are off
	Member      AgentMember
	Meta        map[string]string // of the node
	Stats       map[string]map[string]string
}

// AgentConfig is the part of an agent's configuration that clients look at.
type AgentConfig struct {
	Datacenter        string
	PrimaryDatacenter string // the same: there is one
	NodeName          string
	NodeID            string
	Revision          string
	Server            bool
	Version           string
	BuildDate         string // RFC 3339
}

func (s *Server) agentSelf(*request) (answer, error) {
	self := s.deps.Agent.Self()
	out := AgentSelf{
		Config: AgentConfig{
			Datacenter: s.cfg.Datacenter, PrimaryDatacenter: s.cfg.Datacenter,
			NodeName: self.Node.Name, NodeID: self.Node.ID, Server: self.Server,
			Version: s.toldVersion(self.Version), Revision: self.Revision, BuildDate: self.BuildDate,
		},
		DebugConfig: nonNilMap(self.Settings),
		Coord:       self.Coord,
		Member:      AgentMember{Tags: map[string]string{}},
		Meta:        nonNilMap(self.Node.Meta),
		Stats:       self.Stats,
	}
	if out.Stats == nil {
		out.Stats = map[string]map[string]string{}
	}
	members, err := s.deps.Agent.Members(false)
	if err != nil {
		return answer{}, err
	}
	for _, m := range members {
		if m.Name == self.Node.Name {
			out.Member = shapeMember(m)
		}
	}
	return reply(out), nil
}

// AgentVersion is the build of an agent.
type AgentVersion struct {
	SHA          string
	BuildDate    string // RFC 3339
	HumanVersion string
	FIPS         string // always empty
}

func (s *Server) agentVersion(*request) (answer, error) {
	self := s.deps.Agent.Self()
	return reply(AgentVersion{SHA: self.Revision, BuildDate: self.BuildDate, HumanVersion: strings.TrimPrefix(s.toldVersion(self.Version), "v")}), nil
}

// toldVersion is what clients are told as the version of an agent; empty where it is not known.
func (s *Server) toldVersion(own string) string {
	if own == "" || s.cfg.ConsulVersion == "" {
		return own
	}
	return s.cfg.ConsulVersion
}
