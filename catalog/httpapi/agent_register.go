package httpapi

import "muster/catalog"

// agentRegisterService registers an instance and its checks with this agent.
// With ?replace-existing-checks its checks are then those of the body and no others.
func (s *Server) agentRegisterService(r *request) (answer, error) {
	replace, err := r.flag("replace-existing-checks")
	if err != nil {
		return answer{}, err
	}
	var def catalog.ServiceDefinition
	if err := r.decodeKnowing(&def, foreignServiceKey); err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.Register(def, replace)
}

// agentRegisterCheck registers a check of the node, or of an instance registered with this agent.
func (s *Server) agentRegisterCheck(r *request) (answer, error) {
	var def catalog.CheckDefinition
	if err := r.decodeKnowing(&def, foreignCheckKey); err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.RegisterCheck(def)
}

func (s *Server) agentDeregisterService(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.Deregister(id)
}

func (s *Server) agentDeregisterCheck(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.DeregisterCheck(id)
}
