package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Path is how a question came by its answer.
type Path string

// The paths.
const (
	Hit      Path = "hit"      // from the answer cache
	Negative Path = "negative" // NXDOMAIN: the catalog had no such name, and the rest of the reply was at hand; nothing is kept
	Miss     Path = "miss"     // one that the cache could have held: decided, and kept there if it may be
	Slow     Path = "slow"     // one that the cache is not asked for: with options of EDNS, say, or to be forwarded
)

// DNS counts questions and what became of them.
type DNS struct {
	queries  map[Path]map[string]map[string]prometheus.Counter // path, type, rcode
	types    fixed
	rcodes   fixed
	duration prometheus.Observer
	dropped  prometheus.Counter
	abuse    dnsAbuse
}

func newDNS(reg prometheus.Registerer) *DNS {
	types := newFixed("A", "AAAA", "ANY", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT")
	rcodes := newFixed("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "BADVERS")
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_dns_queries_total",
		Help: "DNS questions answered, by question type, response code and path: hit, negative, miss or slow, by what the answer cache had to say.",
	}, []string{"type", "rcode", "path"})
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
	d := &DNS{queries: map[Path]map[string]map[string]prometheus.Counter{}, types: types, rcodes: rcodes, duration: duration, dropped: dropped, abuse: newDNSAbuse(reg)}
	for _, p := range []Path{Hit, Negative, Miss, Slow} {
		d.queries[p] = map[string]map[string]prometheus.Counter{}
		for t := range types {
			d.queries[p][t] = map[string]prometheus.Counter{}
			for r := range rcodes {
				if p == Negative && r != "NXDOMAIN" {
					continue // has no other
				}
				d.queries[p][t][r] = vec.WithLabelValues(t, r, string(p))
			}
		}
	}
	return d
}

// Query counts one answered question. Unknown types and codes count as "other".
func (d *DNS) Query(path Path, qtype, rcode string, took time.Duration) {
	d.counter(path, qtype, rcode).Inc()
	d.duration.Observe(took.Seconds())
}

func (d *DNS) counter(path Path, qtype, rcode string) prometheus.Counter {
	return d.queries[path][d.types.of(qtype)][d.rcodes.of(rcode)]
}

// Dropped counts one packet that must not be answered.
func (d *DNS) Dropped() { d.dropped.Inc() }
