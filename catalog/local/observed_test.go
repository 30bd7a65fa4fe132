package local

import (
	"testing"
	"time"

	"muster/catalog"
)

// A check that others observe too gets this node's verdict as one of several, and the
// catalog is in line with this node whatever the others make of it.
func TestVerdictAmongOthers(t *testing.T) {
	check := catalog.CheckDefinition{ID: "c", TCP: "10.0.0.1:80", Interval: time.Second, Observers: 3}
	inBubble(t, nil, func(b *bench) {
		other := func(name string) {
			b.Apply(t.Context(), &catalog.Register{
				Node:   catalog.Node{Name: name, Address: "10.0.0.2", Meta: map[string]string{catalog.MetaObserves: "9"}},
				Checks: []*catalog.Check{{ID: catalog.SerfHealth, Status: catalog.Passing}},
			})
		}
		see := func(name string, s catalog.Status) {
			t.Helper()
			defined := b.state.Snapshot().Check("n1", "c").DefinedIndex
			res, err := b.Apply(t.Context(), &catalog.Observe{Node: "n1", CheckID: "c", Observer: name, Defined: defined, Status: s})
			if err != nil || !res.OK {
				t.Errorf("%s is not heard: %v", name, err)
			}
		}
		other("n2")
		other("n3")
		other("n1")
		must(t, b.store.Register(svc("a", check), false), b.store.Report("c", catalog.Passing, "mine", time.Now()))
		pause(soon)
		b.want(t, "c", catalog.Critical) // this node is one of three
		see("n2", catalog.Critical)
		see("n3", catalog.Critical)
		pause(settle)
		before := b.applied()
		pause(10 * time.Minute)
		if n := b.applied() - before; n != 0 {
			t.Errorf("%d commands although nothing is new", n)
		}
		b.want(t, "c", catalog.Critical)
		if got := b.state.Snapshot().Observation("n1", "c", "n1"); got == nil || got.Status != catalog.Passing || got.Output != "mine" {
			t.Errorf("recorded as %+v", got)
		}
		see("n2", catalog.Passing)
		b.want(t, "c", catalog.Passing)
		must(t, b.store.Report("c", catalog.Critical, "mine again", time.Now()))
		pause(soon)
		b.want(t, "c", catalog.Critical)

		// Others go, and this node decides again.
		b.Apply(t.Context(), &catalog.Deregister{Node: "n2"})
		b.Apply(t.Context(), &catalog.Deregister{Node: "n3"})
		must(t, b.store.Report("c", catalog.Passing, "", time.Now()))
		pause(soon)
		b.want(t, "c", catalog.Passing)
		if strays := b.state.Snapshot().ObservationsBy("n2"); len(strays) != 0 {
			t.Errorf("one who is gone still has a say: %v", strays)
		}
	})
}
