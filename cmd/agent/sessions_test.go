package agent

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// clockRig is a state with clocks over it, in a bubble's own time.
type clockRig struct {
	*testing.T
	raft *direct
	stop func() // the present term
	now  *sessionClock
}

// inTerm runs a test while a clock runs. The state has a node.
func inTerm(t *testing.T, test func(r *clockRig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &clockRig{T: t, raft: &direct{state: catalog.New()}}
		r.do(&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}})
		r.elect()
		defer func() { r.stop() }()
		test(r)
	})
}

// elect begins a term on another server, which has the same state and no memory of the last.
func (r *clockRig) elect() {
	ctx, cancel := context.WithCancel(context.Background())
	c := &sessionClock{applier: r.raft, snapshot: r.raft.state.Snapshot, log: slog.New(slog.DiscardHandler)}
	done := make(chan struct{})
	go func() { defer close(done); c.run(ctx) }()
	synctest.Wait()
	r.now, r.stop = c, func() { cancel(); <-done }
}

func (r *clockRig) do(c catalog.Command) bool {
	r.Helper()
	res, err := r.raft.Apply(context.Background(), c)
	if err != nil {
		r.Fatalf("%T: %v", c, err)
	}
	synctest.Wait()
	return res.OK
}

// open makes a session and waits until the clock has seen it.
func (r *clockRig) open(id string, ttl, delay time.Duration) {
	r.Helper()
	r.do(&catalog.CreateSession{Session: catalog.Session{ID: id, Node: "n1", Behavior: catalog.ReleaseKeys, TTL: ttl, LockDelay: delay}})
}

func (r *clockRig) lives(id string) bool {
	synctest.Wait()
	s, _ := r.raft.state.Snapshot().Session(id)
	return s != nil
}

// endsIn lets time go by and tells when a session ended, at most after a limit.
func (r *clockRig) endsIn(id string, limit time.Duration) time.Duration {
	start := time.Now()
	for r.lives(id) && time.Since(start) <= limit {
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(start)
}

func (r *clockRig) lock(session string) bool {
	return r.do(&catalog.SetKey{Key: []byte("k"), Acquire: session})
}

func (r *clockRig) between(what string, got, from, to time.Duration) {
	r.Helper()
	if got < from || got > to {
		r.Errorf("%s: after %v, want %v to %v", what, got, from, to)
	}
}

func TestSessionsEndWithTheirTTL(t *testing.T) {
	for _, ttl := range []time.Duration{10 * time.Second, 30 * time.Second, 24 * time.Hour} {
		inTerm(t, func(r *clockRig) {
			r.open("a", ttl, 0)
			r.open("for ever", 0, 0)
			r.between(ttl.String(), r.endsIn("a", 2*ttl), ttl, 2*ttl)
			if !r.lives("for ever") {
				r.Error("a session without TTL ended")
			}
		})
	}
}

func TestRenewedSessionsLive(t *testing.T) {
	const ttl = 10 * time.Second
	inTerm(t, func(r *clockRig) {
		r.open("a", ttl, 0)
		for range 50 {
			time.Sleep(ttl)
			if err := r.now.Renew("a"); err != nil {
				r.Fatal(err)
			}
		}
		r.between("the last renewal", r.endsIn("a", 2*ttl), ttl, 2*ttl)
		if err := r.now.Renew("a"); catalog.CodeOf(err) != catalog.NotFound {
			r.Errorf("renewed when it had ended: %v", err)
		}
	})
}

func TestANewLeaderBeginsAnew(t *testing.T) {
	const ttl = 10 * time.Second
	inTerm(t, func(r *clockRig) {
		r.open("a", ttl, 0)
		for range 5 {
			time.Sleep(ttl - time.Second)
			r.stop()
			if err := r.now.Renew("a"); catalog.CodeOf(err) != catalog.Unavailable {
				r.Errorf("renewed by who does not lead: %v", err)
			}
			r.elect()
		}
		r.between("the last election", r.endsIn("a", 2*ttl), ttl, 2*ttl)
	})
}

// TestNoRenewalOnceTimeIsUp: who was told that his session lives must not lose it to what was decided before.
func TestNoRenewalOnceTimeIsUp(t *testing.T) {
	inTerm(t, func(r *clockRig) {
		r.open("a", 10*time.Second, 0)
		r.raft.setDown(true)
		time.Sleep(19 * time.Second)
		if !r.lives("a") {
			r.Fatal("it ended without a log")
		}
		if err := r.now.Renew("a"); catalog.CodeOf(err) != catalog.NotFound {
			r.Errorf("renewed while it was being ended: %v", err)
		}
		r.raft.setDown(false)
		r.between("the log is back", r.endsIn("a", time.Minute), 0, time.Second)
	})
}

func TestLockDelays(t *testing.T) {
	const delay = 15 * time.Second
	for name, end := range map[string]catalog.Command{
		"destroyed": &catalog.DestroySession{ID: "a"},
		"node gone": &catalog.Batch{Commands: []catalog.Command{
			&catalog.Deregister{Node: "n1"},
			&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}},
		}},
	} {
		for _, elections := range []int{0, 3} {
			inTerm(t, func(r *clockRig) {
				r.open("a", 0, delay)
				if !r.lock("a") {
					r.Fatal("not acquired")
				}
				r.do(end)
				r.open("b", 0, 0)
				for range elections {
					time.Sleep(delay - time.Second)
					r.stop()
					r.elect()
				}
				start := time.Now()
				for !r.lock("b") && time.Since(start) < time.Hour {
					time.Sleep(50 * time.Millisecond)
				}
				r.between(fmt.Sprintf("%s, %d elections", name, elections), time.Since(start), delay, delay+time.Second)
				if p, _ := r.raft.state.Snapshot().Pair("k"); p.LockIndex != 2 {
					r.Errorf("lock index %d", p.LockIndex)
				}
			})
		}
	}
}

func TestAnIdleClockWritesNothing(t *testing.T) {
	inTerm(t, func(r *clockRig) {
		r.open("a", 0, 0)
		r.open("b", 24*time.Hour, 0)
		before := r.raft.count()
		time.Sleep(20 * time.Hour)
		if r.raft.count() != before {
			r.Errorf("%d writes", r.raft.count()-before)
		}
	})
}

func TestManySessionsEndTogether(t *testing.T) {
	inTerm(t, func(r *clockRig) {
		for i := range 3 * maxDeeds {
			r.open(fmt.Sprint(i), 10*time.Second, 0)
		}
		before := r.raft.count()
		time.Sleep(time.Minute)
		if left, _ := r.raft.state.Snapshot().Sessions(); len(left) != 0 || r.raft.count()-before > 30 {
			r.Errorf("%d sessions are left after %d writes", len(left), r.raft.count()-before)
		}
	})
}
