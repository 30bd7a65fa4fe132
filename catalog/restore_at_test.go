package catalog

import (
	"bytes"
	"strings"
	"testing"
)

func TestRestoreAtLiftsEveryMark(t *testing.T) {
	old := New()
	for i, c := range []Command{
		&Register{Node: Node{Name: "n", Address: "10.0.0.1"}, Instance: &Instance{ID: "a", Name: "web"}},
		&SetKey{Key: []byte("kept"), Value: []byte("v")},
		&SetKey{Key: []byte("dead"), Value: []byte("v")},
		&DeleteKey{Key: []byte("dead")},
	} {
		if _, err := old.Apply(uint64(i+5), c); err != nil {
			t.Fatal(err)
		}
	}
	var saved bytes.Buffer
	if err := old.Snapshot().Persist(&saved); err != nil {
		t.Fatal(err)
	}

	s := New()
	if _, err := s.Apply(900, &Register{Node: Node{Name: "later", Address: "10.0.0.2"}, Instance: &Instance{ID: "l", Name: "later"}}); err != nil {
		t.Fatal(err)
	}
	marks := func() map[string]Mark {
		v := s.Snapshot()
		m := map[string]Mark{}
		_, m["nodes"] = v.Nodes()
		_, m["services"] = v.Services()
		_, m["checks"] = v.ChecksIn("any")
		_, m["dead key"] = v.Pair("dead")
		_, m["unknown key"] = v.Pair("unknown")
		_, m["keys"] = v.Pairs("")
		for _, name := range []string{"web", "later", "unknown"} {
			m["service "+name] = v.ServiceMark(name)
		}
		for _, name := range []string{"n", "later", "unknown"} {
			m["node "+name] = v.NodeMark(name)
		}
		return m
	}
	before, reached := marks(), s.Reached(1000)
	if err := s.RestoreAt(bytes.NewReader(saved.Bytes()), 1000); err != nil {
		t.Fatal(err)
	}
	for name, now := range marks() {
		if now.Index != 1000 {
			t.Errorf("%s is at %d, want 1000", name, now.Index)
		}
		select {
		case <-before[name].Changed:
		default:
			t.Errorf("%s: nobody was told", name)
		}
	}
	select {
	case <-reached:
	default:
		t.Error("who waits for the index was not told")
	}
	v := s.Snapshot()
	p, _ := v.Pair("kept")
	if s.Applied() != 1000 || v.Index != 1000 || v.Node("later") != nil || v.Instance("n", "a") == nil || p == nil || p.ModifyIndex != 6 {
		t.Errorf("state at %d, rows %+v, pair %+v", s.Applied(), v.Counts(), p)
	}

	// Another state comes to the same bytes, by the same way or from a copy of the first.
	var first bytes.Buffer
	if err := v.Persist(&first); err != nil {
		t.Fatal(err)
	}
	twin, copied := New(), New()
	if err := twin.RestoreAt(bytes.NewReader(saved.Bytes()), 1000); err != nil {
		t.Fatal(err)
	}
	if err := copied.Restore(bytes.NewReader(first.Bytes())); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*State{twin, copied} {
		var b bytes.Buffer
		if err := other.Snapshot().Persist(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), b.Bytes()) {
			t.Error("equal restores differ")
		}
	}
}

func TestRestoreAtRefuses(t *testing.T) {
	s := New()
	if _, err := s.Apply(7, &SetKey{Key: []byte("k"), Value: []byte("v")}); err != nil {
		t.Fatal(err)
	}
	var saved bytes.Buffer
	if err := s.Snapshot().Persist(&saved); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		data  []byte
		index uint64
		text  string
	}{
		{"an index in the past", saved.Bytes(), 6, "its index is 7, past 6"},
		{"damage", saved.Bytes()[:saved.Len()-1], 100, "end"},
		{"something else", []byte("PK\x03\x04 and so on for a while"), 100, "not a muster catalog"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := s.RestoreAt(bytes.NewReader(tc.data), tc.index); err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("RestoreAt: %v, want %q", err, tc.text)
			}
			if p, _ := s.Snapshot().Pair("k"); p == nil || s.Applied() != 7 {
				t.Errorf("the state changed: at %d, %+v", s.Applied(), p)
			}
		})
	}
}
