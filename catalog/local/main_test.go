package local

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"muster/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var self = catalog.Node{ID: "6a5b7c1e-0000-4000-8000-000000000001", Name: "n1", Address: "10.0.0.1", Datacenter: "dc1"}

// open returns a store; dir "" keeps nothing.
func open(t *testing.T, dir string, tune ...func(*Config)) *Store {
	t.Helper()
	cfg := Config{Node: func() catalog.Node { return self }, Dir: dir}
	for _, f := range tune {
		f(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ttl(id string) catalog.CheckDefinition {
	return catalog.CheckDefinition{ID: id, TTL: time.Minute}
}

func script(id string) catalog.CheckDefinition {
	return catalog.CheckDefinition{ID: id, Args: []string{"/bin/true"}, Interval: time.Second}
}

func svc(id string, checks ...catalog.CheckDefinition) catalog.ServiceDefinition {
	return catalog.ServiceDefinition{ID: id, Name: "web", Port: 80, Checks: checks}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func load(t *testing.T, s *Store, services []catalog.ServiceDefinition, checks ...catalog.CheckDefinition) string {
	t.Helper()
	d, err := s.LoadConfig(services, checks)
	must(t, err)
	return d.String()
}

// summary is a store in one line: service ids, then checks with their first letter of status.
func summary(s *Store) string {
	out := ""
	for _, i := range s.Instances() {
		out += i.ID + " "
	}
	out += "|"
	for _, c := range s.Checks() {
		out += " " + c.ID + "=" + string(c.Status[:1])
	}
	return out
}

// replica is a catalog of one, with failures on demand. Tests touch its fields
// inside with, and find state as it is.
type replica struct {
	state *catalog.State

	mu    sync.Mutex
	index uint64
	// before sees each command and may fail it (with lost, after it was applied).
	before func(catalog.Command) error
	lost   error
	refuse string // id of an instance whose registration in a batch is refused
	log    []catalog.Command
}

func newReplica() *replica { return &replica{state: catalog.New()} }

func (r *replica) with(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// applied returns how many commands were.
func (r *replica) applied() (n int) {
	r.with(func() { n = len(r.log) })
	return n
}

func (r *replica) Apply(_ context.Context, c catalog.Command) (catalog.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.before != nil {
		if err := r.before(c); err != nil {
			return catalog.Result{}, err
		}
	}
	r.log = append(r.log, c)
	r.index++
	res, err := r.state.Apply(r.index, r.spoiled(c))
	if r.lost != nil {
		return catalog.Result{}, r.lost
	}
	return res, err
}

// spoiled makes the registration of the instance to refuse one that cannot be.
func (r *replica) spoiled(c catalog.Command) catalog.Command {
	batch, ok := c.(*catalog.Batch)
	if !ok || r.refuse == "" {
		return c
	}
	out := &catalog.Batch{}
	for _, c := range batch.Commands {
		if reg, ok := c.(*catalog.Register); ok && reg.Instance != nil && reg.Instance.ID == r.refuse {
			c = &catalog.Register{Node: catalog.Node{Name: "no address"}}
		}
		out.Commands = append(out.Commands, c)
	}
	return out
}
