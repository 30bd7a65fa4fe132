package agent

import (
	"context"
	"time"

	"muster/catalog"
)

// registrar is the store with probes that follow it at once: a check that
// was just registered can be reported on as soon as the call returns.
type registrar struct {
	store
	agent *Agent
}

// store is what registrar hands on unchanged.
type store interface {
	Instances() []*catalog.Instance
	Checks() []*catalog.Check
	Changed() <-chan struct{}
	Standing(checkID string) (catalog.Standing, bool)
	SetMaintenance(serviceID string, on bool, reason string, lasts time.Duration) error
}

// Register implements httpapi.Registrations.
func (r registrar) Register(def catalog.ServiceDefinition, replaceChecks bool) error {
	defer r.agent.watchProbes()
	return r.agent.store.Register(def, replaceChecks)
}

// RegisterCheck implements httpapi.Registrations.
func (r registrar) RegisterCheck(def catalog.CheckDefinition) error {
	defer r.agent.watchProbes()
	return r.agent.store.RegisterCheck(def)
}

// Deregister implements httpapi.Registrations.
func (r registrar) Deregister(serviceID string) error {
	defer r.agent.watchProbes()
	return r.agent.store.Deregister(serviceID)
}

// DeregisterCheck implements httpapi.Registrations.
func (r registrar) DeregisterCheck(checkID string) error {
	defer r.agent.watchProbes()
	return r.agent.store.DeregisterCheck(checkID)
}

// UpdateTTL implements httpapi.Registrations.
func (r registrar) UpdateTTL(checkID string, status catalog.Status, output string) error {
	return r.agent.runner.Update(checkID, status, output)
}

// Drain implements httpapi.Registrations.
func (r registrar) Drain(serviceID, reason string) (time.Duration, error) {
	if _, err := r.agent.store.Drain(serviceID, reason); err != nil {
		return 0, err
	}
	return r.agent.drainTime(serviceID), nil
}

// Observed implements httpapi.Registrations.
func (r registrar) Observed(node, checkID string) (catalog.Standing, bool) {
	c := r.agent.state.Snapshot().Check(node, checkID)
	if c == nil {
		return catalog.Standing{}, false
	}
	return r.agent.observer.Standing(c)
}

// Next implements httpapi.Registrations.
func (r registrar) Next(checkID string) time.Time { return r.agent.runner.Next(checkID) }

// watchProbes has the runner watch what the store defines now.
func (a *Agent) watchProbes() {
	a.watching.Lock()
	defer a.watching.Unlock()
	defs := a.store.Definitions()
	last := make(map[string]catalog.Status, len(defs))
	for _, c := range a.store.Checks() {
		last[c.ID] = c.Status
	}
	a.runner.Reconcile(defs, last)
}

// followEvery is the least time between two looks of followStore: the store also
// changes with every probe that has something new to say.
const followEvery = 100 * time.Millisecond

// followStore keeps the runner in line with changes that no call of this file made, such as reaping.
func (a *Agent) followStore(ctx context.Context) {
	for {
		changed := a.store.Changed()
		a.watchProbes()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(followEvery):
		}
	}
}

// report takes a probe's verdict to the store.
func (a *Agent) report(checkID string, status catalog.Status, output string, seen time.Time) error {
	a.witness.saw(checkID, status, seen)
	if a.config().DiscardCheckOutput {
		output = ""
	}
	return a.store.Report(checkID, status, output, seen)
}
