package metrics

import "github.com/prometheus/client_golang/prometheus"

// Observers counts what this agent looks at on behalf of others.
type Observers struct {
	targets, short, dissent prometheus.Gauge
	recorded                prometheus.Counter
}

func newObservers(reg prometheus.Registerer) *Observers {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	o := &Observers{
		targets: gauge("muster_observer_targets", "Checks of other nodes that this agent observes."),
		short:   gauge("muster_observer_short", "Observers that checks of the cluster lack, because no agent is willing or none has room."),
		dissent: gauge("muster_observer_dissent", "Checks that this agent sees in another state than most of their observers."),
		recorded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_observer_commands_total", Help: "Commands by which this agent recorded what it observes.",
		}),
	}
	reg.MustRegister(o.recorded)
	return o
}

// SetTargets records how many checks this agent observes, and how many observers are lacking in the cluster.
func (o *Observers) SetTargets(targets, short int) {
	o.targets.Set(float64(targets))
	o.short.Set(float64(short))
}

// SetDissent records for how many of them it does not see what most do.
func (o *Observers) SetDissent(n int) { o.dissent.Set(float64(n)) }

// Recorded records commands that were applied.
func (o *Observers) Recorded(n int) { o.recorded.Add(float64(n)) }
