package metrics

import (
	"math"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// Reading is every series of a registry at one moment, for formats other than Prometheus' own.
type Reading struct {
	Gauges       []Value
	Counters     []Value
	Observations []Observations // histograms and summaries
}

// Value is one gauge or counter.
type Value struct {
	Name   string
	Labels map[string]string // nil: none
	Value  float64           // a finite number
	key    string            // name and labels
}

// Observations is what a histogram or summary saw since the start.
type Observations struct {
	Name   string
	Labels map[string]string // nil: none
	Count  uint64
	Sum    float64 // a finite number

	key     string // name and labels
	buckets []bucket
}

// bucket is how many observations were at most upper, those of all buckets before it included.
type bucket struct {
	upper float64
	count uint64
}

// Read collects all series in the order of their names. Those that are not a
// number at the moment are left out, since few formats can carry that.
func (r *Registry) Read() (Reading, error) {
	families, err := r.gatherer().Gather()
	if err != nil {
		return Reading{}, err
	}
	var out Reading
	for _, f := range families {
		for _, m := range f.GetMetric() {
			v := named(f.GetName(), m)
			switch {
			case m.GetGauge() != nil:
				out.Gauges = appendFinite(out.Gauges, v, m.GetGauge().GetValue())
			case m.GetCounter() != nil:
				out.Counters = appendFinite(out.Counters, v, m.GetCounter().GetValue())
			case m.GetHistogram() != nil:
				h := m.GetHistogram()
				out.observed(v, h.GetSampleCount(), h.GetSampleSum(), h.GetBucket())
			case m.GetSummary() != nil:
				s := m.GetSummary()
				out.observed(v, s.GetSampleCount(), s.GetSampleSum(), nil)
			}
		}
	}
	return out, nil
}

// named is a value without its value. The labels of a metric come in the order of their names.
func named(name string, m *dto.Metric) Value {
	v := Value{Name: name}
	key := strings.Builder{}
	key.WriteString(name)
	for _, l := range m.GetLabel() {
		if v.Labels == nil {
			v.Labels = map[string]string{}
		}
		v.Labels[l.GetName()] = l.GetValue()
		key.WriteString("\x00" + l.GetName() + "\x00" + l.GetValue())
	}
	v.key = key.String()
	return v
}

func (r *Reading) observed(v Value, count uint64, sum float64, buckets []*dto.Bucket) {
	if !finite(sum) {
		return
	}
	o := Observations{Name: v.Name, Labels: v.Labels, Count: count, Sum: sum, key: v.key}
	for _, b := range buckets {
		o.buckets = append(o.buckets, bucket{b.GetUpperBound(), b.GetCumulativeCount()})
	}
	r.Observations = append(r.Observations, o)
}

func appendFinite(to []Value, v Value, value float64) []Value {
	if !finite(value) {
		return to
	}
	v.Value = value
	return append(to, v)
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
