package probes

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// checkOf returns the check of an id that a runner watches.
func checkOf(r *Runner, id string) *check {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checks[id]
}

func TestWakesAreProbesAtOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration // between wakes
		n     int
		least int // probes within ten seconds, beside the first
		most  int
	}{
		{"none", time.Second, 0, 0, 0},
		{"one", time.Second, 1, 1, 1},
		{"now and then", time.Second, 9, 9, 9},
		{"a few at once", time.Nanosecond, wakeBurst, 1, wakeBurst},
		{"a storm", time.Millisecond, 10_000, 100, 100 + wakeBurst},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &spy{}
				r := newRunner(t, &owner{}, nil, func(cfg *Config) { cfg.FirstWithin = 1 })
				r.pretend(s.probe)
				r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", time.Hour)}, nil)
				pass(time.Second)
				end := time.Now().Add(10 * time.Second)
				for range c.n {
					s.mu.Lock()
					before := len(s.starts)
					s.mu.Unlock()
					checkOf(r, "c").wake(wokenByProcess)
					synctest.Wait()
					if s.mu.Lock(); c.every >= time.Second && len(s.starts) != before+1 {
						t.Error("a wake was not followed by a probe at once")
					}
					s.mu.Unlock()
					<-time.After(c.every)
				}
				pass(time.Until(end))
				if n := len(s.starts) - 1; n < c.least || n > c.most {
					t.Errorf("%d probes, want %d to %d", n, c.least, c.most)
				}
				if s.most > 1 {
					t.Errorf("%d probes overlapped", s.most)
				}
				r.Close()
			})
		})
	}
}

// What happens while a probe is on its way may have happened after it looked.
func TestWakeDuringAProbeIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spy{takes: 10 * time.Second}
		r := newRunner(t, &owner{}, nil, func(cfg *Config) { cfg.FirstWithin = 1 })
		r.pretend(s.probe)
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("c", time.Hour)}, nil)
		pass(5 * time.Second)
		checkOf(r, "c").wake(wokenByConnection)
		pass(6 * time.Second)
		if len(s.starts) != 2 || s.most != 1 {
			t.Errorf("%d probes, %d at once, want 2 and 1", len(s.starts), s.most)
		}
		r.Close()
	})
}

func TestWokenProbesDoNotWaitForSlowOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin, cfg.MaxConcurrent = 1, 1 })
		r.pretend(func(ctx context.Context, def *catalog.CheckDefinition) Result {
			if def.ID == "slow" {
				<-ctx.Done()
			}
			return Result{catalog.Passing, ""}
		})
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("quick", time.Hour)}, nil)
		pass(time.Second)
		slow := tcpCheck("slow", time.Hour)
		slow.Timeout = time.Hour
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("quick", time.Hour), slow}, nil)
		pass(time.Second)
		o.take()
		checkOf(r, "quick").wake(wokenByConnection)
		pass(time.Millisecond)
		if got := o.take(); len(got) != 1 || got[0].id != "quick" {
			t.Errorf("reported %v, want the quick check", got)
		}
		r.Close()
	})
}

func TestBudget(t *testing.T) {
	b := newBudget(2, nil)
	for i, want := range []bool{true, true, false, false} {
		if b.take() != want {
			t.Errorf("take %d: not %v", i, want)
		}
	}
	b.give()
	if !b.take() || b.take() {
		t.Error("what was given back is not there, or twice")
	}
	if n := defaultKept(); n < 16 || n > 50_000 {
		t.Errorf("%d connections may be kept by default", n)
	}
}
