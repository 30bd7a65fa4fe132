package httpapi

import "muster/catalog"

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

func (s *Server) agentJoin(*request) (answer, error) {
	return answer{}, catalog.Errorf(catalog.Invalid, "join: this agent runs alone, it cannot join a cluster")
}

func (s *Server) agentForceLeave(*request) (answer, error) {
	return answer{}, catalog.Errorf(catalog.Invalid, "force-leave: this agent runs alone, there is no other to remove")
}
