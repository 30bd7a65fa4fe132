package local

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/catalog"
)

func TestInLineIsTold(t *testing.T) {
	var said []bool // guarded by the bench
	down := func(catalog.Command) error { return catalog.Errorf(catalog.Unavailable, "no leader") }
	inBubble(t, func(_ *Config, sc *SyncConfig, b *bench) {
		b.before = down
		sc.InLine = func(is bool) { b.with(func() { said = append(said, is) }) }
	}, func(b *bench) {
		expect := func(what string, want ...bool) {
			t.Helper()
			b.with(func() {
				if !slices.Equal(said, want) {
					t.Errorf("%s: said %v, want %v", what, said, want)
				}
			})
		}
		pause(time.Minute)
		expect("nothing has ever got through")
		b.with(func() { b.before = nil })
		pause(2 * maxPause)
		expect("all is there", true)
		pause(10 * time.Minute)
		expect("once", true)

		must(t, b.store.Register(svc("a", ttl("c")), false))
		pause(soon)
		b.with(func() { b.before = down })
		must(t, b.store.Report("c", catalog.Passing, "", time.Now()))
		pause(outOfLine - maxPause)
		expect("an election is over soon", true)
		pause(3 * maxPause)
		expect("this is more than that", true, false)
		b.with(func() { b.before = nil })
		pause(2 * maxPause)
		expect("and over", true, false, true)
	})
}

// TestOneRefusalDoesNotHoldUpTheRest has a row in the first of several batches refused for good.
func TestOneRefusalDoesNotHoldUpTheRest(t *testing.T) {
	inLine := false // guarded by the bench
	inBubble(t, func(_ *Config, sc *SyncConfig, b *bench) {
		sc.InLine = func(is bool) { b.with(func() { inLine = is }) }
		b.refuse = "a000"
	}, func(b *bench) {
		for i := range 1000 { // some three batches
			must(t, b.store.Register(svc(fmt.Sprintf("a%03d", i)), false))
		}
		pause(soon)
		if n := len(b.state.Snapshot().InstancesOn("n1")); n != 999 {
			t.Errorf("%d instances arrived, want all but one", n)
		}
		b.with(func() {
			if !inLine {
				t.Error("the catalog has answered to everything, and yet is not in line")
			}
		})
	})
}

// TestFirstPassDoubtsTheCopy starts with a copy of the catalog in which a check is
// critical, as a new agent holds it to be, while the catalog says it passes.
func TestFirstPassDoubtsTheCopy(t *testing.T) {
	var copied *catalog.Snapshot
	inBubble(t, func(c *Config, sc *SyncConfig, b *bench) {
		lagging(&copied)(c, sc, b)
		row := &catalog.Check{ID: "c", Name: "Service 'web' check", Type: "ttl", ServiceID: "a", Status: catalog.Critical}
		i := &catalog.Instance{ID: "a", Name: "web", Port: 80, Weights: catalog.DefaultWeights}
		_, err := b.Apply(t.Context(), &catalog.Register{Node: self, Instance: i, Checks: []*catalog.Check{row}})
		must(t, err)
		copied = b.state.Snapshot()
		_, err = b.Apply(t.Context(), &catalog.SetStatus{Node: "n1", CheckID: "c", Status: catalog.Passing})
		must(t, err)
		// Registered before the first pass, as config files are.
		c.Dir = t.TempDir()
		must(t, open(t, c.Dir).Register(svc("a", ttl("c")), false))
	}, func(b *bench) {
		b.want(t, "c", catalog.Critical)
	})
}
