package catalog

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func apply(t testing.TB, s *State, commands ...Command) {
	t.Helper()
	for _, c := range commands {
		if _, err := s.Apply(s.Applied()+1, c); err != nil {
			t.Fatalf("%T: %v", c, err)
		}
	}
}

func instance(node, address, id, service string, checks ...*Check) *Register {
	return &Register{Node: Node{Name: node, Address: address}, Instance: &Instance{ID: id, Name: service, Weights: DefaultWeights}, Checks: checks}
}

// TestWatchesAreExact names, for each change, the only resources it may wake.
func TestWatchesAreExact(t *testing.T) {
	tests := []struct {
		name   string
		change Command
		wakes  string
	}{
		{"a verdict", &SetStatus{"n1", "web", Critical, ""}, "node n1, service web"},
		{"a verdict without news", &SetStatus{"n1", "web", Passing, ""}, ""},
		{"a node check", &SetStatus{"n1", SerfHealth, Critical, ""}, "node n1, service web, service db"},
		{"an instance more", instance("n2", "10.0.0.2", "web2", "web"), "node n2, service web"},
		{"the same instance again", instance("n1", "10.0.0.1", "web1", "web"), ""},
		{"a node moved", &Register{Node: Node{Name: "n1", Address: "10.0.0.9"}}, "node n1, service web, service db"},
		{"an instance gone", &Deregister{Node: "n1", ServiceID: "db1"}, "node n1, service db"},
		{"a node gone", &Deregister{Node: "n2"}, "node n2, service cache"},
		{"an unknown node gone", &Deregister{Node: "n3"}, ""},
		{"a key", &SetKey{Key: []byte("k")}, ""},
		{"an instance renamed", instance("n1", "10.0.0.1", "db1", "web"), "node n1, service web, service db"},
	}
	watched := []string{"node n1", "node n2", "service web", "service db", "service cache"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New()
			apply(t, s,
				instance("n1", "10.0.0.1", "web1", "web", &Check{ID: SerfHealth, Status: Passing}, &Check{ID: "web", ServiceID: "web1", Status: Passing}),
				instance("n1", "10.0.0.1", "db1", "db"),
				instance("n2", "10.0.0.2", "cache1", "cache"))
			before := map[string]Mark{}
			for _, w := range watched {
				before[w] = markOf(s, w)
			}
			apply(t, s, tt.change)
			var woken []string
			for _, w := range watched {
				if markOf(s, w).Index > before[w].Index {
					woken = append(woken, w)
					if !fired(before[w].Changed) {
						t.Errorf("%s: index rose without a wake-up", w)
					}
				}
			}
			if got := strings.Join(woken, ", "); got != tt.wakes {
				t.Errorf("woke %q, want %q", got, tt.wakes)
			}
		})
	}
}

func markOf(s *State, what string) Mark {
	kind, name, _ := strings.Cut(what, " ")
	if kind == "node" {
		return s.Snapshot().NodeMark(name)
	}
	return s.Snapshot().ServiceMark(name)
}

func TestRegisterRefuses(t *testing.T) {
	tests := []struct {
		name string
		c    Register
		code Code
		text string
	}{
		{"no node", Register{}, Invalid, `node name "" is missing`},
		{"no address", Register{Node: Node{Name: "x"}}, Invalid, `node "x": address is missing`},
		{"another id", Register{Node: Node{Name: "N1", ID: "b", Address: "1.1.1.1"}}, Conflict, `node name "n1" belongs to node id a`},
		{"no check id", Register{Node: Node{Name: "n1", Address: "1.1.1.1"}, Checks: []*Check{{Status: Passing}}}, Invalid, "check id"},
		{"bad status", Register{Node: Node{Name: "n1", Address: "1.1.1.1"}, Checks: []*Check{{ID: "c", Status: "ok"}}}, Invalid, `status "ok"`},
		{"unknown service", Register{Node: Node{Name: "n1", Address: "1.1.1.1"}, Checks: []*Check{{ID: "c", Status: Passing, ServiceID: "s"}}}, NotFound, `no service with id "s"`},
		{"control character", Register{Node: Node{Name: "n\x00", Address: "1.1.1.1"}}, Invalid, "control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New()
			apply(t, s, &Register{Node: Node{Name: "n1", ID: "a", Address: "10.0.0.1"}})
			before := s.Snapshot().NodeMark("n1").Index
			_, err := s.Apply(2, &tt.c)
			if CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("error %q (%s), want %q (%s)", err, CodeOf(err), tt.text, tt.code)
			}
			if s.Snapshot().NodeMark("n1").Index != before {
				t.Fatal("a refused command changed the state")
			}
		})
	}
}

func TestNodeRename(t *testing.T) {
	s := New()
	apply(t, s, &Register{Node: Node{Name: "old", ID: "a", Address: "10.0.0.1"}, Instance: &Instance{ID: "w", Name: "web"}},
		&Register{Node: Node{Name: "new", ID: "A", Address: "10.0.0.1"}})
	snap := s.Snapshot()
	if snap.Node("old") != nil || snap.Node("NEW") == nil || snap.HasService("web") {
		t.Fatalf("rename left old=%v new=%v web=%v", snap.Node("old"), snap.Node("new"), snap.HasService("web"))
	}
	if got := snap.NodeByID("a"); got == nil || got.Name != "new" {
		t.Fatalf("node id a is %v", got)
	}
}

func TestChecksFollowTheirInstance(t *testing.T) {
	s := New()
	apply(t, s, instance("n1", "10.0.0.1", "w", "web", &Check{ID: "c", ServiceID: "w", Status: Passing}))
	r := instance("n1", "10.0.0.1", "w", "www")
	r.Instance.Tags = []string{"blue"}
	apply(t, s, r)
	c := s.Snapshot().Check("n1", "c")
	if c.ServiceName != "www" || len(c.ServiceTags) != 1 {
		t.Fatalf("check still says service %q tags %v", c.ServiceName, c.ServiceTags)
	}
}

func TestCaseOfNames(t *testing.T) {
	s := New()
	apply(t, s, instance("Node-One", "10.0.0.1", "a", "dup"), instance("node-one", "10.0.0.1", "b", "DUP"))
	snap := s.Snapshot()
	if n := len(snap.InstancesOf("Dup")); n != 2 {
		t.Errorf("%d instances under Dup, want 2: one DNS name", n)
	}
	services, _ := snap.Services()
	if len(services) != 2 {
		t.Errorf("services %v, want dup and DUP", services)
	}
	for i := range snap.Instances {
		if i.Node != "Node-One" {
			t.Errorf("instance %s is on %q, want the name as first registered", i.ID, i.Node)
		}
	}
}

func TestLookupByAddress(t *testing.T) {
	s := New()
	r := instance("n1", "10.0.0.1", "a", "web")
	r.Instance.Address = "2001:db8::1"
	apply(t, s, r, instance("n2", "10.0.0.1", "b", "web"), instance("n3", "host.example", "c", "web"))
	snap := s.Snapshot()
	for addr, want := range map[string]string{"10.0.0.1": "2/0", "::ffff:10.0.0.1": "2/0", "2001:db8::1": "0/1", "10.0.0.2": "0/0"} {
		a := netip.MustParseAddr(addr)
		if got := fmt.Sprintf("%d/%d", len(snap.NodesAt(a)), len(snap.InstancesAt(a))); got != want {
			t.Errorf("%s: nodes/instances %s, want %s", addr, got, want)
		}
	}
}

func TestBatchGoesOnPastFailures(t *testing.T) {
	s := New()
	res, err := s.Apply(1, &Batch{Commands: []Command{
		&SetStatus{Node: "n1", CheckID: "c", Status: Passing},
		&SetKey{Key: []byte("k"), Value: []byte("v")},
		&SetKey{Key: []byte("k"), CAS: true},
	}})
	if err != nil || len(res.Batch) != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	if CodeOf(res.Batch[0].Err) != NotFound || !res.Batch[1].OK || res.Batch[2].OK || res.Batch[2].Err != nil {
		t.Fatalf("outcomes %+v", res.Batch)
	}
	if p, _ := s.Snapshot().Pair("k"); p == nil || string(p.Value) != "v" {
		t.Fatalf("k is %v", p)
	}
}

// TestGravesAreBounded deletes more keys than are remembered: the index of a
// prefix still never falls, and what is kept stays within the bound.
func TestGravesAreBounded(t *testing.T) {
	s := New()
	for i := range maxGraves + 10 {
		key := fmt.Appendf(nil, "k/%d", i)
		apply(t, s, &SetKey{Key: key}, &DeleteKey{Key: key})
	}
	if _, m := s.Snapshot().Pair("k/0"); m.Index < 2 {
		t.Errorf("k/0 was deleted at 2, its index is now %d", m.Index)
	}
	if _, m := s.Snapshot().Pairs("k/"); m.Index != s.Applied() {
		t.Errorf("index of k/ is %d, want that of the last deletion, %d", m.Index, s.Applied())
	}
	if n := s.Snapshot().graves.len(); n != maxGraves {
		t.Errorf("%d graves, want %d", n, maxGraves)
	}
}

func TestKeys(t *testing.T) {
	s := New()
	for _, k := range []string{"a", "a/b", "a/b/c", "a/d", "b"} {
		apply(t, s, &SetKey{Key: []byte(k)})
	}
	for _, tt := range []struct{ prefix, separator, want string }{
		{"", "", "a a/b a/b/c a/d b"},
		{"", "/", "a a/ b"},
		{"a/", "/", "a/b a/b/ a/d"},
		{"x", "/", ""},
	} {
		keys, _ := s.Snapshot().Keys(tt.prefix, tt.separator)
		if got := strings.Join(keys, " "); got != tt.want {
			t.Errorf("Keys(%q, %q) = %q, want %q", tt.prefix, tt.separator, got, tt.want)
		}
	}
}

func TestReached(t *testing.T) {
	s := New()
	wait := s.Reached(1)
	if fired(wait) {
		t.Fatal("index 1 is reached before it is applied")
	}
	s.Advance(1)
	if !fired(wait) || !fired(s.Reached(1)) {
		t.Fatal("index 1 was applied unnoticed")
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":            "",
		"newer version":      "\x02\x01{}",
		"unknown kind":       "\x01\x63{}",
		"bad body":           "\x01\x01{",
		"nested batch":       "\x01\x06" + `[{"Kind":6,"Body":[]}]`,
		"once in a batch":    "\x01\x06" + `[{"Kind":7,"Body":{}}]`,
		"once in a once":     "\x01\x07" + `{"ID":"00000000000000000000000000000000","Kind":7,"Body":{}}`,
		"once of a short id": "\x01\x07" + `{"ID":"00","Kind":4,"Body":{}}`,
		"once of nothing":    "\x01\x07{}",
	} {
		if c, err := Decode([]byte(data)); err == nil {
			t.Errorf("%s: decoded to %T", name, c)
		}
	}
}

func TestCodes(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("apply: %w", Errorf(Unavailable, "no leader: %w", cause))
	if CodeOf(err) != Unavailable || !errors.Is(err, cause) || err.Error() != "apply: no leader: disk on fire" {
		t.Errorf("%v has code %s", err, CodeOf(err))
	}
	if CodeOf(nil) != "" || CodeOf(cause) != Internal {
		t.Errorf("codes %q and %q", CodeOf(nil), CodeOf(cause))
	}
}
