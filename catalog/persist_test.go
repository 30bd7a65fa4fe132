package catalog

import (
	"bytes"
	"fmt"
	"testing"
)

// filled returns a state with a row in every table.
func filled(t testing.TB) *State {
	t.Helper()
	s := New()
	for i, c := range []Command{
		&Register{
			Node:     Node{Name: "n1", ID: "11111111-1111-1111-1111-111111111111", Address: "10.0.0.1", Meta: map[string]string{"a": "b"}},
			Instance: &Instance{ID: "web1", Name: "web", Tags: []string{"v1"}, Port: 80, Weights: DefaultWeights},
			Checks:   []*Check{{ID: "c1", ServiceID: "web1", Status: Passing, Definition: observed(3)}, {ID: SerfHealth, Status: Passing}},
			Own:      true,
		},
		&SetKey{Key: []byte("k\xff\x00"), Value: []byte{0, 1, 2}, Flags: 7},
		&SetKey{Key: []byte("gone")},
		&DeleteKey{Key: []byte("gone")},
		session("a", func(s *Session) { s.LockDelay = MaxLockDelay }),
		session("b", func(s *Session) { s.ServiceChecks = []string{"c1"} }),
		lock("late\xff", "a"),
		lock("held", "b"),
		&DestroySession{ID: "a"},
		&SetLineage{Lineage{1}},
		&SetAutopilot{Config: DefaultAutopilot()},
		&UpdateCoordinates{[]NodeCoordinate{{Node: "n1", Coord: place(1)}}},
		&Once{ID: [16]byte{2}, Command: &Batch{Commands: []Command{&SetKey{}}}},
	} {
		if _, err := s.Apply(uint64(i+1), c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func persistedBytes(t testing.TB, s *State) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Snapshot().Persist(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRestoreRefusesDamage flips every byte and cuts at every length: nothing
// gets through, and the state that refused is unchanged.
func TestRestoreRefusesDamage(t *testing.T) {
	good := persistedBytes(t, filled(t))
	victim := filled(t)
	if _, err := victim.Apply(19, &SetKey{Key: []byte("mine")}); err != nil {
		t.Fatal(err)
	}
	before := persistedBytes(t, victim)
	refuse := func(what string, data []byte) {
		t.Helper()
		if err := victim.Restore(bytes.NewReader(data)); err == nil {
			t.Fatalf("%s was accepted", what)
		}
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x41
		refuse(fmt.Sprintf("byte %d damaged", i), bad)
		refuse(fmt.Sprintf("cut at %d", i), good[:i])
	}
	refuse("a foreign file", []byte("PK\x03\x04 something else entirely, long enough for a header"))
	if after := persistedBytes(t, victim); !bytes.Equal(before, after) {
		t.Fatal("a refused restore changed the state")
	}
	if victim.Applied() != 19 {
		t.Fatalf("applied index is %d, want 19", victim.Applied())
	}
}

func TestRestoreWakesWatchers(t *testing.T) {
	s := filled(t)
	data, index := persistedBytes(t, s), s.Applied()
	if _, err := s.Apply(20, &Deregister{Node: "n1"}); err != nil {
		t.Fatal(err)
	}
	_, key := s.Snapshot().Pair("k\xff\x00")
	watched := map[string]Mark{"service": s.Snapshot().ServiceMark("web"), "node": s.Snapshot().NodeMark("n1"), "key": key}
	if err := s.Restore(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	for what, m := range watched {
		if !fired(m.Changed) {
			t.Errorf("the watch on a %s slept through a restore", what)
		}
	}
	if s.Snapshot().Node("N1") == nil || s.Applied() != index {
		t.Fatalf("restored to index %d without its rows", s.Applied())
	}
}

func FuzzRestore(f *testing.F) {
	good := persistedBytes(f, filled(f))
	f.Add(good)
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		s := New()
		if err := s.Restore(bytes.NewReader(data)); err != nil && len(persistedBytes(t, s)) != len(persistedBytes(t, New())) {
			t.Fatal("a refused restore left rows behind")
		}
	})
}
