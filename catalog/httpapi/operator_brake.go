package httpapi

import (
	"muster/catalog"
)

// Brake is a service of which too many instances failed together to be left out of DNS answers.
type Brake struct {
	Service string
	Index   uint64 // of the log, at which it began
	Percent int    // of the healthy instances might have failed
	Failed  int    // instances that had failed when it began
	Of      int    // instances that had been healthy before
	Lifted  bool   // by an operator; answers leave the failing ones out
}

// ShapeBrake makes a row what clients see of it.
func ShapeBrake(b *catalog.Brake) *Brake {
	return &Brake{Service: b.Service, Index: b.Index, Percent: b.Percent, Failed: b.Failed, Of: b.Of, Lifted: b.Lifted}
}

// brakes lists the services that are braked.
func (s *Server) brakes(r *request) (answer, error) {
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		rows, mark := snap.Brakes()
		return found{mark: mark, value: each(rows, ShapeBrake)}, nil
	})
}

// liftBrake has answers leave out the failing instances of ?service.
func (s *Server) liftBrake(r *request) (answer, error) {
	service := r.query.Get("service")
	if service == "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "service: say which service, such as service=web")
	}
	return s.decide(r, &catalog.LiftBrake{Service: service})
}
