package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// script says how a fake upstream takes each question: the time until its reply
// and what that is. "ok", "refused", "dead" (nothing until the timeout) or "gone" (no such port).
type script struct {
	after time.Duration
	says  string
}

// stage is a recursor whose upstreams follow scripts, in the time of a synctest bubble.
type stage struct {
	*recursor
	begun time.Time
	mu    sync.Mutex
	log   []string // "port@milliseconds" of each question put
}

func newStage(timeout time.Duration, scripts ...script) *stage {
	s := &stage{begun: time.Now()}
	var addrs []netip.AddrPort
	for i := range scripts {
		addrs = append(addrs, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(i+1)))
	}
	s.recursor = &recursor{
		learned: &learned{pool: newPool(addrs), cache: newReplyCache(1 << 20)}, timeout: timeout,
		log: slog.New(slog.DiscardHandler),
	}
	s.recursor.ask = func(ctx context.Context, u *upstream, q asked) (found, time.Duration, error) {
		port := u.addr.Port()
		s.mu.Lock()
		s.log = append(s.log, fmt.Sprintf("%d@%d", port, time.Since(s.begun).Milliseconds()))
		do := scripts[port-1]
		s.mu.Unlock()
		if do.says == "dead" {
			do.after = timeout
		}
		select {
		case <-ctx.Done():
			return found{}, 0, ctx.Err()
		case <-time.After(do.after):
		}
		switch do.says {
		case "ok":
			return found{wire: []byte{byte(port)}, life: time.Minute}, do.after, nil
		case "refused":
			return found{}, 0, refusal(dns.RcodeServerFailure)
		case "gone":
			return found{}, 0, errors.New("connection refused")
		}
		return found{}, 0, os.ErrDeadlineExceeded
	}
	return s
}

// set changes how an upstream takes questions.
func (s *stage) set(scripts []script, i int, to script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scripts[i] = to
}

// asks puts one question and returns who was asked when, who won and when.
func (s *stage) asks(ctx context.Context) string {
	s.log = nil
	f := s.race(ctx, asked{})
	s.mu.Lock()
	defer s.mu.Unlock()
	end := "fails"
	if f.err == nil {
		end = fmt.Sprint(f.wire[0])
	}
	return fmt.Sprintf("%s: %s@%d", strings.Join(s.log, " "), end, time.Since(s.begun).Milliseconds())
}

const ms = time.Millisecond

var dead = script{says: "dead"}

func TestRace(t *testing.T) {
	for name, c := range map[string]struct {
		scripts []script
		want    string // "asked@ms ...: winner@ms"
	}{
		"the first answers":           {[]script{{10 * ms, "ok"}, {ms, "ok"}}, "1@0: 1@10"},
		"refusal goes on at once":     {[]script{{10 * ms, "refused"}, {0, "gone"}, {5 * ms, "ok"}}, "1@0 2@10 3@10: 3@15"},
		"late: the second wins":       {[]script{{900 * ms, "ok"}, {10 * ms, "ok"}}, "1@0 2@200: 2@210"},
		"late: the first wins still":  {[]script{{250 * ms, "ok"}, {100 * ms, "ok"}}, "1@0 2@200: 1@250"},
		"late, then both fail":        {[]script{dead, {10 * ms, "refused"}}, "1@0 2@200: fails@2000"},
		"one second try, not more":    {[]script{dead, dead, {10 * ms, "ok"}}, "1@0 2@200 3@2000: 3@2010"},
		"a hedge after a failure":     {[]script{{50 * ms, "refused"}, dead, {10 * ms, "ok"}}, "1@0 2@50 3@250: 3@260"},
		"alone and dead":              {[]script{dead}, "1@0 1@200: fails@2200"},
		"alone and refusing":          {[]script{{10 * ms, "refused"}}, "1@0: fails@10"},
		"all fail":                    {[]script{{10 * ms, "refused"}, {20 * ms, "gone"}}, "1@0 2@10: fails@30"},
		"the hedge fails, first wins": {[]script{{300 * ms, "ok"}, {10 * ms, "refused"}}, "1@0 2@200: 1@300"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := newStage(2*time.Second, c.scripts...).asks(t.Context()); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestRaceRemembers puts question after question while upstreams change.
func TestRaceRemembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scripts := []script{{10 * ms, "ok"}, {20 * ms, "ok"}}
		s := newStage(2*time.Second, scripts...)
		ask := func(want string) {
			t.Helper()
			s.begun = time.Now()
			if got := s.asks(t.Context()); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		ask("1@0: 1@10")
		s.set(scripts, 0, script{0, "gone"})
		ask("1@0 2@0: 2@20")
		ask("2@0: 2@20") // the first one is known to be gone
		time.Sleep(time.Second)
		ask("1@0 2@0: 2@20") // and probed again
		time.Sleep(1500 * ms)
		ask("2@0: 2@20") // after twice the time
		time.Sleep(time.Second)
		s.set(scripts, 0, script{10 * ms, "ok"})
		ask("1@0: 1@10") // it is back
		ask("1@0: 1@10")

		s.set(scripts, 0, dead) // silence, hidden by the second tries
		ask("1@0 2@50: 2@70")
		ask("1@0 2@50: 2@70")
		ask("1@0 2@50: 2@70")
		ask("2@0: 2@20")
	})
}

// TestOverloadedUpstreams holds that second tries stay few when everybody is slow.
func TestOverloadedUpstreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10*time.Second, script{time.Second, "ok"}, script{time.Second, "ok"})
		const questions = 1000
		var wg sync.WaitGroup
		for range questions {
			wg.Go(func() { s.race(t.Context(), asked{}) })
		}
		wg.Wait()
		if extra := len(s.log) - questions; extra > hedgeBurst+questions/hedgeShare || extra < hedgeBurst {
			t.Errorf("%d second tries for %d questions", extra, questions)
		}
	})
}

// TestGivenUp holds that an end from outside says nothing about upstreams, and is not remembered.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(2*time.Second, dead)
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if f := s.resolve(ctx, asked{}); !errors.Is(f.err, errGivenUp) || f.life != 0 {
				t.Errorf("found %+v", f)
			}
			cancel()
		}
		if h := s.pool.list[0].health; h.down || h.strikes > 0 {
			t.Errorf("the upstream got %+v", h)
		}
	})
}

// TestStorm asks the same from many sides at once.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scripts := []script{{30 * ms, "ok"}}
		s := newStage(2*time.Second, scripts...)
		var wg sync.WaitGroup
		storm := func() {
			for range 500 {
				wg.Go(func() {
					if f := s.resolve(t.Context(), asked{}); f.err != nil || f.age != 0 {
						t.Errorf("found %+v", f)
					}
				})
			}
			wg.Wait()
		}
		storm()
		if len(s.log) != 1 {
			t.Errorf("upstream was asked %d times", len(s.log))
		}
		if _, ok := s.kept(asked{}); !ok {
			t.Error("nothing was kept")
		}
		s.set(scripts, 0, script{0, "gone"})
		for range 10 {
			if f := s.resolve(t.Context(), asked{cd: true}); f.err == nil || !f.negative {
				t.Errorf("found %+v", f)
			}
		}
		if len(s.log) != 2 {
			t.Errorf("upstream was asked %d times, its failure was not remembered", len(s.log))
		}
		time.Sleep(failureLife)
		s.resolve(t.Context(), asked{cd: true})
		if len(s.log) != 3 {
			t.Error("failure was remembered for too long")
		}
	})
}

// TestFlightChangesHands holds that those who wait go on when the one they wait for gives up.
func TestFlightChangesHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(2*time.Second, script{150 * ms, "ok"})
		first, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if f := s.resolve(first, asked{}); !errors.Is(f.err, errGivenUp) {
				t.Errorf("the one that left got %+v", f)
			}
		})
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), 10*ms)
		defer cancel()
		wg.Go(func() {
			if f := s.resolve(impatient, asked{}); !errors.Is(f.err, errGivenUp) {
				t.Errorf("the impatient one got %+v", f)
			}
		})
		for range 20 {
			wg.Go(func() {
				if f := s.resolve(t.Context(), asked{}); f.err != nil {
					t.Errorf("one that waited got %+v", f)
				}
			})
		}
		time.Sleep(50 * ms)
		leave()
		wg.Wait()
		if len(s.log) != 2 {
			t.Errorf("upstream was asked at %v", s.log)
		}
	})
}

// TestFlightOfAPanic holds that a question whose work panics does not bury those that wait.
func TestFlightOfAPanic(t *testing.T) {
	var f flights
	func() {
		defer func() { _ = recover() }()
		f.do(t.Context(), "k", func() found { panic("bug") })
	}()
	if what, shared := f.do(t.Context(), "k", func() found { return found{life: 1} }); shared || what.life != 1 {
		t.Errorf("found %+v, shared %t", what, shared)
	}
}
