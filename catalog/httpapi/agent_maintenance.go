package httpapi

import "muster/catalog"

func (s *Server) agentNodeMaintenance(r *request) (answer, error) {
	return s.setMaintenance(r, "")
}

func (s *Server) agentServiceMaintenance(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return s.setMaintenance(r, id)
}

// setMaintenance reads ?enable, which must be there, and ?reason.
func (s *Server) setMaintenance(r *request, serviceID string) (answer, error) {
	if r.query.Get("enable") == "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "enable: say enable=true or enable=false")
	}
	on, err := r.flag("enable")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.SetMaintenance(serviceID, on, r.query.Get("reason"))
}
