package local

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/catalog"
)

func TestPace(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		name                 string
		wrote                []int // milliseconds
		now                  int
		wantUrgent, wantNews int
	}{
		{"never wrote", nil, 0, 3, 3},
		{"wrote long ago", []int{0}, 500, 503, 503},
		{"just wrote", []int{0}, 1, 20, 20},
		{"company matters more", []int{0}, 18, 21, 21},
		{"a burst", []int{0, 20, 40, 60}, 61, 80, 400},
		{"a burst that is nearly over", []int{0, 20, 40, 300}, 399, 402, 402},
		{"turmoil", []int{0, 100, 200, 300, 400, 500, 600, 700, 800}, 801, 820, 900},
	} {
		var p pace
		for _, ms := range c.wrote {
			p.write(at(ms))
		}
		if got := p.urgent(at(c.now)); !got.Equal(at(c.wantUrgent)) {
			t.Errorf("%s: what is urgent may go at %v, want %d ms", c.name, got.Sub(start), c.wantUrgent)
		}
		if got := p.news(at(c.now)); !got.Equal(at(c.wantNews)) {
			t.Errorf("%s: news may go at %v, want %d ms", c.name, got.Sub(start), c.wantNews)
		}
	}
}

// flood registers a service with so many checks, which pass and are at rest.
func (b *bench) flood(t *testing.T, n int) (ids []string) {
	t.Helper()
	var defs []catalog.CheckDefinition
	for i := range n {
		defs = append(defs, ttl(fmt.Sprintf("c%03d", i)))
		ids = append(ids, defs[i].ID)
	}
	must(t, b.store.Register(svc("many", defs...), false))
	for _, id := range ids {
		must(t, b.store.Report(id, catalog.Passing, "", time.Now()))
	}
	pause(soon + restless)
	return ids
}

// TestTurmoilIsFewEntries flips a hundred checks a second, each once, for ten seconds.
func TestTurmoilIsFewEntries(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		ids := b.flood(t, 100)
		before := b.applied()
		for s := range 10 {
			now := catalog.Critical
			if s%2 == 1 {
				now = catalog.Passing
			}
			for _, id := range ids {
				must(t, b.store.Report(id, now, "", time.Now()))
				pause(10 * time.Millisecond)
			}
		}
		// The first failures are urgent; then there are ten entries a second.
		if n := b.applied() - before; n > 50+9*10+newsBurst {
			t.Errorf("%d entries of 1000 flips", n)
		}
		pause(soon)
		for _, id := range ids {
			b.want(t, id, catalog.Passing)
		}
	})
}

func TestFailureAfterRestIsUrgentInTurmoil(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		ids := b.flood(t, 100)
		steady, ids := ids[0], ids[1:]
		for i := range 300 { // restless from the third turn on
			must(t, b.store.Report(ids[i%10], []catalog.Status{catalog.Critical, catalog.Passing}[i/10%2], "", time.Now()))
			pause(10 * time.Millisecond)
		}
		failed := time.Now()
		must(t, b.store.Report(steady, catalog.Critical, "", failed))
		pause(urgentGap)
		b.want(t, steady, catalog.Critical)
	})
}

// slow makes each command take a while, and tells when two are under way at once.
type slow struct {
	Applier
	takes  time.Duration
	flying chan struct{} // of one token
}

func (s *slow) Apply(ctx context.Context, c catalog.Command) (catalog.Result, error) {
	select {
	case s.flying <- struct{}{}:
	default:
		return catalog.Result{}, catalog.Errorf(catalog.Invalid, "two commands at once")
	}
	time.Sleep(s.takes)
	<-s.flying
	return s.Applier.Apply(ctx, c)
}

func slowly(takes time.Duration) func(*Config, *SyncConfig, *bench) {
	return func(_ *Config, sc *SyncConfig, _ *bench) {
		sc.Applier = &slow{sc.Applier, takes, make(chan struct{}, 1)}
	}
}

// wrote lists what commands did to checks, one line each.
func (b *bench) wrote(from int) (lines []string) {
	b.with(func() {
		for _, c := range b.log[from:] {
			line := ""
			if batch, ok := c.(*catalog.Batch); ok {
				for _, c := range batch.Commands {
					line += describe(step{command: c}) + " "
				}
			}
			lines = append(lines, line)
		}
	})
	return lines
}

func TestOneCommandAtATimeAndFailuresFirst(t *testing.T) {
	inBubble(t, slowly(50*time.Millisecond), func(b *bench) {
		b.flood(t, 5)
		before := b.applied()
		report := func(id string, s catalog.Status) { must(t, b.store.Report(id, s, "", time.Now())) }
		report("c004", catalog.Critical)
		pause(restless)
		report("c003", catalog.Critical)
		pause(10 * time.Millisecond) // on its way
		report("c004", catalog.Passing)
		report("c001", catalog.Critical)
		report("c000", catalog.Warning)
		pause(soon)
		want := []string{"c004=critical ", "c003=critical ", "c000=warning c001=critical c004=passing "}
		if got := b.wrote(before); !slices.Equal(got, want) {
			t.Errorf("wrote %q, want %q", got, want)
		}
		if b.lines() != "" {
			t.Errorf("logged %s", b.lines())
		}
	})
}

// TestFailureOvertakesALongPass fails a check while registrations fill many entries.
func TestFailureOvertakesALongPass(t *testing.T) {
	const each = 50 * time.Millisecond
	inBubble(t, slowly(each), func(b *bench) {
		b.flood(t, 1)
		var many []catalog.ServiceDefinition
		for i := range 3000 {
			many = append(many, svc(fmt.Sprintf("s%04d", i)))
		}
		before := b.applied()
		load(t, b.store, many)
		pause(coalesce + each/2)
		must(t, b.store.Report("c000", catalog.Critical, "", time.Now()))
		pause(2 * each)
		b.want(t, "c000", catalog.Critical)
		if n := len(b.state.Snapshot().InstancesOn("n1")); n >= len(many) {
			t.Fatalf("all %d instances had arrived: this test tells nothing", n)
		}
		pause(time.Minute)
		if n := len(b.state.Snapshot().InstancesOn("n1")); n != len(many)+1 {
			t.Errorf("%d instances arrived, want %d", n, len(many)+1)
		}
		// Nothing was sent twice for the interruption.
		sent := 0
		b.with(func() {
			for _, c := range b.log[before:] {
				if batch, ok := c.(*catalog.Batch); ok {
					sent += len(batch.Commands)
				}
			}
		})
		if sent != len(many)+1 {
			t.Errorf("%d commands for %d changes", sent, len(many)+1)
		}
	})
}

func TestAFailedCommandIsSentAgainFailuresFirst(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("lost=%t", lost), func(t *testing.T) {
			inBubble(t, nil, func(b *bench) {
				b.flood(t, 3)
				must(t, b.store.Register(svc("a", ttl("a")), false), b.store.Report("c001", catalog.Critical, "", time.Now()))
				pause(soon + restless)
				down := catalog.Errorf(catalog.Unavailable, "no leader")
				b.with(func() {
					if lost {
						b.lost = down
					} else {
						b.before = func(catalog.Command) error { return down }
					}
				})
				must(t, b.store.Report("c001", catalog.Passing, "", time.Now()), b.store.Report("c002", catalog.Critical, "", time.Now()))
				pause(soon)
				must(t, b.store.Report("a", catalog.Passing, "", time.Now()), b.store.Register(svc("0"), false))
				b.with(func() { b.before, b.lost = nil, nil })
				before := b.applied()
				pause(2 * maxPause)
				for id, s := range map[string]catalog.Status{"c000": catalog.Passing, "c001": catalog.Passing, "c002": catalog.Critical, "a": catalog.Passing} {
					b.want(t, id, s)
				}
				// Nobody knows that the rows are there, so they come whole.
				want := "+,c001,c002 +0 a=passing "
				if lost {
					want = "+0 a=passing " // the copy of the catalog shows that it arrived
				}
				if got := b.wrote(before); len(got) != 1 || got[0] != want {
					t.Errorf("wrote %q, want %q", got, want)
				}
			})
		})
	}
}
