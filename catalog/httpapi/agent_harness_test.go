package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// fakeAgent is an agent with rows that tests set and a record of what it was told.
type fakeAgent struct {
	mu        sync.Mutex
	instances []*catalog.Instance
	checks    []*catalog.Check
	standings map[string]catalog.Standing
	next      map[string]time.Time
	changed   chan struct{}
	told      string // the last call that changes something
	failure   error  // of every such call
	lines     chan []byte
	level     string // asked of Subscribe
}

func (a *fakeAgent) tell(format string, args ...any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = fmt.Sprintf(format, args...)
	return a.failure
}

// set replaces the rows and wakes who waits.
func (a *fakeAgent) set(instances []*catalog.Instance, checks []*catalog.Check) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.instances, a.checks = instances, checks
	close(a.changed)
	a.changed = make(chan struct{})
}

func (a *fakeAgent) Instances() []*catalog.Instance {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.instances
}

func (a *fakeAgent) Checks() []*catalog.Check {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.checks
}

func (a *fakeAgent) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

func (a *fakeAgent) Standing(id string) (catalog.Standing, bool) {
	s, ok := a.standings[id]
	return s, ok
}

func (a *fakeAgent) Observed(node, id string) (catalog.Standing, bool) {
	s, ok := a.standings[node+"/"+id]
	return s, ok
}

func (a *fakeAgent) Next(id string) time.Time { return a.next[id] }

func (a *fakeAgent) Register(def catalog.ServiceDefinition, replace bool) error {
	return a.tell("service %+v %t", def.Normalize(), replace)
}
func (a *fakeAgent) RegisterCheck(def catalog.CheckDefinition) error { return a.tell("check %+v", def) }
func (a *fakeAgent) Deregister(id string) error                      { return a.tell("deregister %s", id) }
func (a *fakeAgent) DeregisterCheck(id string) error                 { return a.tell("deregister check %s", id) }
func (a *fakeAgent) SetMaintenance(id string, on bool, reason string, lasts time.Duration) error {
	if lasts > 0 {
		return a.tell("maintenance %q %t %q for %v", id, on, reason, lasts)
	}
	return a.tell("maintenance %q %t %q", id, on, reason)
}
func (a *fakeAgent) Drain(id, reason string) (time.Duration, error) {
	return 31 * time.Second, a.tell("drain %q %q", id, reason)
}
func (a *fakeAgent) UpdateTTL(id string, s catalog.Status, output string) error {
	return a.tell("ttl %s %s %q", id, s, output)
}

func (a *fakeAgent) Reload(context.Context) (string, error) {
	return "+2 services,\n~1 check", a.tell("reload")
}
func (a *fakeAgent) Leave(context.Context) error { return a.tell("leave") }

func (a *fakeAgent) Self() Self {
	return Self{
		Node: catalog.Node{Name: "n1", ID: "6a5b7c1e-0000-4000-8000-000000000001", Meta: map[string]string{"rack": "r1"}}, Server: true,
		Version: "v1.2.3", Revision: "abc", Settings: map[string]any{"EnableDebug": false, "DNSDomain": "consul."}, BuildDate: "2026-11-01T00:00:00Z", Stats: map[string]map[string]string{"raft": {"term": "2"}},
	}
}

func (a *fakeAgent) Members(wan bool) ([]Member, error) {
	if wan {
		return []Member{{Name: "n1.dc1", Address: "127.0.0.1", Port: 8302, Status: MemberAlive, Tags: map[string]string{"role": "consul", "dc": "dc1"}}}, nil
	}
	return []Member{
		{Name: "n1", Address: "127.0.0.1", Port: 8301, Status: MemberAlive, Tags: map[string]string{"role": "consul", "dc": "dc1"}},
		{Name: "c1", Address: "127.0.0.2", Port: 8301, Status: MemberFailed, Tags: map[string]string{"role": "node", "dc": "dc1"}},
	}, nil
}

func (a *fakeAgent) Join(_ context.Context, address string, wan bool) error {
	return a.tell("join %s %t", address, wan)
}

func (a *fakeAgent) ForceLeave(_ context.Context, name string, prune, wan bool) error {
	return a.tell("force-leave %s %t %t", name, prune, wan)
}

func (a *fakeAgent) Subscribe(_ context.Context, level slog.Level, json bool) <-chan []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.level = fmt.Sprintf("%v %t", level, json)
	return a.lines
}

// asked returns what the last subscriber asked for, lastTold what the agent was last told.
func (a *fakeAgent) asked() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.level
}

func (a *fakeAgent) lastTold() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer func() { a.told = "" }()
	return a.told
}

// newAgentFixture is a fixture with an agent round it.
func newAgentFixture(t *testing.T) (*fixture, *fakeAgent) {
	a := &fakeAgent{changed: make(chan struct{}), lines: make(chan []byte, 16)}
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Registrations, d.Agent, d.Logs, d.Series = a, a, a, metrics.New(metrics.Build{Version: "1"})
	})
	return f, a
}

// twoInstances are web-1 (passing, with a warning check of the node) and web-2 (critical).
func twoInstances() ([]*catalog.Instance, []*catalog.Check) {
	return []*catalog.Instance{
			{Node: "n1", ID: "web-1", Name: "web", Port: 80, Tags: []string{"a"}, Weights: catalog.DefaultWeights},
			{Node: "n1", ID: "web-2", Name: "web", Port: 81, Weights: catalog.DefaultWeights},
		}, []*catalog.Check{
			{Node: "n1", ID: "c1", Name: "C1", Status: catalog.Passing, ServiceID: "web-1", ServiceName: "web"},
			{Node: "n1", ID: "c2", Name: "C2", Status: catalog.Critical, ServiceID: "web-2", ServiceName: "web"},
			{Node: "n1", ID: "disk", Name: "Disk", Status: catalog.Warning},
		}
}
