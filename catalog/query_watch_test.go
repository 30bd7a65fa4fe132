package catalog

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// watchQueries are the queries that return a channel beside their answer.
func watchQueries(s *Snapshot) (said map[string]string, channels map[string]<-chan struct{}) {
	said, channels = map[string]string{}, map[string]<-chan struct{}{}
	saw := func(what string, answer any, c <-chan struct{}) { said[what], channels[what] = fmt.Sprint(answer), c }
	for _, n := range append(modelNodes, "N1", "nobody") {
		node, c := s.WatchNode(n)
		saw("node "+n, render([]*Node{node}), c)
		for _, id := range append(modelIDs, "") {
			checks, c := s.WatchChecksOfInstance(n, id)
			saw("checks of "+n+" "+id, render(checks), c)
		}
	}
	for _, service := range append(modelServices, "WEB", "nothing") {
		entries, c := s.WatchEntries(service)
		var b strings.Builder
		for _, e := range entries {
			b.WriteString(render([]*Node{e.Node}) + render([]*Instance{e.Instance}) + render(e.Checks))
		}
		saw("service "+service, b.String(), c)
	}
	for _, addr := range []string{"10.0.0.1", "::ffff:10.0.0.2", "fe80::1"} {
		a := netip.MustParseAddr(addr)
		nodes, c := s.WatchNodesAt(a)
		saw("nodes at "+addr, render(nodes), c)
		instances, c := s.WatchInstancesAt(a)
		saw("instances at "+addr, render(instances), c)
	}
	below, c := s.WatchNodeBelow("n1")
	saw("below", below, c)
	saw("any instance", render(collect(s.Instances)), s.InstancesMark().Changed)
	blocking := answers(s)
	for what, m := range marks(s) {
		saw("mark "+what, blocking[what], m.Changed)
	}
	return said, channels
}

// TestNoWatchMissesAChange applies random pieces of a log: whatever answer changed, its
// channel fired, also one that a reader took from the old snapshot after the change.
func TestNoWatchMissesAChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		for range rapid.IntRange(1, 20).Draw(t, "pieces") {
			before := s.Snapshot()
			said, early := watchQueries(before)
			var steps []Step
			for i := range rapid.IntRange(1, 3).Draw(t, "piece") {
				c := drawCommand(t, before.Index+2)
				if r, ok := c.(*Register); ok && r.Instance != nil {
					r.Instance.Address = rapid.SampledFrom([]string{"", "10.0.0.1", "10.0.0.2", "fe80::1%eth0", "host"}).Draw(t, "address")
				}
				steps = append(steps, Step{before.Index + 2 + uint64(i), c})
			}
			s.ApplyAll(steps)
			says, _ := watchQueries(s.Snapshot())
			again, late := watchQueries(before)
			for what := range said {
				if again[what] != said[what] {
					t.Fatalf("%s: the snapshot said %s and now says %s", what, said[what], again[what])
				}
				if says[what] != said[what] && (!fired(early[what]) || !fired(late[what])) {
					t.Fatalf("%s changed from %s to %s; told %t, when asked later %t", what, said[what], says[what], fired(early[what]), fired(late[what]))
				}
			}
		}
	})
}

func TestAWatchOfTheUnchangedSleeps(t *testing.T) {
	s := New()
	apply(t, s, instance("n1", "10.0.0.1", "a", "web"), instance("n2", "10.0.0.2", "b", "db"))
	before := s.Snapshot()
	_, early := watchQueries(before)
	apply(t, s, &SetKey{Key: []byte("other")})
	_, late := watchQueries(before)
	for what := range early {
		if strings.HasPrefix(what, "mark k") {
			continue
		}
		if fired(early[what]) || fired(late[what]) {
			t.Errorf("%s was woken by a key", what)
		}
	}
}

func TestWatchesOfPrefixes(t *testing.T) {
	long := strings.Repeat("x", maxWatchedPrefix)
	for _, tt := range []struct {
		prefix, write string
		wakes         bool
	}{
		{"", "a", true},
		{"a", "a", true},
		{"a/", "a/b/c", true},
		{"a/b/", "a/b", false},
		{"b", "a/b", false},
		{long, long + "/k", true},
		{long + "/k", long + "/k/1", true},
		{long + "/k", long + "/l", true}, // watched as long: too early is allowed
	} {
		s := New()
		_, m := s.Snapshot().Pairs(tt.prefix)
		apply(t, s, &SetKey{Key: []byte(tt.write)})
		if fired(m.Changed) != tt.wakes {
			t.Errorf("a write of %q woke the watch of %q: %t", tt.write, tt.prefix, !tt.wakes)
		}
		_, m = s.Snapshot().Pairs(tt.prefix)
		apply(t, s, &DeleteKey{Key: []byte(tt.write)})
		if fired(m.Changed) != tt.wakes {
			t.Errorf("a deletion of %q woke the watch of %q: %t", tt.write, tt.prefix, !tt.wakes)
		}
	}
}

// TestMidstOfACommit looks at the state from where watches are told: rows are new, moment and index are not.
func TestMidstOfACommit(t *testing.T) {
	s := New()
	apply(t, s, &SetKey{Key: []byte("k")})
	before, next, told := s.Snapshot(), s.begin(), false
	put(next, &next.keys, &Pair{Key: "k", ModifyIndex: 2})
	s.commit(next.tables, 2, func() {
		told = true
		now := s.Snapshot()
		if p, _ := now.Pair("k"); p.ModifyIndex != 2 {
			t.Error("whoever is woken finds the old row")
		}
		if now.Moment() != before.Moment() || now.Index != 1 || s.Applied() != 1 {
			t.Error("moment or index moved before the watches were told")
		}
	})
	if now := s.Snapshot(); !told || now.Moment() == before.Moment() || now.Index != 2 || s.Applied() != 2 {
		t.Errorf("told %t, at %d", told, now.Index)
	}
}

func TestAddressWithZone(t *testing.T) {
	s := New()
	r := instance("n1", "fe80::1%eth0", "a", "web")
	r.Instance.Address = "fe80::2%eth1"
	apply(t, s, r)
	snap := s.Snapshot()
	for _, zone := range []string{"", "%eth0", "%other"} {
		n, i := snap.NodesAt(netip.MustParseAddr("fe80::1"+zone)), snap.InstancesAt(netip.MustParseAddr("fe80::2"+zone))
		if len(n) != 1 || len(i) != 1 {
			t.Errorf("zone %q: %d nodes, %d instances, want one each", zone, len(n), len(i))
		}
	}
}

// TestOrderOfACommit has readers race a writer. Of a snapshot whose commit is complete
// the watches sleep; who is woken by one finds newer rows; and who finds rows whose
// commit is complete finds the watches of older ones fired.
func TestOrderOfACommit(t *testing.T) {
	const last = 3000
	s := New()
	apply(t, s, &SetKey{Key: []byte("k")})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for old := s.Snapshot(); old.Index < last; old = s.Snapshot() {
				was, m := old.Pair("k")
				complete, early := was.ModifyIndex <= old.Index, fired(m.Changed)
				now := s.Snapshot()
				is, _ := now.Pair("k")
				switch {
				case is.ModifyIndex < was.ModifyIndex || now.Index < old.Index:
					t.Error("the state went back")
				case is != was && is.ModifyIndex <= now.Index && !fired(m.Changed):
					t.Error("rows are new, and the watch of the old ones sleeps")
				case is == was && complete && early:
					t.Error("the watch of the present row has fired")
				case is == was && was.ModifyIndex < last: // the last row may be seen before its index is
					<-m.Changed
					if p, _ := s.Snapshot().Pair("k"); p == was && complete {
						t.Error("woken before the new row could be seen")
					}
				}
			}
		})
	}
	for s.Applied() < last {
		apply(t, s, &SetKey{Key: []byte("k")})
	}
	readers.Wait()
}

func TestCompareFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.SampledFrom([]rune("aAbBzZ@[`{-_\x01ä")))
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		if got, want := compareFold(a, b), strings.Compare(Fold(a), Fold(b)); got != want {
			t.Fatalf("%q, %q: %d, want %d", a, b, got, want)
		}
		if watchNode(a) != watchNode(Fold(a)) {
			t.Fatalf("%q is watched as another in lower case", a)
		}
	})
}
