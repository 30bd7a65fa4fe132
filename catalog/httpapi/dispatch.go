package httpapi

import (
	"net/http"

	"muster/catalog"
)

// dispatch serves a request by its route's handler, or at the agent that can.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, rt *route, args map[string]string) (answer, *request, error) {
	handle, err := rt.find(r.Method)
	if err != nil {
		return answer{}, nil, err
	}
	q, err := newRequest(w, r, args)
	if err != nil {
		return answer{}, nil, err
	}
	if err := q.unscoped(); err != nil {
		return answer{}, nil, err
	}
	q.cached = q.asksCached(rt.place)
	a, passed, err := s.elsewhere(rt.place, q, q.query.Get("dc"))
	if passed || err != nil {
		return a, q, err
	}
	if !rt.streams {
		if q.body, err = readBody(w, r); err != nil {
			return answer{}, nil, err
		}
	}
	q.shapes = &s.shapes
	a, err = handle(q)
	return a, q, err
}

// elsewhere passes a request on unless it is to be served here.
func (s *Server) elsewhere(p place, r *request, dc string) (a answer, passed bool, err error) {
	to, there := s.where(p, r, dc)
	if to == here {
		return answer{}, false, nil
	}
	if err := mayPass(r, to, there); err != nil {
		return answer{}, false, err
	}
	return s.passOn(r, to, there), true, nil
}

// elsewhereByBody is elsewhere for writes whose body may name the datacenter.
func (s *Server) elsewhereByBody(p place, r *request, dc string) (a answer, passed bool, err error) {
	if asked := r.query.Get("dc"); dc != "" && asked != "" && !catalog.EqualFold(asked, dc) {
		return answer{}, false, catalog.Errorf(catalog.Invalid, "Datacenter: %.40q is not the %.40q of ?dc", dc, asked)
	}
	return s.elsewhere(p, r, dc)
}
