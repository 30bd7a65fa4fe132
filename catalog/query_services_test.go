package catalog

import (
	"slices"
	"testing"
)

func TestServiceNames(t *testing.T) {
	s := New()
	register := func(node, id, name string) {
		t.Helper()
		if _, err := s.Apply(s.Applied()+1, &Register{Node: Node{Name: node, Address: "10.0.0.1"}, Instance: &Instance{ID: id, Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	if names, _ := s.Snapshot().ServiceNames(9); len(names) != 0 {
		t.Errorf("an empty catalog has %q", names)
	}
	for _, name := range []string{"web", "Web", "web-1", "web1", "we", "web_x", "A", "zz"} {
		register("n1", name, name)
		register("n2", name, name)
	}
	want := []string{"A", "we", "Web", "web-1", "web1", "web_x", "zz"}
	names, mark := s.Snapshot().ServiceNames(100)
	if !slices.Equal(names, want) {
		t.Errorf("names are %q, want %q", names, want)
	}
	if names, _ := s.Snapshot().ServiceNames(3); !slices.Equal(names, want[:3]) {
		t.Errorf("the first three are %q", names)
	}
	register("n1", "late", "late")
	select {
	case <-mark.Changed:
	default:
		t.Error("a new service did not move the mark")
	}
}

func TestEntryOf(t *testing.T) {
	s := New()
	for i, c := range []Command{
		&Register{Node: Node{Name: "n", Address: "10.0.0.1"}, Checks: []*Check{{ID: "alive", Status: Passing}}},
		&Register{Node: Node{Name: "n"}, SkipNodeUpdate: true, Instance: &Instance{ID: "a", Name: "web"}, Checks: []*Check{{ID: "up", ServiceID: "a", Status: Warning}}},
		&Register{Node: Node{Name: "n"}, SkipNodeUpdate: true, Instance: &Instance{ID: "b", Name: "web"}, Checks: []*Check{{ID: "down", ServiceID: "b", Status: Critical}}},
	} {
		if _, err := s.Apply(uint64(i+1), c); err != nil {
			t.Fatal(err)
		}
	}
	snap := s.Snapshot()
	for i, want := range snap.Entries("web") {
		got := snap.EntryOf(want.Instance)
		if got.Node != want.Node || got.Instance != want.Instance || !slices.Equal(got.Checks, want.Checks) {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
}
