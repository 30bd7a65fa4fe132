package httpapi

import (
	"net/http"

	"muster/catalog"
)

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

const plainText = "text/plain; charset=utf-8"

// root sends people who open the address in a browser to the UI.
func (s *Server) root(*request) (answer, error) {
	if s.deps.UI == nil {
		return answer{}, failf(http.StatusNotFound, "the UI is off; the API is under /v1/")
	}
	return answer{status: http.StatusTemporaryRedirect, header: http.Header{"Location": {"/ui/"}}}, nil
}

func (s *Server) ui(*request) (answer, error) {
	if s.deps.UI == nil {
		return answer{}, failf(http.StatusNotFound, "the UI is off; start the agent with -ui")
	}
	return answer{serve: s.deps.UI}, nil
}

func (s *Server) metrics(*request) (answer, error) {
	return answer{serve: s.deps.MetricsHandler}, nil
}

// live answers as long as the process can answer at all.
func (s *Server) live(*request) (answer, error) {
	return answer{raw: []byte("alive"), kind: plainText}, nil
}

// ready answers 200 once this agent has a state to answer from.
func (s *Server) ready(*request) (answer, error) {
	if !s.deps.Ready() {
		return answer{}, catalog.Errorf(catalog.Unavailable, "not ready: the catalog is still being loaded")
	}
	return answer{raw: []byte("ready"), kind: plainText}, nil
}
