package gossip

import (
	"log/slog"
	"slices"
	"testing"
	"time"
)

// The members' own records of those that are gone reach one who was not told.
func TestRecords(t *testing.T) {
	b := newBook("self", keep{72 * time.Hour, 24 * time.Hour}, newReporter(slog.New(slog.DiscardHandler)), nil)
	m := meta{ID: "i", Datacenter: "dc1", Run: 5}
	rec := func(run uint64, left, pruned bool, age time.Duration) record {
		r := record{Name: "n", Addr: at1, Meta: m, Left: left, Pruned: pruned, Age: age}
		r.Meta.Run = run
		return r
	}
	other := rec(9, true, false, 0)
	other.Meta.ID = "j"
	for _, step := range []struct {
		name      string
		do        func() bool // tells whether somebody is to be told
		want      Status
		contested bool
	}{
		{"too old", func() bool { return len(b.merge([]record{rec(5, true, false, 25*time.Hour)})) > 0 }, "", false},
		{"unknown and failed", func() bool { return len(b.merge([]record{rec(5, false, false, time.Hour)})) > 0 }, Failed, false},
		{"an earlier run left", func() bool { return len(b.merge([]record{rec(4, true, false, 0)})) > 0 }, Failed, false},
		{"left", func() bool { return len(b.merge([]record{rec(5, true, false, time.Hour)})) > 0 }, Left, false},
		{"failed, says one who was not told", func() bool { return len(b.merge([]record{rec(5, false, false, 0)})) > 0 }, Left, false},
		{"a later run is heard", func() bool { _, c := b.heard("n", at1, meta{ID: "i", Datacenter: "dc1", Run: 6}); return c }, Alive, false},
		{"the earlier run left", func() bool { return len(b.merge([]record{rec(5, true, false, 0)})) > 0 }, Alive, false},
		{"another agent of that name left", func() bool { return len(b.merge([]record{other})) > 0 }, Alive, false},
		{"failed, but we hear it", func() bool { return len(b.merge([]record{rec(6, false, false, 0)})) > 0 }, Alive, false},
		{"left, but we hear it", func() bool { return len(b.merge([]record{rec(6, true, false, 0)})) > 0 }, Leaving, true},
		{"it objects", func() bool { _, c := b.heard("n", at1, meta{ID: "i", Datacenter: "dc1", Run: 7}); return c }, Alive, false},
		{"it dies", func() bool { b.gone("n"); return false }, Failed, false},
		{"it left", func() bool { b.depart(departure{"n", "i", 7, false}); return false }, Left, false},
		{"heard again with the run that is over", func() bool { _, c := b.heard("n", at1, meta{ID: "i", Datacenter: "dc1", Run: 7}); return c }, Leaving, true},
		{"gone", func() bool { b.gone("n"); return false }, Left, false},
		{"pruned", func() bool { return len(b.merge([]record{rec(7, true, true, 0)})) > 0 }, "", false},
	} {
		contested := step.do()
		var got Status
		for _, m := range b.list() {
			got = m.Status
		}
		if got != step.want || contested != step.contested {
			t.Fatalf("%s: %q, %t, want %q, %t", step.name, got, contested, step.want, step.contested)
		}
	}
	if r := b.records(); len(r) != 1 || !r[0].Pruned || !r[0].Left {
		t.Errorf("the pruned one is not passed on: %+v", r)
	}
}

func TestSpacing(t *testing.T) {
	var low, high []time.Duration
	for tries := range 8 {
		low, high = append(low, spacing(tries, 5, 0)), append(high, spacing(tries, 5, 0.999))
	}
	if !slices.IsSorted(low) || low[0] != firstRetry/2 || high[7] > 45*time.Second || low[7] != longRetry/2 {
		t.Errorf("from %v to %v", low, high)
	}
	if s := spacing(0, 160, 0.5); s != 10*firstRetry {
		t.Errorf("in a crowd of 160: %v", s)
	}
	if s := spacing(1<<20, 1, 0.5); s != longRetry {
		t.Errorf("after many tries: %v", s)
	}
}

// Failed members are tried, each at its own pace, and those that started again are greeted once; others are not.
func TestDue(t *testing.T) {
	b := newBook("self", keep{72 * time.Hour, 24 * time.Hour}, newReporter(slog.New(slog.DiscardHandler)), nil)
	m := meta{ID: "i", Datacenter: "dc1", Run: 1}
	for _, name := range []string{"failed", "also", "alive", "left"} {
		m.ID = name
		b.heard(name, at1, m)
		if name != "alive" {
			b.gone(name)
		}
	}
	b.depart(departure{Name: "left", ID: "left", Run: 1})
	b.heard("again", at2, meta{ID: "again", Datacenter: "dc1", Run: 1})
	b.heard("again", at2, meta{ID: "again", Datacenter: "dc1", Run: 2})
	now, tried := time.Now(), map[string]int{}
	for range 600 { // ten minutes
		if m, ok := b.due(now, func() float64 { return 0.5 }); ok {
			tried[m.Name]++
		}
		now = now.Add(time.Second)
	}
	if len(tried) != 3 || tried["again"] != 1 || tried["failed"] < 15 || tried["failed"] > 30 || tried["also"] < 15 {
		t.Errorf("tried in ten minutes: %v", tried)
	}
}
