package httpapi

import (
	"time"

	"muster/catalog"
	"muster/metrics"
)

// Series reads all of an agent's series at one moment.
type Series interface {
	Read() (metrics.Reading, error)
}

// AgentMetrics is the agent's series in the shape that readers of Consul's
// telemetry know. Everything counts from the start of the agent; there are no
// intervals, so rates and deviations, which need one, are 0.
type AgentMetrics struct {
	Timestamp string
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

// AgentSamples sums up what was counted or observed.
type AgentSamples struct {
	Name   string
	Count  uint64
	Rate   float64 // always 0
	Sum    float64
	Min    float64 // always 0
	Max    float64 // always 0
	Mean   float64
	Stddev float64 // always 0
	Labels map[string]string
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
	reading, err := s.deps.Series.Read()
	if err != nil {
		return answer{}, err
	}
	return reply(AgentMetrics{
		Timestamp: time.Now().UTC().Format("2006-01-02 15:04:05 -0700 MST"),
		Gauges: each(reading.Gauges, func(v metrics.Value) AgentGauge {
			return AgentGauge{Name: v.Name, Value: v.Value, Labels: nonNilMap(v.Labels)}
		}),
		Points: []struct{}{},
		Counters: each(reading.Counters, func(v metrics.Value) AgentSamples {
			return shapeSamples(metrics.Observations{Name: v.Name, Labels: v.Labels, Count: uint64(v.Value), Sum: v.Value})
		}),
		Samples: each(reading.Observations, shapeSamples),
	}), nil
}

func shapeSamples(o metrics.Observations) AgentSamples {
	out := AgentSamples{Name: o.Name, Count: o.Count, Sum: o.Sum, Labels: nonNilMap(o.Labels)}
	if o.Count > 0 {
		out.Mean = o.Sum / float64(o.Count)
	}
	return out
}
