package metrics

import "math"

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
}

// Observations is what a histogram or summary saw since the start.
type Observations struct {
	Name   string
	Labels map[string]string // nil: none
	Count  uint64
	Sum    float64 // a finite number
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
			var labels map[string]string
			for _, l := range m.GetLabel() {
				if labels == nil {
					labels = map[string]string{}
				}
				labels[l.GetName()] = l.GetValue()
			}
			switch name := f.GetName(); {
			case m.GetGauge() != nil:
				out.Gauges = appendFinite(out.Gauges, name, labels, m.GetGauge().GetValue())
			case m.GetCounter() != nil:
				out.Counters = appendFinite(out.Counters, name, labels, m.GetCounter().GetValue())
			case m.GetHistogram() != nil:
				h := m.GetHistogram()
				out.observed(name, labels, h.GetSampleCount(), h.GetSampleSum())
			case m.GetSummary() != nil:
				s := m.GetSummary()
				out.observed(name, labels, s.GetSampleCount(), s.GetSampleSum())
			}
		}
	}
	return out, nil
}

func (r *Reading) observed(name string, labels map[string]string, count uint64, sum float64) {
	if finite(sum) {
		r.Observations = append(r.Observations, Observations{Name: name, Labels: labels, Count: count, Sum: sum})
	}
}

func appendFinite(to []Value, name string, labels map[string]string, value float64) []Value {
	if !finite(value) {
		return to
	}
	return append(to, Value{Name: name, Labels: labels, Value: value})
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
