package httpapi

import (
	"net/http"

	"github.com/google/uuid"

	"muster/catalog"
)

func (s *Server) preparedRoutes() []route {
	return []route{
		{template: "/v1/query", place: ofView, methods: map[string]handler{http.MethodGet: s.getPreparedQueries, http.MethodPost: s.createPreparedQuery}},
		{template: "/v1/query/{id}", place: ofView, methods: map[string]handler{
			http.MethodGet: s.getPreparedQuery, http.MethodPut: s.updatePreparedQuery, http.MethodDelete: s.deletePreparedQuery,
		}},
		{template: "/v1/query/{id}/execute", place: ofAgent, methods: get(s.executePreparedQuery)},
		{template: "/v1/query/{id}/explain", place: ofAgent, methods: get(s.explainPreparedQuery)},
	}
}

// errNoPreparedQuery is what Consul says of a query that is not there.
var errNoPreparedQuery = failf(http.StatusNotFound, "Query not found")

func (s *Server) getPreparedQueries(r *request) (answer, error) {
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		all, mark := snap.PreparedQueries()
		return found{value: each(all, shapePrepared), mark: mark}, nil
	})
}

// getPreparedQuery answers with a list of one query.
func (s *Server) getPreparedQuery(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		q, mark := snap.PreparedQuery(id)
		if q == nil {
			return found{}, errNoPreparedQuery
		}
		return found{value: []*PreparedQuery{shapePrepared(q)}, mark: mark}, nil
	})
}

func (s *Server) createPreparedQuery(r *request) (answer, error) {
	id := uuid.NewString()
	if err := s.setPreparedQuery(r, id, false); err != nil {
		return answer{}, err
	}
	return reply(struct{ ID string }{id}), nil
}

// updatePreparedQuery answers with an empty body, as Consul does.
func (s *Server) updatePreparedQuery(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return answer{}, s.setPreparedQuery(r, id, true)
}

// setPreparedQuery makes a query of the body, or puts it in the place of another.
func (s *Server) setPreparedQuery(r *request, id string, update bool) error {
	if len(r.body) == 0 {
		return catalog.Errorf(catalog.Invalid, "body: is missing; a query is an object with a Service")
	}
	var body preparedBody
	if err := r.decode(&body); err != nil {
		return err
	}
	switch {
	case !update && body.ID != "":
		return catalog.Errorf(catalog.Invalid, "ID: must be empty; a new query is given one")
	case update && body.ID != "" && !catalog.EqualFold(body.ID, id):
		return catalog.Errorf(catalog.Invalid, "ID: %.40q is not the %.40q of the path", body.ID, id)
	}
	q, err := body.query(id)
	if err != nil {
		return err
	}
	_, err = s.apply(r, &catalog.SetPreparedQuery{Query: *q, Update: update})
	return failed(err)
}

func (s *Server) deletePreparedQuery(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	_, err = s.apply(r, &catalog.DeletePreparedQuery{ID: id})
	return answer{}, failed(err)
}
