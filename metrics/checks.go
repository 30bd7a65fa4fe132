package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Checks counts what this agent's probes do and how fast their verdicts arrive.
type Checks struct {
	states   map[string]prometheus.Gauge
	duration map[string]prometheus.Observer
	results  map[string]map[string]prometheus.Counter
	applied  prometheus.Observer
	answered prometheus.Observer
	woken    map[string]prometheus.Counter
	kinds    fixed
}

func newChecks(reg prometheus.Registerer) *Checks {
	kinds := newFixed("http", "tcp", "udp", "grpc", "dns", "icmp", "script", "os_service", "file", "ttl", "alias")
	states := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_checks",
		Help: "Checks registered with this agent, by status.",
	}, []string{"status"})
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "muster_probe_duration_seconds",
		Help:    "Time one probe took, by kind of check.",
		Buckets: latencyBuckets,
	}, []string{"kind"})
	results := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_probe_results_total",
		Help: "Probes run, by kind of check and the status they saw; none: the agent itself could not look.",
	}, []string{"kind", "status"})
	applied := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_failure_seen_to_applied_seconds",
		Help:    "Time from a verdict that turned critical to its commit in the catalog.",
		Buckets: latencyBuckets,
	})
	answered := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_failure_seen_to_answer_seconds",
		Help:    "Time from a verdict that turned critical to the moment this agent's DNS answers without the instance.",
		Buckets: latencyBuckets,
	})
	woken := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_probe_wakes_total",
		Help: "Probes asked for between intervals, by what ended: a connection that was held, or a process.",
	}, []string{"by"})
	reg.MustRegister(states, duration, results, applied, answered, woken)
	c := &Checks{
		states: map[string]prometheus.Gauge{}, duration: map[string]prometheus.Observer{},
		results: map[string]map[string]prometheus.Counter{}, applied: applied, answered: answered, kinds: kinds,
		woken: map[string]prometheus.Counter{},
	}
	for _, by := range []string{"connection", "process"} {
		c.woken[by] = woken.WithLabelValues(by)
	}
	for _, s := range []string{"passing", "warning", "critical"} {
		c.states[s] = states.WithLabelValues(s)
	}
	for k := range kinds {
		c.duration[k] = duration.WithLabelValues(k)
		c.results[k] = map[string]prometheus.Counter{}
		for _, s := range []string{"passing", "warning", "critical", "none"} {
			c.results[k][s] = results.WithLabelValues(k, s)
		}
	}
	return c
}

// Set records how many checks of this agent have each status.
func (c *Checks) Set(passing, warning, critical int) {
	c.states["passing"].Set(float64(passing))
	c.states["warning"].Set(float64(warning))
	c.states["critical"].Set(float64(critical))
}

// Probed records one probe: its kind, the status it saw ("none" if the agent
// could not look) and how long it took.
func (c *Checks) Probed(kind, status string, took time.Duration) {
	kind = c.kinds.of(kind)
	c.duration[kind].Observe(took.Seconds())
	if n, ok := c.results[kind][status]; ok {
		n.Inc()
	}
}

// Woken records a probe that was asked for between intervals: by "connection" or "process".
func (c *Checks) Woken(by string) { c.woken[by].Inc() }

// Applied records how long a verdict that turned critical took to be committed.
func (c *Checks) Applied(took time.Duration) { c.applied.Observe(took.Seconds()) }

// Answered records how long it took until this agent's answers left the instance out.
func (c *Checks) Answered(took time.Duration) { c.answered.Observe(took.Seconds()) }
