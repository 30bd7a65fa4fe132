package metrics

import (
	"math"
	"slices"
)

// Interval is what happened between two readings.
type Interval struct {
	Gauges   []Value  // as they were at its end
	Counters []Value  // by how much each rose
	Samples  []Spread // what histograms and summaries saw
}

// Spread sums up observations. Least, most and deviation are as near as the buckets
// of the histogram tell; a summary has none, and its mean stands for them.
type Spread struct {
	Name                  string
	Labels                map[string]string // nil: none
	Count                 uint64
	Sum, Min, Max, Stddev float64
}

// Since compares a reading with an earlier one of the same registry; the zero Reading is its start.
func (r Reading) Since(before Reading) Interval {
	out := Interval{Gauges: r.Gauges, Counters: slices.Clone(r.Counters)}
	counted := make(map[string]float64, len(before.Counters))
	for _, c := range before.Counters {
		counted[c.key] = c.Value
	}
	for i := range out.Counters {
		c := &out.Counters[i]
		c.Value = max(c.Value-counted[c.key], 0)
	}
	observed := make(map[string]Observations, len(before.Observations))
	for _, o := range before.Observations {
		observed[o.key] = o
	}
	for _, o := range r.Observations {
		out.Samples = append(out.Samples, o.since(observed[o.key]))
	}
	return out
}

func (o Observations) since(before Observations) Spread {
	s := Spread{Name: o.Name, Labels: o.Labels}
	if o.Count <= before.Count {
		return s
	}
	s.Count, s.Sum = o.Count-before.Count, o.Sum-before.Sum
	mean := s.Sum / float64(s.Count)
	s.Min, s.Max = mean, mean
	var squares float64
	lower, below := math.Min(0, mean), uint64(0) // of the bucket in hand
	for i, b := range o.buckets {
		upTo := b.count
		if len(before.buckets) > i {
			upTo -= before.buckets[i].count
		}
		if n := upTo - below; n > 0 && s.Count > 1 {
			upper := b.upper
			if !finite(upper) {
				upper = math.Max(lower, mean)
			}
			if below == 0 {
				s.Min = math.Min(lower, mean)
			}
			s.Max = math.Max(upper, mean)
			off := (lower+upper)/2 - mean
			squares += float64(n) * off * off
		}
		lower, below = b.upper, upTo
	}
	if below < s.Count && s.Count > 1 && len(o.buckets) > 0 { // beyond the last bucket that has a bound
		s.Max = math.Max(lower, mean)
		squares += float64(s.Count-below) * (s.Max - mean) * (s.Max - mean)
	}
	if s.Count > 1 {
		s.Stddev = math.Sqrt(squares / float64(s.Count-1))
	}
	return s
}
