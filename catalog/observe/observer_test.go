package observe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"muster/catalog"
	"muster/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// raft is a log of one, in a bubble.
type raft struct {
	state *catalog.State
	mu    sync.Mutex
	down  bool
	count int
}

func (r *raft) Apply(_ context.Context, c catalog.Command) (catalog.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return catalog.Result{}, errors.New("no leader")
	}
	r.count++
	return r.state.Apply(r.state.Applied()+1, c)
}

func (r *raft) do(t *testing.T, commands ...catalog.Command) {
	t.Helper()
	for _, c := range commands {
		if _, err := r.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *raft) fail(down bool) { r.mu.Lock(); defer r.mu.Unlock(); r.down = down }
func (r *raft) applied() int   { r.mu.Lock(); defer r.mu.Unlock(); return r.count }

// prober remembers what it is told to watch.
type prober struct {
	mu   sync.Mutex
	defs []catalog.CheckDefinition
	last map[string]catalog.Status
}

func (p *prober) Reconcile(defs []catalog.CheckDefinition, last map[string]catalog.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.defs, p.last = defs, last
}

func (p *prober) watched() (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.defs {
		ids = append(ids, d.ID)
	}
	return ids
}

// bench is a catalog with some observers in a bubble.
type bench struct {
	*raft
	t       *testing.T
	by      map[string]*Observer
	probers map[string]*prober
	stop    map[string]func()
}

func inBubble(t *testing.T, names []string, f func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{raft: &raft{state: catalog.New()}, t: t, by: map[string]*Observer{}, probers: map[string]*prober{}, stop: map[string]func(){}}
		for _, name := range names {
			b.do(t, agentRow(name, catalog.Passing))
			b.start(name)
		}
		defer func() {
			for _, stop := range b.stop {
				stop()
			}
		}()
		b.wait()
		f(b)
	})
}

func (b *bench) start(name string) {
	p := &prober{}
	o := New(Config{
		Node: name, Prober: p, Applier: b.raft, Snapshot: b.state.Snapshot, UpdateInterval: 5 * time.Minute,
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics.New(metrics.Build{}).Observers,
	})
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.Run(ctx) }()
	b.by[name], b.probers[name], b.stop[name] = o, p, func() { cancel(); <-done }
}

func (b *bench) wait() { b.pass(2 * settleTime) }

func (b *bench) pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

// of returns who watches a target now.
func (b *bench) of(node string) (names []string) {
	for name, p := range b.probers {
		if slices.ContainsFunc(p.watched(), func(id string) bool { return strings.HasPrefix(id, node+"/") }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// see has an observer see a status of all that it watches on a node.
func (b *bench) see(name, node string, s catalog.Status) {
	for _, id := range b.probers[name].watched() {
		if strings.HasPrefix(id, node+"/") {
			b.by[name].Report(id, s, name+" says so", time.Now())
		}
	}
}

func (b *bench) status(node, check string) catalog.Status {
	if c := b.state.Snapshot().Check(node, check); c != nil {
		return c.Status
	}
	return ""
}

func agentRow(name string, health catalog.Status) *catalog.Register {
	return &catalog.Register{
		Node:   catalog.Node{Name: name, Address: "10.0.0.1", Meta: map[string]string{catalog.MetaObserves: "100"}},
		Checks: []*catalog.Check{{ID: catalog.SerfHealth, Status: health}},
	}
}

func externalRow(name string, d catalog.CheckDefinition) *catalog.Register {
	d.TCP, d.Interval = "192.0.2.1:5432", time.Second
	return &catalog.Register{
		Node: catalog.Node{Name: name, Address: "192.0.2.1"}, Instance: &catalog.Instance{ID: "db", Name: "db"},
		Checks: []*catalog.Check{{ID: "up", ServiceID: "db", Status: catalog.Critical, Definition: d.Probe()}},
	}
}

var three = []string{"a1", "a2", "a3"}

// Each target is one agent's, and at once another's when that one dies.
func TestDeathMovesTargets(t *testing.T) {
	inBubble(t, three, func(b *bench) {
		for i := range 30 {
			b.do(t, externalRow(fmt.Sprintf("ext%02d", i), catalog.CheckDefinition{}))
		}
		b.wait()
		owner := map[string]string{}
		for i := range 30 {
			node := fmt.Sprintf("ext%02d", i)
			by := b.of(node)
			if len(by) != 1 {
				t.Fatalf("%s is watched by %v", node, by)
			}
			owner[node] = by[0]
			b.see(by[0], node, catalog.Passing)
		}
		b.wait()
		if b.status("ext00", "up") != catalog.Passing {
			t.Error("the verdict of the only observer does not count")
		}
		b.stop["a2"]()
		delete(b.stop, "a2")
		delete(b.probers, "a2")
		b.do(t, agentRow("a2", catalog.Critical))
		b.pass(settleTime + coalesce)
		for node, was := range owner {
			by := b.of(node)
			if len(by) != 1 || was != "a2" && by[0] != was {
				t.Errorf("%s was %s's and is now watched by %v", node, was, by)
			}
			if got := b.status(node, "up"); got != catalog.Passing {
				t.Errorf("%s is %s because its observer died", node, got)
			}
			if was == "a2" {
				p := b.probers[by[0]]
				for id, last := range p.last {
					if last != catalog.Passing {
						t.Errorf("%s begins as %s", id, last)
					}
				}
				b.see(by[0], node, catalog.Critical)
			}
		}
		b.pass(2 * coalesce)
		for node, was := range owner {
			if got := b.status(node, "up"); (got == catalog.Critical) != (was == "a2") {
				t.Errorf("%s, once %s's, is %s", node, was, got)
			}
		}
	})
}

// One of three that lies, or is cut off from the target, changes nothing.
func TestLiar(t *testing.T) {
	inBubble(t, three, func(b *bench) {
		b.do(t, externalRow("ext", catalog.CheckDefinition{Observers: 3}))
		b.wait()
		if by := b.of("ext"); len(by) != 3 {
			t.Fatalf("watched by %v", by)
		}
		b.see("a1", "ext", catalog.Critical) // the liar is first
		b.wait()
		b.see("a2", "ext", catalog.Passing)
		b.see("a3", "ext", catalog.Passing)
		b.pass(2 * coalesce)
		if got := b.status("ext", "up"); got != catalog.Passing {
			t.Errorf("it is %s", got)
		}
		b.see("a1", "ext", catalog.Passing)
		b.see("a2", "ext", catalog.Critical)
		b.see("a3", "ext", catalog.Critical)
		b.pass(2 * coalesce)
		if got := b.status("ext", "up"); got != catalog.Critical {
			t.Errorf("all but the liar see it fail, it is %s", got)
		}
	})
}

// What nothing is new about costs no log entries, and a storm of verdicts few.
func TestCoalesced(t *testing.T) {
	inBubble(t, []string{"a1"}, func(b *bench) {
		for i := range 90 {
			b.do(t, externalRow(fmt.Sprintf("ext%02d", i), catalog.CheckDefinition{}))
		}
		b.wait()
		before := b.applied()
		for round := range 10 {
			s := []catalog.Status{catalog.Passing, catalog.Critical}[round%2]
			for i := range 90 {
				b.see("a1", fmt.Sprintf("ext%02d", i), s)
			}
			b.pass(100 * time.Millisecond)
		}
		if n := b.applied() - before; n > 20 {
			t.Errorf("900 verdicts took %d entries", n)
		}
		b.pass(time.Minute)
		before = b.applied()
		for range 600 {
			b.see("a1", "ext00", catalog.Critical)
			b.pass(time.Second)
		}
		if n := b.applied() - before; n > 4 {
			t.Errorf("ten minutes of the same verdict took %d entries", n)
		}
	})
}

func TestTroubleIsOver(t *testing.T) {
	inBubble(t, []string{"a1"}, func(b *bench) {
		b.do(t, externalRow("ext", catalog.CheckDefinition{}))
		b.wait()
		b.fail(true)
		b.see("a1", "ext", catalog.Passing)
		b.pass(time.Minute)
		b.fail(false)
		b.pass(2 * maxPause)
		if got := b.status("ext", "up"); got != catalog.Passing {
			t.Errorf("it is %s", got)
		}
	})
}

// An observer that was waited for and dies without a word leaves the others' word to count.
func TestSilentObservers(t *testing.T) {
	inBubble(t, three, func(b *bench) {
		b.do(t, externalRow("ext", catalog.CheckDefinition{Observers: 3}))
		b.wait()
		b.see("a1", "ext", catalog.Passing)
		b.pass(time.Second)
		if got := b.status("ext", "up"); got != catalog.Critical {
			t.Errorf("the first word of three made it %s", got)
		}
		b.do(t, agentRow("a2", catalog.Critical), agentRow("a3", catalog.Critical))
		b.pass(2 * soonEvery)
		if got := b.status("ext", "up"); got != catalog.Passing {
			t.Errorf("the one that is left sees it pass, it is %s", got)
		}
	})
}

// A target that moves to another agent has one opinion again soon, and what was seen of a former definition counts for nothing.
func TestWithdrawn(t *testing.T) {
	inBubble(t, []string{"a1"}, func(b *bench) {
		for i := range 20 {
			b.do(t, externalRow(fmt.Sprintf("ext%02d", i), catalog.CheckDefinition{}))
			b.wait()
			b.see("a1", fmt.Sprintf("ext%02d", i), catalog.Passing)
		}
		b.wait()
		b.do(t, agentRow("a2", catalog.Passing))
		b.start("a2")
		b.pass(time.Second)
		snap := b.state.Snapshot()
		if n := len(snap.ObservationsBy("a1")); n == 0 || n == 20 {
			t.Errorf("a1 still has an opinion on %d of 20", n)
		}
		b.do(t, externalRow("ext00", catalog.CheckDefinition{Timeout: time.Second}))
		if n := len(b.state.Snapshot().Observations("ext00", "up")); n != 0 {
			t.Errorf("%d opinions on a definition that is new", n)
		}
	})
}

// A node that asks to be probed gets a check, and loses it when it no longer asks.
func TestExternalProbe(t *testing.T) {
	meta := map[string]string{catalog.MetaExternalNode: "true", catalog.MetaExternalProbe: "true"}
	inBubble(t, three, func(b *bench) {
		node := catalog.Node{Name: "ext", Address: "192.0.2.1", Meta: meta}
		b.do(t, &catalog.Register{Node: node})
		b.wait()
		b.wait()
		c := b.state.Snapshot().Check("ext", catalog.ExternalNodeHealth)
		if c == nil || c.Status != catalog.Passing || len(b.of("ext")) != 1 {
			t.Fatalf("check %+v, watched by %v", c, b.of("ext"))
		}
		by := b.of("ext")[0]
		b.see(by, "ext", catalog.Critical)
		b.wait()
		if got := b.status("ext", catalog.ExternalNodeHealth); got != catalog.Critical {
			t.Error(got)
		}
		node.Meta = nil
		b.do(t, &catalog.Register{Node: node})
		b.wait()
		b.wait()
		if got := b.status("ext", catalog.ExternalNodeHealth); got != "" {
			t.Errorf("the check is still there, %s", got)
		}
	})
}

// What asks for more than is to be given is not probed, whoever registered it.
func TestProbeable(t *testing.T) {
	inBubble(t, []string{"a1"}, func(b *bench) {
		for i, d := range []catalog.CheckDefinition{
			{Args: []string{"/bin/true"}, Interval: time.Second}, {File: "/etc/passwd", Interval: time.Second},
			{TCP: "h:1", TLSKeyFile: "/k", TLSCertFile: "/c", Interval: time.Second}, {TCP: "h:1"}, {},
		} {
			b.do(t, &catalog.Register{Node: catalog.Node{Name: fmt.Sprintf("ext%d", i), Address: "192.0.2.1"},
				Checks: []*catalog.Check{{ID: "c", Status: catalog.Critical, Definition: &d}}})
		}
		b.wait()
		if ids := b.probers["a1"].watched(); len(ids) != 0 {
			t.Errorf("watches %v", ids)
		}
	})
}

func TestDeregisteredWhenCriticalForLong(t *testing.T) {
	inBubble(t, three, func(b *bench) {
		b.do(t, externalRow("ext", catalog.CheckDefinition{Observers: 3, DeregisterCriticalServiceAfter: 2 * time.Minute}))
		b.wait()
		b.pass(time.Minute)
		if b.state.Snapshot().Instance("ext", "db") == nil {
			t.Fatal("went too soon")
		}
		b.pass(2 * time.Minute)
		if b.state.Snapshot().Instance("ext", "db") != nil {
			t.Error("is still there")
		}
	})
}

// One that may not look says so, and is not counted.
func TestAbstains(t *testing.T) {
	inBubble(t, three, func(b *bench) {
		b.do(t, externalRow("ext", catalog.CheckDefinition{Observers: 3}))
		b.wait()
		for _, name := range []string{"a1", "a2"} {
			b.by[name].Blind(b.probers[name].watched()[0], "not allowed")
		}
		b.see("a3", "ext", catalog.Passing)
		b.wait()
		if got := b.status("ext", "up"); got != catalog.Passing {
			t.Errorf("it is %s", got)
		}
		if o := b.state.Snapshot().Observation("ext", "up", "a1"); o == nil || o.Status != "" || o.Output != "not allowed" {
			t.Errorf("%+v", o)
		}
	})
}
