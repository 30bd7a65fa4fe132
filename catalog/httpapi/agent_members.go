package httpapi

import "muster/catalog"

// allSegments is what Consul's clients call the agents of all network segments, of which there are none.
const allSegments = "_all"

// AgentMember is one agent of the cluster. The protocol numbers are Serf's, which
// clients decode and nobody here speaks; they say "compatible".
type AgentMember struct {
	Name        string
	Addr        string // without port
	Port        uint16 // of gossip
	Tags        map[string]string
	Status      int // see MemberStatus
	ProtocolMin uint8
	ProtocolMax uint8
	ProtocolCur uint8
	DelegateMin uint8
	DelegateMax uint8
	DelegateCur uint8
}

func shapeMember(m Member) AgentMember {
	return AgentMember{
		Name: m.Name, Addr: m.Address, Port: m.Port, Tags: nonNilMap(m.Tags), Status: int(m.Status),
		ProtocolMin: 1, ProtocolMax: 5, ProtocolCur: 2,
		DelegateMin: 2, DelegateMax: 5, DelegateCur: 4,
	}
}

func sampleMember() AgentMember { return AgentMember{Tags: map[string]string{}} }

// agentMembers lists the agents of this datacenter, with ?wan the servers of all
// of them under the names they go by there.
func (s *Server) agentMembers(r *request) (answer, error) {
	wan, err := r.flag("wan")
	if err != nil {
		return answer{}, err
	}
	if segment := r.query.Get("segment"); segment != "" && segment != allSegments {
		return answer{}, catalog.Errorf(catalog.Invalid, "segment: %.40q does not exist; there are no segments", segment)
	}
	keep, err := newFilter(r, sampleMember)
	if err != nil {
		return answer{}, err
	}
	known, err := s.deps.Agent.Members(wan)
	if err != nil {
		return answer{}, err
	}
	members, err := keep.only(each(known, shapeMember))
	return reply(members), err
}
