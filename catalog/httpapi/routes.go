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
		s.kvRoutes(),
		s.sessionRoutes(),
		s.txnRoutes(),
		s.eventRoutes(),
		s.preparedRoutes(),
		s.catalogRoutes(),
		s.healthRoutes(),
		s.meshRoutes(),
		s.coordinateRoutes(),
		s.agentRoutes(),
		s.operatorRoutes(),
		s.dnsRoutes(),
		s.snapshotRoutes(),
		s.aclRoutes(),
		s.debugRoutes(),
	)
}

// get is the methods of a route that is only read.
func get(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }

// put is the methods of a route that is only written.
func put(h handler) map[string]handler { return map[string]handler{http.MethodPut: h} }
