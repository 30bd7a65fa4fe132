package httpapi

func (s *Server) statusRoutes() []route {
	return []route{
		{template: "/v1/status/leader", place: ofServers, methods: get(s.statusLeader)},
		{template: "/v1/status/peers", place: ofServers, methods: get(s.statusPeers)},
	}
}

// statusLeader tells the leader's address as a JSON string, empty while there is none.
func (s *Server) statusLeader(*request) (answer, error) {
	return reply(s.deps.Consensus.Leader()), nil
}

// statusPeers tells the addresses of all voters.
func (s *Server) statusPeers(*request) (answer, error) {
	return reply(nonNil(s.deps.Consensus.Peers())), nil
}
