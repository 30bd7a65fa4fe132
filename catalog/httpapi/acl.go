package httpapi

import "net/http"

// errNoACL is what a Consul without ACLs says wherever they are asked for. Clients
// look for the words, and go on without a token.
var errNoACL = failf(http.StatusUnauthorized, "ACL support disabled")

// aclRoutes are the paths of tokens, policies and roles, of which there are none.
func (s *Server) aclRoutes() []route {
	none := func(*request) (answer, error) { return answer{}, errNoACL }
	all := map[string]handler{http.MethodGet: none, http.MethodPut: none, http.MethodPost: none, http.MethodDelete: none}
	return []route{
		{template: "/v1/acl/{path}", place: ofAgent, methods: all},
		{template: "/v1/agent/token/{kind}", place: ofAgent, methods: put(none)},
	}
}
