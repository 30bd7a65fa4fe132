package metrics

import (
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	r := New(Build{Version: "v"})
	read := func() Reading {
		t.Helper()
		got, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	r.DNS.Query(Hit, "A", "NOERROR", time.Millisecond)
	r.DNS.Query(Slow, "A", "NOERROR", time.Second)
	before := read()
	r.DNS.Query(Hit, "A", "NOERROR", time.Millisecond)
	r.DNS.Query(Slow, "A", "NOERROR", time.Millisecond)
	r.DNS.Query(Slow, "A", "NOERROR", time.Second)
	r.DNS.Query(Slow, "A", "NOERROR", 1000*time.Second) // beyond all buckets
	r.Catalog.Set(1, 2, 3, 4, 99)

	rose := func(i Interval) (hits, slow, index float64) {
		for _, c := range i.Counters {
			if c.Name == "muster_dns_queries_total" && c.Labels["type"] == "A" && c.Labels["rcode"] == "NOERROR" {
				switch c.Labels["path"] {
				case "hit":
					hits = c.Value
				case "slow":
					slow = c.Value
				}
			}
		}
		for _, g := range i.Gauges {
			if g.Name == "muster_catalog_index" {
				index = g.Value
			}
		}
		return hits, slow, index
	}
	spread := func(i Interval) Spread {
		for _, s := range i.Samples {
			if s.Name == "muster_dns_query_duration_seconds" && s.Count > 0 {
				return s
			}
		}
		return Spread{}
	}
	after := read()
	i := after.Since(before)
	if hits, slow, index := rose(i); hits != 1 || slow != 3 || index != 99 {
		t.Errorf("rose by %v and %v, index %v", hits, slow, index)
	}
	s := spread(i)
	if s.Count < 3 || s.Sum < 1001 || s.Min > 0.001 || s.Max < s.Sum/float64(s.Count) || s.Stddev <= 0 || s.Stddev > 1001 {
		t.Errorf("spread %+v", s)
	}
	if hits, slow, _ := rose(after.Since(Reading{})); hits != 2 || slow != 4 {
		t.Errorf("since the start %v and %v", hits, slow)
	}
	if s := spread(read().Since(after)); s.Count != 0 {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestSpreadOfOne(t *testing.T) {
	o := Observations{Count: 3, Sum: 7, buckets: []bucket{{1, 2}, {10, 3}}}
	if got := o.since(Observations{Count: 2, Sum: 2, buckets: []bucket{{1, 2}, {10, 2}}}); got.Count != 1 || got.Min != 5 || got.Max != 5 || got.Stddev != 0 {
		t.Errorf("%+v", got)
	}
	two := Observations{Count: 2, Sum: 6, buckets: []bucket{{1, 1}, {10, 2}}}
	if got := two.since(Observations{}); got.Min != 0 || got.Max != 10 || got.Stddev <= 0 {
		t.Errorf("%+v", got)
	}
}
