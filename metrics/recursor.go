package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Recursor counts what becomes of questions that are put to upstream resolvers.
// A nil Recursor counts nothing.
type Recursor struct {
	tries    map[string]prometheus.Counter
	lookups  map[string]prometheus.Counter
	kinds    fixed
	hedges   prometheus.Counter
	duration prometheus.Observer
	bytes    prometheus.Gauge
}

func newRecursor(reg prometheus.Registerer) *Recursor {
	kinds := newFixed("ok", "timeout", "refused", "mismatch", "lost")
	tries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_recursor_tries_total",
		Help: "Tries of upstream resolvers by what came of them: ok, timeout, refused (SERVFAIL too), lost (another was faster), other; mismatch counts replies that belong to no question.",
	}, []string{"result"})
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_recursor_cache_total",
		Help: "Questions outside the zones, by where the answer came from: hit (cache), shared (an equal question under way), miss (upstream).",
	}, []string{"result"})
	r := &Recursor{
		tries: map[string]prometheus.Counter{}, lookups: map[string]prometheus.Counter{}, kinds: kinds,
		hedges: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_recursor_hedges_total",
			Help: "Second tries made because the first reply was late.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_recursor_cache_bytes",
			Help: "Memory taken by answers of upstream resolvers.",
		}),
	}
	duration := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_recursor_reply_seconds",
		Help:    "Time from a question sent to an upstream resolver to its good reply.",
		Buckets: latencyBuckets,
	})
	r.duration = duration
	reg.MustRegister(tries, lookups, r.hedges, duration, r.bytes)
	for k := range kinds {
		r.tries[k] = tries.WithLabelValues(k)
	}
	for _, k := range []string{"hit", "shared", "miss"} {
		r.lookups[k] = lookups.WithLabelValues(k)
	}
	return r
}

// Tried counts one try of an upstream: "ok", "timeout", "refused", "lost", or, as "other", an
// error of the network; and, as "mismatch", each reply that was ignored.
func (r *Recursor) Tried(result string) {
	if r != nil {
		r.tries[r.kinds.of(result)].Inc()
	}
}

// Replied records how long a good reply took.
func (r *Recursor) Replied(took time.Duration) {
	if r != nil {
		r.duration.Observe(took.Seconds())
	}
}

// Hedged counts a second try made because the first reply was late.
func (r *Recursor) Hedged() {
	if r != nil {
		r.hedges.Inc()
	}
}

// Looked counts one question by where its answer came from: "hit", "shared" or "miss".
func (r *Recursor) Looked(result string) {
	if r == nil {
		return
	}
	if n, ok := r.lookups[result]; ok {
		n.Inc()
	}
}

// Cached records how many bytes the cache takes.
func (r *Recursor) Cached(bytes int) {
	if r != nil {
		r.bytes.Set(float64(bytes))
	}
}
