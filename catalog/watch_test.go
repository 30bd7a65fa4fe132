package catalog

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
)

func moved(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// watchedState has services a and b on nodes n and m, each with a check.
func watchedState(t *testing.T) *State {
	t.Helper()
	s := New()
	for _, name := range []string{"a", "b"} {
		node := map[string]string{"a": "n", "b": "m"}[name]
		mustApply(t, s, &Register{
			Node:     Node{Name: node, Address: "10.0.0." + fmt.Sprint(int(name[0]-'a'+1))},
			Instance: &Instance{ID: name, Name: name, Address: "10.1.0." + fmt.Sprint(int(name[0]-'a'+1))},
			Checks:   []*Check{{ID: "c-" + name, ServiceID: name, Status: Passing}, {ID: "node-" + node, Status: Passing}},
		})
	}
	return s
}

func mustApply(t *testing.T, s *State, c Command) {
	t.Helper()
	if _, err := s.Apply(s.Applied()+1, c); err != nil {
		t.Fatal(err)
	}
}

// TestWatches holds which changes each watch tells of, and for the exact ones, of which it does not.
func TestWatches(t *testing.T) {
	watches := map[string]func(*Snapshot) <-chan struct{}{
		"service a":       func(s *Snapshot) <-chan struct{} { _, c := s.WatchEntries("A"); return c },
		"service unknown": func(s *Snapshot) <-chan struct{} { _, c := s.WatchEntries("zz"); return c },
		"node n":          func(s *Snapshot) <-chan struct{} { _, c := s.WatchNode("N"); return c },
		"node unknown":    func(s *Snapshot) <-chan struct{} { _, c := s.WatchNode("zz"); return c },
		"below":           func(s *Snapshot) <-chan struct{} { _, c := s.WatchNodeBelow("n"); return c },
		"nodes at":        func(s *Snapshot) <-chan struct{} { _, c := s.WatchNodesAt(netip.MustParseAddr("10.0.0.1")); return c },
		"instances at": func(s *Snapshot) <-chan struct{} {
			_, c := s.WatchInstancesAt(netip.MustParseAddr("10.1.0.1"))
			return c
		},
		"checks": func(s *Snapshot) <-chan struct{} { _, c := s.WatchChecksOfInstance("n", "a"); return c },
	}
	all := []string{"service a", "service unknown", "node n", "node unknown", "below", "nodes at", "instances at", "checks"}
	for _, c := range []struct {
		change  Command
		tells   []string
		quietly []string
	}{
		{&SetStatus{Node: "n", CheckID: "c-a", Status: Critical}, []string{"service a", "checks"}, []string{"service unknown", "node n", "below", "nodes at", "instances at"}},
		{&SetStatus{Node: "n", CheckID: "node-n", Status: Critical}, []string{"service a"}, []string{"service unknown", "node n", "below", "nodes at", "instances at"}},
		{&SetStatus{Node: "m", CheckID: "c-b", Status: Critical}, nil, []string{"service a", "service unknown", "node n", "below", "nodes at", "instances at"}},
		{&Register{Node: Node{Name: "n", Address: "10.0.0.9"}}, []string{"service a", "node n", "below", "nodes at"}, []string{"service unknown", "instances at", "checks"}},
		{&Register{Node: Node{Name: "n"}, SkipNodeUpdate: true, Instance: &Instance{ID: "a", Name: "a", Address: "10.1.0.9"}}, []string{"service a", "instances at"}, []string{"service unknown", "node n", "below", "nodes at", "checks"}},
		{&Register{Node: Node{Name: "n"}, SkipNodeUpdate: true, Instance: &Instance{ID: "z", Name: "zz"}}, []string{"service unknown"}, []string{"service a", "node n", "below", "nodes at"}},
		{&Register{Node: Node{Name: "zz", Address: "10.0.0.3"}}, []string{"node unknown", "below"}, []string{"service a", "service unknown", "node n"}},
		{&Deregister{Node: "n"}, []string{"service a", "node n", "below", "nodes at", "instances at", "checks"}, nil},
		{&SetKey{Key: []byte("k")}, nil, all},
	} {
		s := watchedState(t)
		snap, channels := s.Snapshot(), map[string]<-chan struct{}{}
		for name, w := range watches {
			channels[name] = w(snap)
		}
		mustApply(t, s, c.change)
		for _, name := range c.tells {
			if !moved(channels[name]) {
				t.Errorf("%+v: %s does not tell", c.change, name)
			}
		}
		for _, name := range c.quietly {
			if moved(channels[name]) {
				t.Errorf("%+v: %s tells of nothing of its own", c.change, name)
			}
		}
	}
}

// TestRestoreEndsEveryWatch holds it for more rows than go-memdb tracks one by one.
func TestRestoreEndsEveryWatch(t *testing.T) {
	s := New()
	b := &Batch{}
	for i := range 3000 {
		b.Commands = append(b.Commands, &Register{
			Node: Node{Name: fmt.Sprint("n", i), Address: "10.0.0.1"}, Instance: &Instance{ID: "i", Name: fmt.Sprint("s", i), Address: "10.1.0.1"},
		})
	}
	mustApply(t, s, b)
	var saved bytes.Buffer
	if err := s.Snapshot().Persist(&saved); err != nil {
		t.Fatal(err)
	}
	snap := s.Snapshot()
	var channels []<-chan struct{}
	for i := range 3000 {
		_, entries := snap.WatchEntries(fmt.Sprint("s", i))
		_, node := snap.WatchNode(fmt.Sprint("n", i))
		channels = append(channels, entries, node)
	}
	if err := s.Restore(&saved); err != nil {
		t.Fatal(err)
	}
	for i, c := range channels {
		if !moved(c) {
			t.Fatalf("watch %d of %d goes on", i, len(channels))
		}
	}
	if s.Snapshot().Moment() == snap.Moment() {
		t.Error("the moment is the same as before, and so is the index")
	}
}

// TestSnapshotsAreShared holds that a snapshot is the same while nothing happens, and no longer.
func TestSnapshotsAreShared(t *testing.T) {
	s := watchedState(t)
	a := s.Snapshot()
	if s.Snapshot() != a {
		t.Error("two snapshots of one state")
	}
	if n := testing.AllocsPerRun(100, func() { s.Snapshot() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	mustApply(t, s, &SetKey{Key: []byte("k")})
	b := s.Snapshot()
	if b == a || b.Index != a.Index+1 || b.Moment() == a.Moment() || !b.Moment().SameState(a.Moment()) {
		t.Errorf("after a change: index %d after %d, moment %v after %v", b.Index, a.Index, b.Moment(), a.Moment())
	}
	s.Advance(b.Index + 1)
	if c := s.Snapshot(); c.Index != b.Index+1 {
		t.Errorf("after an entry without command the index is %d", c.Index)
	}
	if New().Snapshot().Moment().SameState(a.Moment()) {
		t.Error("two states are one")
	}
}
