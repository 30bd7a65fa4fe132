package httpapi

import (
	"context"

	"muster/catalog"
)

// RaftConfiguration is who takes part in raft.
type RaftConfiguration struct {
	Servers []RaftPeer
	Index   uint64 // in the log
}

// RaftPeer is one server of it.
type RaftPeer struct {
	ID              string // in raft: the node's UUID
	Node            string // name of its node; "(unknown)" when no member has the id
	Address         string // host:port
	Leader          bool
	ProtocolVersion string // of hashicorp/raft: "3"
	Voter           bool
	LastIndex       uint64 // of its log; 0: unknown
}

func shapeRaftServer(r RaftServer) RaftPeer {
	name := r.Name
	if name == "" {
		name = "(unknown)" // as Consul says; tools look for it
	}
	return RaftPeer{
		ID: r.ID, Node: name, Address: r.Address, Leader: r.Leader, ProtocolVersion: "3", Voter: r.Voter, LastIndex: r.LastIndex,
	}
}

func (s *Server) raftConfiguration(*request) (answer, error) {
	servers, index, err := s.deps.Operator.RaftServers()
	if err != nil {
		return answer{}, err
	}
	return reply(RaftConfiguration{Servers: each(servers, shapeRaftServer), Index: index}), nil
}

// removeRaftPeer takes a server, named by ?id or ?address, out of the configuration.
func (s *Server) removeRaftPeer(r *request) (answer, error) {
	id, address := r.query.Get("id"), r.query.Get("address")
	switch {
	case id == "" && address == "":
		return answer{}, catalog.Errorf(catalog.Invalid, "say which server: id=ID or address=IP:PORT")
	case id != "" && address != "":
		return answer{}, catalog.Errorf(catalog.Invalid, "id and address exclude each other")
	case id == "":
		servers, _, err := s.deps.Operator.RaftServers()
		if err != nil {
			return answer{}, err
		}
		if id = idAt(servers, address); id == "" {
			return answer{}, catalog.Errorf(catalog.NotFound, "address: no server of the raft configuration is at %.100q", address)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.hold())
	defer cancel()
	return answer{}, s.deps.Operator.RemoveServer(ctx, id)
}

// idAt returns the id of the server at an address, "" when there is none.
func idAt(servers []RaftServer, address string) string {
	for _, server := range servers {
		if server.Address == address {
			return server.ID
		}
	}
	return ""
}

// RaftTransfer is the answer to a change of the leader.
type RaftTransfer struct {
	Success bool
}

// transferLeader hands leadership to the server with ?id, or without it to the fittest.
func (s *Server) transferLeader(r *request) (answer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.hold())
	defer cancel()
	if err := s.deps.Operator.TransferLeader(ctx, r.query.Get("id")); err != nil {
		return answer{}, err
	}
	return reply(RaftTransfer{Success: true}), nil
}
