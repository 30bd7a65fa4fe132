package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// HTTP counts requests by route template, never by path.
type HTTP struct {
	requests *prometheus.CounterVec
	duration prometheus.Observer
	inFlight prometheus.Gauge
}

// httpCodes are the status codes muster sends; each route has a series for all from the start.
var httpCodes = newFixed("200", "204", "304", "307", "400", "403", "404", "405", "409", "413", "421", "429", "500", "503")

func newHTTP(reg prometheus.Registerer) *HTTP {
	h := &HTTP{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_http_requests_total",
			Help: "HTTP requests served, by route template and status code.",
		}, []string{"route", "code"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_http_requests_in_flight",
			Help: "HTTP requests being served, blocking queries included.",
		}),
	}
	duration := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_http_request_duration_seconds",
		Help:    "Time taken to serve requests that do not block or stream.",
		Buckets: latencyBuckets,
	})
	h.duration = duration
	reg.MustRegister(h.requests, h.inFlight, duration)
	return h
}

// Route makes the series of a route template.
func (h *HTTP) Route(template string) {
	for code := range httpCodes {
		h.requests.WithLabelValues(template, code)
	}
}

// Started counts a request in; Served counts it out.
func (h *HTTP) Started() { h.inFlight.Inc() }

// Served records a request to a route that Route made. waits tells that it
// blocked or streamed, so that its duration says nothing about the server.
func (h *HTTP) Served(template string, code int, took time.Duration, waits bool) {
	h.inFlight.Dec()
	h.requests.WithLabelValues(template, httpCodes.of(strconv.Itoa(code))).Inc()
	if !waits {
		h.duration.Observe(took.Seconds())
	}
}
