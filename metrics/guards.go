package metrics

import "github.com/prometheus/client_golang/prometheus"

// Guards tells what the guards of services do to this agent's DNS answers.
type Guards struct {
	brakes  map[string]prometheus.Gauge
	engaged prometheus.Counter
	turns   map[string]prometheus.Gauge
}

func newGuards(reg prometheus.Registerer) *Guards {
	brakes := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_guard_brakes",
		Help: "Services of which too many instances failed together: on, failing ones are kept in answers; lifted, they are not.",
	}, []string{"state"})
	engaged := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "muster_guard_brakes_total",
		Help: "Brakes that this agent saw come on.",
	})
	turns := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "muster_guard_instances",
		Help: "Instances that guards remember: fallen, critical since not long ago; starting, whose weight grows.",
	}, []string{"state"})
	reg.MustRegister(brakes, engaged, turns)
	g := &Guards{brakes: map[string]prometheus.Gauge{}, engaged: engaged, turns: map[string]prometheus.Gauge{}}
	for _, s := range []string{"on", "lifted"} {
		g.brakes[s] = brakes.WithLabelValues(s)
	}
	for _, s := range []string{"fallen", "starting"} {
		g.turns[s] = turns.WithLabelValues(s)
	}
	return g
}

// Set records how many brakes are on, and lifted, and how many instances are remembered.
func (g *Guards) Set(on, lifted, fallen, starting int) {
	g.brakes["on"].Set(float64(on))
	g.brakes["lifted"].Set(float64(lifted))
	g.turns["fallen"].Set(float64(fallen))
	g.turns["starting"].Set(float64(starting))
}

// Engaged records a brake that came on.
func (g *Guards) Engaged() { g.engaged.Inc() }
