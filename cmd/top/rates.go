package top

import (
	"math"
	"time"
)

// Rates are what happened between two samples.
type Rates struct {
	Took     time.Duration // from one to the other
	Queries  float64       // by second
	ByRcode  map[string]float64
	Cached   float64 // share of the answers that came from the cache; NaN: there were none
	P50, P99 float64 // seconds from question to answer; NaN: there were none
}

// between returns what happened from a to b; not ok when they cannot be compared, as after a restart.
func between(a, b *Sample) (Rates, bool) {
	took := b.At.Sub(a.At)
	if took <= 0 || len(a.Figures.Buckets) != len(b.Figures.Buckets) {
		return Rates{}, false
	}
	r := Rates{Took: took, ByRcode: map[string]float64{}}
	seconds, total := took.Seconds(), 0.0
	for rcode, n := range b.Figures.Queries {
		since := n - a.Figures.Queries[rcode]
		if since < 0 {
			return Rates{}, false
		}
		total += since
		r.ByRcode[rcode] = since / seconds
	}
	r.Queries = total / seconds
	r.Cached = (b.Figures.Cached - a.Figures.Cached) / total // NaN of none
	buckets := make([]Bucket, len(b.Figures.Buckets))
	for i, u := range b.Figures.Buckets {
		buckets[i] = Bucket{u.Seconds, u.Count - a.Figures.Buckets[i].Count}
	}
	r.P50, r.P99 = quantile(buckets, 0.5), quantile(buckets, 0.99)
	return r, true
}

// quantile estimates from a histogram, as if observations lay evenly within their bucket. Of the
// last one, which has no end, it is where that begins.
func quantile(buckets []Bucket, q float64) float64 {
	if len(buckets) == 0 || buckets[len(buckets)-1].Count <= 0 {
		return math.NaN()
	}
	rank := q * buckets[len(buckets)-1].Count
	var below Bucket
	for _, b := range buckets {
		if b.Count < rank {
			below = b
			continue
		}
		if math.IsInf(b.Seconds, 1) {
			return below.Seconds
		}
		return below.Seconds + (b.Seconds-below.Seconds)*(rank-below.Count)/(b.Count-below.Count)
	}
	return below.Seconds
}
