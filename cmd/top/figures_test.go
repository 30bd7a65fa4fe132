package top

import (
	"math"
	"testing"
	"time"
)

// TestFiguresOfAnAgent reads what an agent really writes.
func TestFiguresOfAnAgent(t *testing.T) {
	text := `# HELP muster_raft_term Current raft term.
# TYPE muster_raft_term gauge
muster_raft_term 3
muster_raft_last_index 1.234e+06
muster_catalog_index 1234
muster_catalog_behind_entries 2
muster_catalog_behind_seconds 0.25
muster_catalog_rows{table="nodes"} 7
muster_gossip_members{pool="lan",status="alive"} 5
muster_gossip_members{pool="lan",status="failed"} 1
muster_gossip_members{pool="wan",status="alive"} 9
muster_dns_queries_total{path="hit",rcode="NOERROR",type="A"} 80
muster_dns_queries_total{path="negative",rcode="NXDOMAIN",type="A"} 10
muster_dns_queries_total{path="slow",rcode="NOERROR",type="SRV"} 10
muster_dns_query_duration_seconds_bucket{le="1e-05"} 50
muster_dns_query_duration_seconds_bucket{le="+Inf"} 100
muster_dns_query_duration_seconds_sum 1
muster_certificate_expiry_timestamp_seconds{door="https"} NaN
go_goroutines 5
muster_raft_term{
muster_broken
muster_raft_term x
`
	f := ReadFigures([]byte(text))
	if f.Term != 3 || f.Last != 1234000 || f.Index != 1234 || f.Entries != 2 || f.Seconds != 0.25 || f.Alive != 5 || f.Failed != 1 || f.Cached != 90 {
		t.Errorf("%+v", f)
	}
	if len(f.Queries) != 2 || f.Queries["NOERROR"] != 90 || f.Queries["NXDOMAIN"] != 10 {
		t.Errorf("queries %v", f.Queries)
	}
	if len(f.Buckets) != 2 || f.Buckets[0] != (Bucket{1e-5, 50}) || f.Buckets[1] != (Bucket{math.Inf(1), 100}) {
		t.Errorf("buckets %v", f.Buckets)
	}
}

func TestRates(t *testing.T) {
	at := time.Unix(1000, 0)
	sample := func(after time.Duration, noerror, servfail, cached float64, counts ...float64) *Sample {
		s := &Sample{At: at.Add(after), Figures: Figures{Queries: map[string]float64{"NOERROR": noerror, "SERVFAIL": servfail}, Cached: cached}}
		for i, n := range counts {
			s.Figures.Buckets = append(s.Figures.Buckets, Bucket{[]float64{0.001, 0.01, math.Inf(1)}[i], n})
		}
		return s
	}
	from := sample(0, 100, 10, 50, 100, 110, 110)
	for name, tt := range map[string]struct {
		to                        *Sample
		ok                        bool
		queries, cached, p50, p99 float64
	}{
		"twice the time":        {sample(2*time.Second, 290, 20, 200, 200, 310, 310), true, 100, 0.75, 0.001, 0.00982},
		"a fraction of one":     {sample(500*time.Millisecond, 150, 10, 50, 100, 110, 160), true, 100, 0, 0.01, 0.01},
		"nothing":               {sample(time.Second, 100, 10, 50, 100, 110, 110), true, 0, math.NaN(), math.NaN(), math.NaN()},
		"a restart":             {sample(time.Second, 5, 0, 5, 5, 5, 5), false, 0, 0, 0, 0},
		"no time":               {sample(0, 200, 10, 50, 100, 110, 110), false, 0, 0, 0, 0},
		"another kind of agent": {sample(time.Second, 200, 10, 50, 100), false, 0, 0, 0, 0},
	} {
		r, ok := between(from, tt.to)
		if ok != tt.ok || ok && (!near(r.Queries, tt.queries) || !near(r.Cached, tt.cached) || !near(r.P50, tt.p50) || !near(r.P99, tt.p99)) {
			t.Errorf("%s: %+v, %t", name, r, ok)
		}
	}
	if r, _ := between(from, sample(2*time.Second, 290, 20, 200, 200, 310, 310)); r.ByRcode["NOERROR"] != 95 || r.ByRcode["SERVFAIL"] != 5 {
		t.Errorf("by rcode %v", r.ByRcode)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 || math.IsNaN(a) && math.IsNaN(b) }
