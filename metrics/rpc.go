package metrics

import "github.com/prometheus/client_golang/prometheus"

// RPC counts what agents ask of servers and what this server serves to them. A nil RPC counts nothing.
type RPC struct {
	forwards map[string]prometheus.Counter
	results  fixed
	proxied  map[string]prometheus.Counter
	classes  fixed
	retries  map[string]prometheus.Counter
	indexes  prometheus.Counter
	shared   prometheus.Counter
	relays   prometheus.Counter
	feeds    prometheus.Gauge
	served   prometheus.Counter
}

func newRPC(reg prometheus.Registerer) *RPC {
	vec := func(name, help, label string, values fixed) map[string]prometheus.Counter {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		reg.MustRegister(v)
		made := map[string]prometheus.Counter{}
		for value := range values {
			made[value] = v.WithLabelValues(value)
		}
		return made
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	r := &RPC{
		results: newFixed("ok", "refused", "unavailable", "unknown"),
		classes: newFixed("2xx", "3xx", "4xx", "5xx", "unserved", "gone"),
		indexes: counter("muster_rpc_index_requests_total", "Requests to the leader for the index that a read must reach."),
		shared:  counter("muster_rpc_index_shared_total", "Reads that were served by another read's request for the index."),
		relays:  counter("muster_rpc_relays_total", "Writes and reads of agents that do not reach the leader, passed on to it by this server."),
		served:  counter("muster_rpc_feeds_served_total", "Change feeds served that have ended."),
		feeds: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_rpc_feeds",
			Help: "Change feeds being served.",
		}),
	}
	reg.MustRegister(r.feeds)
	r.forwards = vec("muster_rpc_forwards_total",
		"Writes passed on to a leader elsewhere by what came of them: ok, refused (the command's own error), unavailable (nothing was written), unknown (it may have been), other.",
		"result", r.results)
	r.proxied = vec("muster_rpc_proxied_total",
		"HTTP requests passed on to servers by class of status code: also unserved (no server answered), gone (the client went away), other.",
		"class", r.classes)
	r.retries = vec("muster_rpc_retries_total",
		"Attempts after the first: of a write, a read's index, an HTTP request, a feed, other.",
		"of", newFixed("write", "index", "http", "feed"))
	return r
}

// Forwarded counts a write that was passed on: "ok", "refused", "unavailable" or "unknown".
func (r *RPC) Forwarded(result string) {
	if r != nil {
		r.forwards[r.results.of(result)].Inc()
	}
}

// Retried counts an attempt after the first, of a "write", an "index", an "http" request or a "feed".
func (r *RPC) Retried(of string) {
	if r == nil {
		return
	}
	if n, ok := r.retries[of]; ok {
		n.Inc()
		return
	}
	r.retries["other"].Inc()
}

// Indexed counts a request for the leader's index.
func (r *RPC) Indexed() {
	if r != nil {
		r.indexes.Inc()
	}
}

// Shared counts reads that another read's request serves.
func (r *RPC) Shared(reads int) {
	if r != nil {
		r.shared.Add(float64(reads))
	}
}

// Relayed counts a question that this server asks the leader for another agent.
func (r *RPC) Relayed() {
	if r != nil {
		r.relays.Inc()
	}
}

// Proxied counts an HTTP request that was passed on by the class of its answer:
// "2xx" to "5xx", "unserved" or "gone".
func (r *RPC) Proxied(class string) {
	if r != nil {
		r.proxied[r.classes.of(class)].Inc()
	}
}

// FeedBegan counts a change feed in; FeedEnded counts it out.
func (r *RPC) FeedBegan() {
	if r != nil {
		r.feeds.Inc()
	}
}

// FeedEnded counts a change feed out.
func (r *RPC) FeedEnded() {
	if r != nil {
		r.feeds.Dec()
		r.served.Inc()
	}
}
