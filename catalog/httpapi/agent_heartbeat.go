package httpapi

import "muster/catalog"

// The three short forms of a heartbeat; ?note becomes the output.

func (s *Server) agentCheckPass(r *request) (answer, error) { return s.heartbeat(r, catalog.Passing) }
func (s *Server) agentCheckWarn(r *request) (answer, error) { return s.heartbeat(r, catalog.Warning) }
func (s *Server) agentCheckFail(r *request) (answer, error) { return s.heartbeat(r, catalog.Critical) }

func (s *Server) heartbeat(r *request, status catalog.Status) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.deps.Registrations.UpdateTTL(id, status, r.query.Get("note"))
}

// agentCheckUpdate is a heartbeat that says it all in its body.
func (s *Server) agentCheckUpdate(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Status catalog.Status
		Output string
	}
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	if !body.Status.Valid() {
		return answer{}, catalog.Errorf(catalog.Invalid, "Status: %.40q is none of passing, warning, critical", string(body.Status))
	}
	return answer{}, s.deps.Registrations.UpdateTTL(id, body.Status, body.Output)
}
