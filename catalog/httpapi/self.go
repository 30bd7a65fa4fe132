package httpapi

import (
	"net/http"

	"muster/catalog"
)

// selfRoutes are muster's own paths, outside Consul's API.
func (s *Server) selfRoutes() []route {
	return []route{
		{template: "/", place: ofAgent, methods: get(s.root)},
		{template: "/metrics", place: ofAgent, methods: get(s.metrics)},
		{template: "/ui/{file}", place: ofAgent, methods: get(s.ui)},
		{template: "/v1/health/live", place: ofAgent, methods: get(s.live)},
		{template: "/v1/health/ready", place: ofAgent, methods: get(s.ready)},
		{template: "/v1/events/stream", place: ofAgent, methods: get(s.eventStream)},
		{template: "/v1/prometheus/sd", place: ofView, methods: get(s.prometheusSD)},
		{template: "/v1/internal/ui/nodes", place: ofView, methods: get(s.internalUINodes)},
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
