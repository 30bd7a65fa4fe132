package agent

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/gossip"
	"muster/consensus/rpc"
)

func TestClosersUnwindInReverse(t *testing.T) {
	var c closers
	var order []string
	bad := errors.New("stuck")
	for _, name := range []string{"raft", "dns", "http"} {
		c.add(name, func() error {
			order = append(order, name)
			if name == "dns" {
				return bad
			}
			return nil
		})
	}
	err := c.closeAll()
	if got := strings.Join(order, " "); got != "http dns raft" {
		t.Errorf("closed in order %q", got)
	}
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "close dns") {
		t.Errorf("error %v", err)
	}
	if c.closeAll() != nil || len(order) != 3 {
		t.Error("a second closeAll did something")
	}
}

func TestNodeID(t *testing.T) {
	dir := t.TempDir()
	first, err := nodeID(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := nodeID(dir, ""); err != nil || again != first {
		t.Errorf("after a restart the id is %q (%v), want %q", again, err, first)
	}
	const chosen = "ADF4238A-882B-9DDC-4A9D-5B6758E4159E"
	if id, err := nodeID(dir, chosen); err != nil || id != strings.ToLower(chosen) {
		t.Errorf("configured id came out as %q (%v)", id, err)
	}
	if id, err := nodeID(dir, ""); err != nil || id != strings.ToLower(chosen) {
		t.Errorf("a configured id was not kept: %q (%v)", id, err)
	}
	path := filepath.Join(dir, "node-id")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("node id file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if id, err := nodeID(dir, ""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged id file gave %q, %v", id, err)
	}
	a, _ := nodeID("", "")
	if b, _ := nodeID("", ""); a == b || a == "" {
		t.Errorf("two agents in memory share the id %q", a)
	}
}

func TestLogsFanOut(t *testing.T) {
	var out bytes.Buffer
	l := newLogs(&out, slog.LevelInfo, false, false)
	log := l.With("room", "dns").WithGroup("q")
	ctx, cancel := context.WithCancel(t.Context())
	debug := l.Subscribe(ctx, slog.LevelDebug, true)
	warn := l.Subscribe(ctx, slog.LevelWarn, false)
	log.Debug("asked", "name", "a")
	log.Warn("odd", "name", "b")
	if got := out.String(); strings.Contains(got, "asked") || !strings.Contains(got, "room=dns q.name=b") {
		t.Errorf("agent's own log: %q", got)
	}
	if line := string(<-debug); !strings.Contains(line, `"msg":"asked","room":"dns","q":{"name":"a"}`) {
		t.Errorf("debug listener got %q", line)
	}
	if line := string(<-warn); !strings.Contains(line, "odd") {
		t.Errorf("warn listener got %q", line)
	}
	cancel()
	for range debug { // ends when the channel is closed
	}
	for range warn {
	}
	l.level.Set(slog.LevelDebug)
	log.Debug("now seen")
	if !strings.Contains(out.String(), "now seen") {
		t.Error("the level cannot be changed while running")
	}
}

func TestSlowListenerLosesLines(t *testing.T) {
	l := newLogs(&bytes.Buffer{}, slog.LevelInfo, false, false)
	lines := l.Subscribe(t.Context(), slog.LevelInfo, false)
	for range listenerBacklog + 50 {
		l.Info("line") // must not block
	}
	if len(lines) != listenerBacklog {
		t.Errorf("%d lines wait, want %d", len(lines), listenerBacklog)
	}
}

// direct applies commands to a state as a raft of one would, failing while down.
type direct struct {
	state *catalog.State

	mu    sync.Mutex
	down  bool
	calls int
}

func (d *direct) setDown(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

func (d *direct) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

func (d *direct) Apply(_ context.Context, c catalog.Command) (catalog.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.down {
		return catalog.Result{}, catalog.Errorf(catalog.Unavailable, "no leader")
	}
	return d.state.Apply(d.state.Applied()+1, c)
}

// still is a raft configuration that nothing is done to.
type still struct{}

func (still) Servers() []consensus.Server {
	return []consensus.Server{{ID: "id-n1", Address: "10.0.0.1:8300", Voter: true, Leader: true}}
}
func (still) AddServer(context.Context, consensus.Server) error {
	return errors.New("nobody asked for that")
}
func (still) RemoveServer(context.Context, string) error { return errors.New("nobody asked for that") }

func TestLeaderKeepsItsRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := catalog.New()
		raft := &direct{state: state, down: true}
		d := &leaderDuties{
			datacenter: "dc1", self: "id-n1", applier: raft, raft: still{}, snapshot: state.Snapshot,
			members: func() ([]gossip.Member, <-chan struct{}) {
				return []gossip.Member{member(t, "n1 server", time.Now())}, nil
			},
			checkups: &checkups{self: "id-n1", own: func() rpc.Standing { return rpc.Standing{} }, autopilot: catalog.DefaultAutopilot, servers: still{}.Servers},
			sessions: &sessionClock{applier: raft, snapshot: state.Snapshot, log: slog.New(slog.DiscardHandler)},
			surveyor: &surveyor{applier: raft, snapshot: state.Snapshot, coordinates: func() map[string]gossip.Coordinate { return nil }},
			initial:  catalog.DefaultAutopilot(),
			interval: time.Minute, log: slog.New(slog.DiscardHandler),
		}
		ctx, cancel := context.WithCancel(t.Context())
		leading := make(chan bool)
		done := make(chan struct{})
		go func() { d.run(ctx, leading); close(done) }()
		stands := func(when string) {
			t.Helper()
			synctest.Wait()
			snap := state.Snapshot()
			if c := snap.Check("n1", catalog.SerfHealth); c == nil || c.Status != catalog.Passing {
				t.Errorf("%s: serfHealth is %+v", when, c)
			}
			if got := snap.InstancesOf("consul"); len(got) != 1 || got[0].Port != 8300 {
				t.Errorf("%s: servers are %+v", when, got)
			}
		}
		leading <- true
		synctest.Wait()
		raft.setDown(false)
		time.Sleep(time.Second) // in the bubble's own time: past the retry
		stands("after a failed try")
		settled := raft.count()
		time.Sleep(10 * time.Minute)
		if raft.count() != settled {
			t.Errorf("%d writes though nothing changed", raft.count()-settled)
		}
		for _, loss := range []catalog.Command{
			&catalog.Deregister{Node: "n1", ServiceID: "consul"},
			&catalog.SetStatus{Node: "n1", CheckID: catalog.SerfHealth, Status: catalog.Critical},
			&catalog.Deregister{Node: "n1"},
		} {
			if _, err := raft.Apply(ctx, loss); err != nil {
				t.Fatal(err)
			}
			stands("after a loss")
		}
		leading <- false
		synctest.Wait()
		if _, err := raft.Apply(ctx, &catalog.Deregister{Node: "n1"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if state.Snapshot().Node("n1") != nil {
			t.Error("a server that does not lead wrote to the catalog")
		}
		cancel()
		<-done
	})
}

func TestWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := catalog.New()
		raft := &direct{state: state}
		set := func(id string, s catalog.Status) {
			t.Helper()
			_, err := raft.Apply(t.Context(), &catalog.Register{
				Node:   catalog.Node{Name: "n1", Address: "10.0.0.1"},
				Checks: []*catalog.Check{{ID: id, Status: s}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		set("a", catalog.Passing)
		set("b", catalog.Critical)
		var seen []time.Duration
		w := newWitness("n1", state.Snapshot, func(d time.Duration) { seen = append(seen, d) })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { w.run(ctx); close(done) }()
		w.saw("b", catalog.Critical, time.Now()) // is critical already: no news
		w.saw("a", catalog.Critical, time.Now())
		w.saw("gone", catalog.Critical, time.Now())
		time.Sleep(30 * time.Millisecond) // in the bubble's own time
		set("a", catalog.Critical)
		synctest.Wait()
		if len(seen) != 1 || seen[0] != 30*time.Millisecond {
			t.Errorf("observed %v, want one failure of 30ms", seen)
		}
		time.Sleep(2 * giveUp)
		set("b", catalog.Passing)
		synctest.Wait()
		if len(w.pending) != 0 {
			t.Errorf("still waits for %v", w.pending)
		}
		cancel()
		<-done
	})
}
