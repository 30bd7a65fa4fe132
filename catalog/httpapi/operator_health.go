package httpapi

import (
	"net/http"
	"slices"
	"time"
)

// AutopilotHealth is the health of the servers as the leader sees it.
type AutopilotHealth struct {
	Healthy          bool // all of them
	FailureTolerance int  // healthy voters that may be lost before the quorum is
	Servers          []AutopilotServerHealth
}

// AutopilotServerHealth is the health of one of them.
type AutopilotServerHealth struct {
	ID          string // in raft: the node's UUID
	Name        string
	Address     string // host:port
	SerfStatus  string // alive, leaving, left, failed or none
	Version     string
	Leader      bool
	LastContact string // a duration; negative: the leader never heard it
	LastTerm    uint64
	LastIndex   uint64
	Healthy     bool
	Voter       bool
	StableSince time.Time
}

// AutopilotState is the same with other names, and somewhat more.
type AutopilotState struct {
	Healthy                    bool
	FailureTolerance           int
	OptimisticFailureTolerance int // the same: there are no redundancy zones
	Servers                    map[string]AutopilotServer
	Leader                     string // id; empty: none
	Voters                     []string
}

// AutopilotServer is one server of it.
type AutopilotServer struct {
	ID          string
	Name        string
	Address     string // host:port
	NodeStatus  string // alive, leaving, left, failed or none
	Version     string
	LastContact string // a duration; negative: the leader never heard it
	LastTerm    uint64
	LastIndex   uint64
	Healthy     bool
	StableSince time.Time
	ReadReplica bool   // always false
	Status      string // leader, voter or non-voter
	Meta        map[string]string
	NodeType    string // always voter: what it is or will be
}

// autopilotHealth tells the health of the servers, also by the status code, so that
// load balancers need not read the body.
func (s *Server) autopilotHealth(*request) (answer, error) {
	servers, err := s.serverHealth()
	if err != nil {
		return answer{}, err
	}
	out := AutopilotHealth{Servers: each(servers, shapeServerHealth)}
	out.Healthy, out.FailureTolerance = tolerance(servers)
	a := reply(out)
	if !out.Healthy {
		a.status = http.StatusTooManyRequests
	}
	return a, nil
}

func (s *Server) autopilotState(*request) (answer, error) {
	servers, err := s.serverHealth()
	if err != nil {
		return answer{}, err
	}
	out := AutopilotState{Servers: map[string]AutopilotServer{}, Voters: []string{}}
	out.Healthy, out.FailureTolerance = tolerance(servers)
	out.OptimisticFailureTolerance = out.FailureTolerance
	for _, h := range servers {
		server := shapeAutopilotServer(h)
		out.Servers[h.ID] = server
		if h.Leader {
			out.Leader = h.ID
		}
		if h.Voter {
			out.Voters = append(out.Voters, h.ID)
		}
	}
	return reply(out), nil
}

// serverHealth is the health of the servers with the versions that clients are told.
func (s *Server) serverHealth() ([]ServerHealth, error) {
	servers, err := s.deps.Operator.Health()
	told := slices.Clone(servers)
	for i := range told {
		told[i].Version = s.toldVersion(told[i].Version)
	}
	return told, err
}

// tolerance reports whether all servers are healthy, and how many healthy voters
// may be lost while those that are left are still a quorum.
func tolerance(servers []ServerHealth) (healthy bool, spare int) {
	voters, healthyVoters := 0, 0
	healthy = len(servers) > 0
	for _, h := range servers {
		healthy = healthy && h.Healthy
		if h.Voter {
			voters++
			if h.Healthy {
				healthyVoters++
			}
		}
	}
	return healthy, max(0, healthyVoters-(voters/2+1))
}

func shapeServerHealth(h ServerHealth) AutopilotServerHealth {
	return AutopilotServerHealth{
		ID: h.ID, Name: h.Name, Address: h.Address, SerfStatus: h.Status.String(), Version: h.Version, Leader: h.Leader,
		LastContact: h.LastContact.String(), LastTerm: h.LastTerm, LastIndex: h.LastIndex,
		Healthy: h.Healthy, Voter: h.Voter, StableSince: h.StableSince.UTC(),
	}
}

func shapeAutopilotServer(h ServerHealth) AutopilotServer {
	status := "non-voter"
	switch {
	case h.Leader:
		status = "leader"
	case h.Voter:
		status = "voter"
	}
	return AutopilotServer{
		ID: h.ID, Name: h.Name, Address: h.Address, NodeStatus: h.Status.String(), Version: h.Version,
		LastContact: h.LastContact.String(), LastTerm: h.LastTerm, LastIndex: h.LastIndex,
		Healthy: h.Healthy, StableSince: h.StableSince.UTC(), Status: status, Meta: nonNilMap(h.Meta), NodeType: "voter",
	}
}
