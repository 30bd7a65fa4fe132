package httpapi

func (s *Server) statusRoutes() []route {
	return []route{
		{"/v1/status/leader", get(s.statusLeader)},
		{"/v1/status/peers", get(s.statusPeers)},
	}
}

// statusLeader tells the leader's address as a JSON string, empty while there is none.
func (s *Server) statusLeader(r *request) (answer, error) {
	if err := s.ownDatacenter(r.query.Get("dc")); err != nil {
		return answer{}, err
	}
	return reply(s.deps.Consensus.Leader()), nil
}

// statusPeers tells the addresses of all voters.
func (s *Server) statusPeers(r *request) (answer, error) {
	if err := s.ownDatacenter(r.query.Get("dc")); err != nil {
		return answer{}, err
	}
	return reply(nonNil(s.deps.Consensus.Peers())), nil
}
