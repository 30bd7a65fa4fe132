package httpapi

import (
	"time"

	"muster/catalog"
)

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

// maxMaintenance is the longest time after which maintenance ends by itself.
const maxMaintenance = 365 * 24 * time.Hour

// setMaintenance reads ?enable, which must be there, ?reason and, how long it is to last, ?expires.
func (s *Server) setMaintenance(r *request, serviceID string) (answer, error) {
	if r.query.Get("enable") == "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "enable: say enable=true or enable=false")
	}
	on, err := r.flag("enable")
	if err != nil {
		return answer{}, err
	}
	var lasts time.Duration
	if text := r.query.Get("expires"); text != "" {
		lasts, err = time.ParseDuration(text)
		switch {
		case err != nil:
			return answer{}, catalog.Errorf(catalog.Invalid, "expires: %.40q is not a duration such as 10m", text)
		case lasts < time.Second || lasts > maxMaintenance:
			return answer{}, catalog.Errorf(catalog.Invalid, "expires: %v is outside %v..%v", lasts, time.Second, maxMaintenance)
		case !on:
			return answer{}, catalog.Errorf(catalog.Invalid, "expires: goes with enable=true only")
		}
	}
	return answer{}, s.deps.Registrations.SetMaintenance(serviceID, on, r.query.Get("reason"), lasts)
}

// Drained is what follows from a drain.
type Drained struct {
	// Wait is how long answers that still name what was drained may be held by those who got them, as a Go duration.
	Wait string
}

// agentDrain takes the node, or ?service, out of answers for good or until the agent restarts.
func (s *Server) agentDrain(r *request) (answer, error) {
	wait, err := s.deps.Registrations.Drain(r.query.Get("service"), r.query.Get("reason"))
	if err != nil {
		return answer{}, err
	}
	return reply(Drained{Wait: wait.String()}), nil
}
