package httpapi

import (
	"net/http"
	"slices"
)

// table is every path the server serves. Templates are what metrics and logs call a request.
func (s *Server) table() []route {
	return slices.Concat(
		s.selfRoutes(),
		s.statusRoutes(),
	)
}

// get is the methods of a route that is only read.
func get(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }

// put is the methods of a route that is only written.
func put(h handler) map[string]handler { return map[string]handler{http.MethodPut: h} }

// selfRoutes are muster's own paths, outside Consul's API.
func (s *Server) selfRoutes() []route {
	return []route{
		{"/", get(s.root)},
		{"/metrics", get(s.metrics)},
		{"/ui/{file}", get(s.ui)},
		{"/v1/health/live", get(s.live)},
		{"/v1/health/ready", get(s.ready)},
	}
}

func (s *Server) statusRoutes() []route {
	return []route{
		{"/v1/status/leader", get(s.statusLeader)},
		{"/v1/status/peers", get(s.statusPeers)},
	}
}
