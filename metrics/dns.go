package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DNS counts questions and what became of them.
type DNS struct {
	queries  map[string]map[string]prometheus.Counter // type, rcode
	types    fixed
	rcodes   fixed
	duration prometheus.Observer
	dropped  prometheus.Counter
}

func newDNS(reg prometheus.Registerer) *DNS {
	types := newFixed("A", "AAAA", "ANY", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT")
	rcodes := newFixed("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "BADVERS")
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_dns_queries_total",
		Help: "DNS questions answered, by question type and response code.",
	}, []string{"type", "rcode"})
	duration := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_dns_query_duration_seconds",
		Help:    "Time from a question read to its answer handed to the kernel.",
		Buckets: latencyBuckets,
	})
	dropped := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "muster_dns_dropped_total",
		Help: "Packets that got no answer: responses (QR=1) and those too short for a header.",
	})
	reg.MustRegister(vec, duration, dropped)
	d := &DNS{queries: map[string]map[string]prometheus.Counter{}, types: types, rcodes: rcodes, duration: duration, dropped: dropped}
	for t := range types {
		d.queries[t] = map[string]prometheus.Counter{}
		for r := range rcodes {
			d.queries[t][r] = vec.WithLabelValues(t, r)
		}
	}
	return d
}

// Query counts one answered question. Unknown types and codes count as "other".
func (d *DNS) Query(qtype, rcode string, took time.Duration) {
	d.queries[d.types.of(qtype)][d.rcodes.of(rcode)].Inc()
	d.duration.Observe(took.Seconds())
}

// Dropped counts one packet that must not be answered.
func (d *DNS) Dropped() { d.dropped.Inc() }
