package httpapi

import (
	"testing"

	"muster/metrics"
)

// newWholeFixture is a fixture in which every route is served, with two instances of
// "web" registered and a query "q".
func newWholeFixture(t *testing.T) (*fixture, *fakeOperator) {
	o := &fakeOperator{fakeAgent: fakeAgent{changed: make(chan struct{}), lines: make(chan []byte, 1)}}
	f := newFixture(t, func(c *Config, d *Deps) {
		c.EnableDebug = true
		d.Registrations, d.Agent, d.Logs, d.Operator = &o.fakeAgent, &o.fakeAgent, &o.fakeAgent, o
		d.Series, d.DNS = metrics.New(metrics.Build{}), &fakeExplainer{}
		d.Snapshots = &fakeSnapshots{}
	})
	twoWebs(f)
	prepare(t, f, `{"Name": "q", "Service": {"Service": "web"}}`)
	return f, o
}
