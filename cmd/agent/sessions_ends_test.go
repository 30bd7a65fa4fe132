package agent

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"muster/catalog"
)

// TestEveryEndOfASession: whatever ends a session, its locks are free, or their keys gone, as it asked for; nobody takes
// one within its delay; and the lock index of the next holder of a key that is still there is higher.
func TestEveryEndOfASession(t *testing.T) {
	const ttl, delay = 10 * time.Second, 15 * time.Second
	check := func(id string, status catalog.Status) *catalog.Register {
		return &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Checks: []*catalog.Check{{ID: id, Name: id, Status: status}}}
	}
	for name, end := range map[string]struct {
		by       catalog.Command // nil: its time
		from, to time.Duration   // when it ends, from when the command came or it was renewed last
	}{
		"time":           {nil, ttl, 2 * ttl},
		"destroyed":      {&catalog.DestroySession{ID: "a"}, 0, 0},
		"node failed":    {check(catalog.SerfHealth, catalog.Critical), 0, 0},
		"check failed":   {check("disk", catalog.Critical), 0, 0},
		"check deleted":  {&catalog.Deregister{Node: "n1", CheckID: "disk"}, 0, 0},
		"node deleted":   {&catalog.Deregister{Node: "n1"}, 0, 0},
		"of those, none": {check("other", catalog.Critical), ttl, 2 * ttl},
	} {
		for _, behavior := range []catalog.Behavior{catalog.ReleaseKeys, catalog.DeleteKeys} {
			for _, delay := range []time.Duration{0, delay} {
				t.Run(fmt.Sprintf("%s, %s, delay %v", name, behavior, delay), func(t *testing.T) {
					inTerm(t, func(r *clockRig) {
						r.do(&catalog.Register{Node: catalog.Node{Name: "n2", Address: "10.0.0.2"}})
						r.do(check(catalog.SerfHealth, catalog.Passing))
						r.do(check("disk", catalog.Warning))
						r.do(&catalog.CreateSession{Session: catalog.Session{
							ID: "a", Node: "n1", NodeChecks: []string{catalog.SerfHealth, "disk"}, Behavior: behavior, TTL: ttl, LockDelay: delay,
						}})
						r.do(&catalog.CreateSession{Session: catalog.Session{ID: "b", Node: "n2", Behavior: catalog.ReleaseKeys}})
						if !r.lock("a") {
							r.Fatal("not acquired")
						}
						time.Sleep(ttl - time.Second)
						if err := r.now.Renew("a"); err != nil || r.lock("b") {
							r.Fatalf("renewed: %v; or its lock was taken", err)
						}
						if end.by != nil {
							r.do(end.by)
						}
						r.between("the session", r.endsIn("a", 2*ttl), end.from, end.to)
						r.afterwards(behavior, delay)
					})
				})
			}
		}
	}
}

// afterwards checks what is left of session a, which held "k", and has b lock it.
func (r *clockRig) afterwards(behavior catalog.Behavior, delay time.Duration) {
	r.Helper()
	p, _ := r.raft.state.Snapshot().Pair("k")
	if gone := p == nil; gone != (behavior == catalog.DeleteKeys) || !gone && (p.Session != "" || p.LockIndex != 1) {
		r.Errorf("the key is %+v", p)
	}
	start, index := time.Now(), map[catalog.Behavior]uint64{catalog.ReleaseKeys: 2, catalog.DeleteKeys: 1}[behavior]
	for !r.lock("b") && time.Since(start) < time.Hour {
		time.Sleep(50 * time.Millisecond)
	}
	longest := delay
	if delay > 0 {
		longest += time.Second
	}
	r.between("the next holder", time.Since(start), delay-100*time.Millisecond, longest) // the end was seen so late
	if p, _ := r.raft.state.Snapshot().Pair("k"); p.Session != "b" || p.LockIndex != index {
		r.Errorf("the next holder has %+v, want lock index %d", p, index)
	}
}

// TestReleaseKnowsNoDelay: who lets go of a lock is done with it.
func TestReleaseKnowsNoDelay(t *testing.T) {
	inTerm(t, func(r *clockRig) {
		r.open("a", 10*time.Second, 15*time.Second)
		r.open("b", 0, 0)
		if !r.lock("a") || !r.do(&catalog.SetKey{Key: []byte("k"), Release: "a"}) || !r.lock("b") {
			r.Error("not handed over")
		}
		r.endsIn("a", time.Minute)
		if p, _ := r.raft.state.Snapshot().Pair("k"); p.Session != "b" || p.LockIndex != 2 {
			r.Errorf("the end of who held it before took the lock: %+v", p)
		}
	})
}

// TestCountdownsAreMonotonic: a wall clock that is set neither ends sessions nor keeps them. (A bubble has no such clock.)
func TestCountdownsAreMonotonic(t *testing.T) {
	raft := &direct{state: catalog.New()}
	for _, c := range []catalog.Command{
		&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}},
		&catalog.CreateSession{Session: catalog.Session{ID: "a", Node: "n1", Behavior: catalog.ReleaseKeys, TTL: 10 * time.Second}},
		&catalog.CreateSession{Session: catalog.Session{ID: "b", Node: "n1", Behavior: catalog.ReleaseKeys, TTL: 10 * time.Second}},
		&catalog.CreateSession{Session: catalog.Session{ID: "c", Node: "n1", Behavior: catalog.ReleaseKeys, LockDelay: time.Second}},
		&catalog.SetKey{Key: []byte("k"), Acquire: "c"},
		&catalog.DestroySession{ID: "c"},
	} {
		if _, err := raft.Apply(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	clock := &sessionClock{applier: raft, snapshot: raft.state.Snapshot, log: slog.New(slog.DiscardHandler)}
	clock.begin()
	clock.look(raft.state.Snapshot(), time.Now())
	if err := clock.Renew("a"); err != nil {
		t.Fatal(err)
	}
	for what, d := range map[string]*countdown{"renewed": clock.sessions["a"], "new": clock.sessions["b"], "delay": clock.delays["k"]} {
		if d == nil || d.due == d.due.Round(0) { // which strips the monotonic reading
			t.Errorf("%s: %+v", what, d)
		}
	}
}
