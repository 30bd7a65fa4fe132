package httpapi

import (
	"sync"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// Series reads all of an agent's series at one moment.
type Series interface {
	Read() (metrics.Reading, error)
}

// AgentMetrics is what an agent's series did in an interval, in the shape that readers
// of Consul's telemetry know.
type AgentMetrics struct {
	Timestamp string // when the interval began
	Gauges    []AgentGauge
	Points    []struct{} // always empty
	Counters  []AgentSamples
	Samples   []AgentSamples
}

// AgentGauge is a value that goes up and down.
type AgentGauge struct {
	Name   string
	Value  float64
	Labels map[string]string
}

// AgentSamples sums up what was counted or observed. Of a counter each step is an
// observation of 1; of a histogram Min, Max and Stddev are as near as its buckets tell.
type AgentSamples struct {
	Name   string
	Count  uint64
	Rate   float64 // Sum by second
	Sum    float64
	Min    float64
	Max    float64
	Mean   float64
	Stddev float64
	Labels map[string]string
}

// metricsInterval is how long an interval is at least, as Consul's is by default.
const metricsInterval = 10 * time.Second

// intervals makes intervals of the readings of series.
type intervals struct {
	series Series

	mu    sync.Mutex
	began time.Time // of the interval to come
	last  metrics.Reading
	shown *AgentMetrics // the last interval; nil: none yet
}

func newIntervals(series Series, now time.Time) *intervals {
	return &intervals{series: series, began: now}
}

// show returns the interval that ends now, or while that would be too short the last
// one. The first begins with the agent, so it may be short or long.
func (i *intervals) show(now time.Time) (*AgentMetrics, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.shown != nil && now.Sub(i.began) < metricsInterval {
		return i.shown, nil
	}
	return i.end(now)
}

// end ends the interval now. The caller holds mu, or is alone.
func (i *intervals) end(now time.Time) (*AgentMetrics, error) {
	reading, err := i.series.Read()
	if err != nil {
		return nil, err
	}
	i.shown = shapeInterval(reading.Since(i.last), i.began, now.Sub(i.began))
	i.began, i.last = now, reading
	return i.shown, nil
}

// agentMetrics serves the series as JSON, or as Prometheus' text with ?format=prometheus.
func (s *Server) agentMetrics(r *request) (answer, error) {
	switch format := r.query.Get("format"); format {
	case "prometheus":
		return answer{serve: s.deps.MetricsHandler}, nil
	case "", "json":
	default:
		return answer{}, catalog.Errorf(catalog.Invalid, "format: %.40q is neither prometheus nor json", format)
	}
	shown, err := s.intervals.show(time.Now())
	if err != nil {
		return answer{}, err
	}
	return reply(shown), nil
}

func shapeInterval(i metrics.Interval, began time.Time, took time.Duration) *AgentMetrics {
	seconds := max(took, time.Millisecond).Seconds()
	return &AgentMetrics{
		Timestamp: began.UTC().Round(time.Second).Format("2006-01-02 15:04:05 -0700 MST"),
		Gauges: each(i.Gauges, func(v metrics.Value) AgentGauge {
			return AgentGauge{Name: v.Name, Value: v.Value, Labels: nonNilMap(v.Labels)}
		}),
		Points: []struct{}{},
		Counters: each(i.Counters, func(v metrics.Value) AgentSamples {
			one := 1.0
			if v.Value == 0 {
				one = 0
			}
			return shapeSamples(metrics.Spread{Name: v.Name, Labels: v.Labels, Count: uint64(v.Value), Sum: v.Value, Min: one, Max: one}, seconds)
		}),
		Samples: each(i.Samples, func(v metrics.Spread) AgentSamples { return shapeSamples(v, seconds) }),
	}
}

func shapeSamples(v metrics.Spread, seconds float64) AgentSamples {
	out := AgentSamples{
		Name: v.Name, Count: v.Count, Rate: v.Sum / seconds, Sum: v.Sum,
		Min: v.Min, Max: v.Max, Stddev: v.Stddev, Labels: nonNilMap(v.Labels),
	}
	if v.Count > 0 {
		out.Mean = v.Sum / float64(v.Count)
	}
	return out
}
