package local

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// bench is a store, a catalog and a running syncer inside a synctest bubble.
type bench struct {
	*replica
	store    *Store
	logged   bytes.Buffer
	observed []time.Duration
	stop     func()
}

// Write takes the syncer's log.
func (b *bench) Write(p []byte) (n int, err error) {
	b.with(func() { n, err = b.logged.Write(p) })
	return n, err
}

func (b *bench) lines() (text string) {
	b.with(func() { text = b.logged.String() })
	return text
}

func inBubble(t *testing.T, tune func(*Config, *SyncConfig, *bench), f func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{replica: newReplica()}
		cfg := Config{Node: func() catalog.Node { return self }}
		sc := SyncConfig{Applier: b.replica, Snapshot: b.state.Snapshot,
			Logger:  slog.New(slog.NewTextHandler(b, nil)),
			Observe: func(d time.Duration) { b.with(func() { b.observed = append(b.observed, d) }) }}
		if tune != nil {
			tune(&cfg, &sc, b)
		}
		var err error
		b.store, err = New(cfg)
		must(t, err)
		sc.Store = b.store
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); NewSyncer(sc).Run(ctx) }()
		b.stop = func() { cancel(); <-done }
		defer b.stop()
		synctest.Wait()
		f(b)
	})
}

// pause lets an amount of the bubble's time pass and its goroutines settle.
func pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// soon is when anything has arrived, and nothing that follows is held up.
const soon = newsPeriod

// status returns what the catalog says of a check, "" when it is not there.
func (b *bench) status(id string) catalog.Status {
	if c := b.state.Snapshot().Check("n1", id); c != nil {
		return c.Status
	}
	return ""
}

func (b *bench) want(t *testing.T, id string, s catalog.Status) {
	t.Helper()
	if got := b.status(id); got != s {
		t.Errorf("the catalog has %s %q, want %q", id, got, s)
	}
}

func TestChangesArriveAtOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		if n := b.state.Snapshot().Node("n1"); n == nil || n.ID != self.ID || n.Address != self.Address {
			t.Errorf("node %+v", n)
		}
		must(t, b.store.Register(svc("a", ttl("c")), false))
		pause(soon)
		b.want(t, "c", catalog.Critical)
		must(t, b.store.Report("c", catalog.Passing, "ok", time.Now()))
		pause(soon)
		b.want(t, "c", catalog.Passing)
		must(t, b.store.Report("c", catalog.Critical, "no", time.Now()))
		pause(soon)
		b.want(t, "c", catalog.Critical)
		b.with(func() {
			if len(b.observed) != 1 || b.observed[0] != coalesce {
				t.Errorf("seen to applied: %v", b.observed)
			}
		})
		must(t, b.store.Deregister("a"))
		pause(soon)
		if b.state.Snapshot().HasService("web") {
			t.Error("the instance is still there")
		}
	})
}

func TestManyChangesAreFewCommands(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		var checks []catalog.CheckDefinition
		for i := range 200 {
			checks = append(checks, ttl(strings.Repeat("x", i+1)))
		}
		must(t, b.store.Register(svc("a", checks...), false))
		pause(soon)
		before := b.applied()
		for _, c := range checks {
			must(t, b.store.Report(c.ID, catalog.Passing, "", time.Now()))
		}
		pause(soon)
		if n := b.applied() - before; n != 1 {
			t.Errorf("%d commands", n)
		}
	})
}

func TestOutputsWait(t *testing.T) {
	for _, every := range []time.Duration{0, 5 * time.Minute} {
		t.Run(every.String(), func(t *testing.T) {
			inBubble(t, func(c *Config, _ *SyncConfig, _ *bench) { c.UpdateInterval = every }, func(b *bench) {
				must(t, b.store.Register(svc("a", ttl("c")), false), b.store.Report("c", catalog.Passing, "0", time.Now()))
				pause(soon)
				pushed := 0
				for i := range 20 * 60 {
					must(t, b.store.Report("c", catalog.Passing, strings.Repeat("x", i%7), time.Now()))
					before := b.applied()
					pause(time.Second)
					pushed += b.applied() - before
				}
				// Twenty minutes: each second, or as often as five minutes fit in.
				if want := map[time.Duration][2]int{0: {1199, 1200}, 5 * time.Minute: {3, 4}}[every]; pushed < want[0] || pushed > want[1] {
					t.Errorf("%d outputs sent, want %v", pushed, want)
				}
			})
		})
	}
}

func TestSabotageIsMended(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c")), false))
		pause(soon)
		ctx := t.Context()
		_, err := b.Apply(ctx, &catalog.Deregister{Node: "n1"})
		must(t, err)
		// What the leader owns on a server's node is not ours to remove; anything else is.
		_, err = b.Apply(ctx, &catalog.Register{Node: self,
			Instance: &catalog.Instance{ID: "consul", Name: "consul"},
			Checks: []*catalog.Check{{ID: catalog.SerfHealth, Status: catalog.Passing},
				{ID: "leaders", ServiceID: "consul", Status: catalog.Passing}, {ID: "stray", Status: catalog.Passing}}})
		must(t, err)
		_, err = b.Apply(ctx, &catalog.Register{Node: self, Instance: &catalog.Instance{ID: "stray", Name: "stray"}})
		must(t, err)
		pause(3 * settle) // long before the next comparison by the clock
		snap := b.state.Snapshot()
		if snap.Instance("n1", "a") == nil || snap.Instance("n1", "stray") != nil || snap.Instance("n1", "consul") == nil {
			t.Errorf("instances %+v", snap.InstancesOn("n1"))
		}
		b.want(t, "c", catalog.Critical)
		b.want(t, catalog.SerfHealth, catalog.Passing)
		b.want(t, "leaders", catalog.Passing)
		b.want(t, "stray", "")
	})
}

func TestVerdictOnAVanishedRow(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c")), false), b.store.Report("c", catalog.Passing, "", time.Now()))
		pause(soon)
		// The row goes after the comparison saw it and before the verdict arrives.
		b.with(func() {
			b.before = func(catalog.Command) error {
				b.before = nil
				b.index++
				_, err := b.state.Apply(b.index, &catalog.Deregister{Node: "n1", ServiceID: "a"})
				return err
			}
		})
		must(t, b.store.Report("c", catalog.Critical, "", time.Now()))
		pause(time.Second)
		b.want(t, "c", catalog.Critical)
	})
}

func TestFailuresAreRetriedQuietly(t *testing.T) {
	down := catalog.Errorf(catalog.Unavailable, "no leader")
	tries := 0 // guarded by the bench
	inBubble(t, func(_ *Config, _ *SyncConfig, b *bench) {
		b.before = func(catalog.Command) error { tries++; return down }
	}, func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c")), false))
		for range 600 { // changes do not make it try more often
			must(t, b.store.Report("c", catalog.Passing, "", time.Now()), b.store.Report("c", catalog.Critical, "", time.Now()))
			pause(100 * time.Millisecond)
		}
		b.with(func() {
			if tries < 40 || tries > 100 {
				t.Errorf("%d tries in a minute", tries)
			}
		})
		if n := strings.Count(b.lines(), "\n"); n != 1 {
			t.Errorf("%d lines logged:\n%s", n, b.lines())
		}
		b.with(func() { b.before = nil })
		pause(2 * maxPause)
		b.want(t, "c", catalog.Critical)
		if n := strings.Count(b.lines(), "\n"); n != 2 {
			t.Errorf("%d lines logged:\n%s", n, b.lines())
		}
	})
}

func TestNodeNameOfAnother(t *testing.T) {
	other := self
	other.ID = "6a5b7c1e-0000-4000-8000-000000000002"
	inBubble(t, func(_ *Config, _ *SyncConfig, b *bench) {
		_, err := b.Apply(t.Context(), &catalog.Register{Node: other, Instance: &catalog.Instance{ID: "theirs", Name: "theirs"}})
		must(t, err)
	}, func(b *bench) {
		must(t, b.store.Register(svc("a"), false))
		pause(time.Minute)
		snap := b.state.Snapshot()
		if snap.Instance("n1", "theirs") == nil || snap.Instance("n1", "a") != nil {
			t.Errorf("instances on the other's node: %+v", snap.InstancesOn("n1"))
		}
		if !strings.Contains(b.lines(), other.ID) {
			t.Errorf("logged %q", b.lines())
		}
	})
}

func TestCaseOfTheNodeNameIsNoDifference(t *testing.T) {
	spelled := self
	spelled.Name = "N1"
	inBubble(t, func(_ *Config, _ *SyncConfig, b *bench) {
		_, err := b.Apply(t.Context(), &catalog.Register{Node: spelled})
		must(t, err)
	}, func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c")), false))
		pause(soon)
		before := b.applied()
		pause(10 * time.Minute)
		if n := b.applied() - before; n != 0 {
			t.Errorf("%d commands while nothing changed", n)
		}
	})
}

// lagging makes the syncer see a copy of the catalog, once there is one.
func lagging(copied **catalog.Snapshot) func(*Config, *SyncConfig, *bench) {
	return func(_ *Config, sc *SyncConfig, b *bench) {
		sc.Snapshot = func() *catalog.Snapshot {
			if *copied != nil {
				return *copied
			}
			return b.state.Snapshot()
		}
	}
}

func TestOldSnapshotsDoNotFool(t *testing.T) {
	// A client's copy of the catalog lags; the syncer must not take its own
	// change, not yet in the copy, for one that needs not be undone.
	var copied *catalog.Snapshot
	inBubble(t, lagging(&copied), func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c")), false), b.store.Report("c", catalog.Passing, "", time.Now()))
		pause(soon)
		copied = b.state.Snapshot()
		must(t, b.store.Report("c", catalog.Critical, "", time.Now()), b.store.Register(svc("late"), false))
		pause(soon)
		b.want(t, "c", catalog.Critical)
		must(t, b.store.Report("c", catalog.Passing, "", time.Now()), b.store.Deregister("late"))
		pause(soon)
		b.want(t, "c", catalog.Passing)
		if b.state.Snapshot().Instance("n1", "late") != nil {
			t.Error("the deregistered instance is still there")
		}
	})
}

func TestOldSnapshotOfAVanishedRow(t *testing.T) {
	var copied *catalog.Snapshot
	inBubble(t, lagging(&copied), func(b *bench) {
		must(t, b.store.Register(svc("a", ttl("c"), ttl("d")), false))
		pause(soon)
		copied = b.state.Snapshot()
		_, err := b.Apply(t.Context(), &catalog.Deregister{Node: "n1", ServiceID: "a"})
		must(t, err, b.store.Report("c", catalog.Passing, "", time.Now()))
		pause(time.Second)
		b.want(t, "c", catalog.Passing)
		b.want(t, "d", catalog.Critical)
	})
}

func TestDeregistrationBeatsALateSync(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		// The registration is committed, but its answer is lost on the way.
		b.with(func() { b.lost = catalog.Errorf(catalog.Unavailable, "timeout") })
		must(t, b.store.Register(svc("a"), false))
		pause(soon)
		must(t, b.store.Deregister("a"))
		b.with(func() { b.lost = nil })
		pause(2 * maxPause)
		if b.state.Snapshot().Instance("n1", "a") != nil {
			t.Error("the deregistered instance is still there")
		}
	})
}

func TestCriticalForTooLong(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		d := ttl("c")
		d.DeregisterCriticalServiceAfter = 2 * time.Minute
		must(t, b.store.Register(svc("a", d), false), b.store.Register(svc("b", ttl("e")), false))
		pause(2*time.Minute - time.Second)
		b.want(t, "c", catalog.Critical)
		pause(time.Second + reapEvery + soon)
		b.want(t, "c", "")
		b.want(t, "e", catalog.Critical)
	})
}

func TestComparisonsAreSpacedByClusterSize(t *testing.T) {
	for agents, want := range map[int]time.Duration{0: time.Minute, 1: time.Minute, 128: time.Minute, 129: 2 * time.Minute,
		256: 2 * time.Minute, 257: 3 * time.Minute, 1024: 4 * time.Minute, 1025: 5 * time.Minute} {
		if got := spaced(time.Minute, agents); got != want {
			t.Errorf("%d agents: %v, want %v", agents, got, want)
		}
	}
}
