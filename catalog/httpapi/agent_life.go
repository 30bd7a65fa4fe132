package httpapi

// agentReload reads the configuration again and answers with what changed, in words.
func (s *Server) agentReload(r *request) (answer, error) {
	changed, err := s.deps.Agent.Reload(r.Context())
	if err != nil {
		return answer{}, err
	}
	return answer{raw: []byte(oneLine(changed)), kind: plainText}, nil
}

// agentLeave takes this agent out of the cluster and ends it.
func (s *Server) agentLeave(r *request) (answer, error) {
	return answer{}, s.deps.Agent.Leave(r.Context())
}

// agentJoin makes this agent known to a cluster, with ?wan to another datacenter.
func (s *Server) agentJoin(r *request) (answer, error) {
	address, err := r.name("address")
	if err != nil {
		return answer{}, err
	}
	wan, err := r.flag("wan")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Agent.Join(r.Context(), address, wan)
}

// agentForceLeave has a failed member count as left, with ?prune be forgotten at once.
func (s *Server) agentForceLeave(r *request) (answer, error) {
	name, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	prune, err := r.flag("prune")
	if err != nil {
		return answer{}, err
	}
	wan, err := r.flag("wan")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Agent.ForceLeave(r.Context(), name, prune, wan)
}
