package probes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// spy is a probe that notes when it is called and how many calls overlap.
type spy struct {
	takes time.Duration // unless its time runs out first

	mu      sync.Mutex
	starts  []time.Time
	running int
	most    int
}

func (s *spy) probe(ctx context.Context, _ *catalog.CheckDefinition) Result {
	s.enter()
	defer s.leave()
	select {
	case <-time.After(s.takes):
		return Result{catalog.Passing, "ok"}
	case <-ctx.Done():
		return failure(ctx, "spy", ctx.Err())
	}
}

func (s *spy) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts = append(s.starts, time.Now())
	s.running++
	s.most = max(s.most, s.running)
}

func (s *spy) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
}

// gaps returns the times from each start to the next.
func (s *spy) gaps() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []time.Duration
	for i := 1; i < len(s.starts); i++ {
		out = append(out, s.starts[i].Sub(s.starts[i-1]))
	}
	return out
}

func TestSchedule(t *testing.T) {
	const sec = time.Second
	for _, c := range []struct {
		name              string
		interval, timeout time.Duration
		takes             time.Duration
		gaps              []time.Duration // within 35 s
	}{
		{"every interval", 10 * sec, 0, 0, []time.Duration{10 * sec, 10 * sec, 10 * sec}},
		{"the time a probe takes is not added", 10 * sec, 0, 7 * sec, []time.Duration{10 * sec, 10 * sec, 10 * sec}},
		{"one that overruns is followed at once", 10 * sec, 15 * sec, 12 * sec, []time.Duration{12 * sec, 12 * sec}},
		{"the timeout is the interval unless stated", 5 * sec, 0, time.Hour, []time.Duration{5 * sec, 5 * sec, 5 * sec, 5 * sec, 5 * sec, 5 * sec}},
		{"a timeout over the interval delays the next", 10 * sec, 30 * sec, time.Hour, []time.Duration{30 * sec}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, o, s := time.Now(), &owner{}, &spy{takes: c.takes}
				r := newRunner(t, o, nil, nil)
				r.pretend(s.probe)
				def := tcpCheck("c", c.interval)
				def.Timeout = c.timeout
				r.Reconcile([]catalog.CheckDefinition{def}, nil)
				pass(34*sec + 900*time.Millisecond)
				if got := s.gaps(); !slices.Equal(got, c.gaps) {
					t.Errorf("probes came after %v, want %v", got, c.gaps)
				}
				if first := s.starts[0].Sub(began); first >= 500*time.Millisecond {
					t.Errorf("the first probe came after %v", first)
				}
				if s.most != 1 {
					t.Errorf("%d probes of one check overlapped", s.most)
				}
				r.Close()
			})
		})
	}
}

func TestFirstProbesSpreadOut(t *testing.T) {
	for _, c := range []struct{ interval, firstWithin, want time.Duration }{
		{10 * time.Second, 0, 500 * time.Millisecond},
		{10 * time.Second, 2 * time.Second, 2 * time.Second},
		{100 * time.Millisecond, 2 * time.Second, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, s := time.Now(), &spy{}
			r := newRunner(t, &owner{}, nil, func(cfg *Config) { cfg.FirstWithin = c.firstWithin })
			r.pretend(s.probe)
			var defs []catalog.CheckDefinition
			for i := range 1000 {
				defs = append(defs, tcpCheck(fmt.Sprint(i), c.interval))
			}
			r.Reconcile(defs, nil)
			pass(c.want)
			r.Close()
			first, last := s.starts[0].Sub(began), s.starts[999].Sub(began)
			if first > c.want/10 || last < c.want*9/10 || last > c.want {
				t.Errorf("1000 first probes came between %v and %v, want them spread over %v", first, last, c.want)
			}
		})
	}
}

func TestProbesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := &owner{}, &spy{takes: 10 * time.Millisecond}
		r := newRunner(t, o, nil, func(cfg *Config) { cfg.MaxConcurrent = 7 })
		r.pretend(s.probe)
		var defs []catalog.CheckDefinition
		for i := range 5000 {
			defs = append(defs, tcpCheck(fmt.Sprint(i), 20*time.Second))
		}
		r.Reconcile(defs, nil)
		pass(20 * time.Second)
		seen := map[string]bool{}
		for _, s := range o.take() {
			seen[s.id] = s.status == catalog.Passing
		}
		if len(seen) != 5000 || s.most != 7 {
			t.Errorf("%d of 5000 checks were probed, %d at once, want 7", len(seen), s.most)
		}
		r.Close()
	})
}

// TestWaitingForASlotIsNoTimeout keeps a probe that had to queue from failing for it.
func TestWaitingForASlotIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := &owner{}, &spy{takes: 900 * time.Millisecond}
		r := newRunner(t, o, nil, func(cfg *Config) { cfg.MaxConcurrent = 1 })
		r.pretend(s.probe)
		r.Reconcile([]catalog.CheckDefinition{tcpCheck("a", time.Second), tcpCheck("b", time.Second), tcpCheck("c", time.Second)}, nil)
		pass(10 * time.Second)
		r.Close()
		if got := o.statuses(); strings.Contains(got, "critical") || !strings.Contains(got, "passing") {
			t.Errorf("got %s, want passing only", got)
		}
	})
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct{ stated, interval, want time.Duration }{
		{0, time.Minute, 10 * time.Second},
		{0, 2 * time.Second, 2 * time.Second},
		{time.Second, 2 * time.Second, time.Second},
		{5 * time.Second, 2 * time.Second, 5 * time.Second},
	} {
		def := catalog.CheckDefinition{Timeout: c.stated, Interval: c.interval}
		if got := timeoutOf(&def, 10*time.Second); got != c.want {
			t.Errorf("timeout %v, interval %v: %v, want %v", c.stated, c.interval, got, c.want)
		}
	}
}
