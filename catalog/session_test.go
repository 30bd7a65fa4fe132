package catalog

import (
	"testing"
	"time"
)

// script applies commands at rising indexes.
type script struct {
	t     *testing.T
	state *State
	index uint64
}

func newScript(t *testing.T, commands ...Command) *script {
	s := &script{t: t, state: New()}
	for _, c := range commands {
		if !s.do(c) {
			t.Fatalf("%T %+v: not ok", c, c)
		}
	}
	return s
}

func (s *script) try(c Command) (bool, error) {
	s.index++
	res, err := s.state.Apply(s.index, c)
	return res.OK, err
}

func (s *script) do(c Command) bool {
	s.t.Helper()
	ok, err := s.try(c)
	if err != nil {
		s.t.Fatalf("%T %+v: %v", c, c, err)
	}
	return ok
}

func (s *script) pair(key string) Pair {
	s.t.Helper()
	p, _ := s.state.Snapshot().Pair(key)
	if p == nil {
		s.t.Fatalf("there is no key %q", key)
	}
	return *p
}

func nodeWithChecks(name string) *Register {
	return &Register{
		Node:     Node{Name: name, Address: "10.0.0.1"},
		Instance: &Instance{ID: "web1", Name: "web"},
		Checks: []*Check{
			{ID: SerfHealth, Status: Passing},
			{ID: "web", ServiceID: "web1", Status: Warning},
			{ID: "sick", Status: Critical},
		},
	}
}

func session(id string, adjust func(*Session)) *CreateSession {
	s := Session{ID: id, Node: "n1", NodeChecks: []string{SerfHealth}, Behavior: ReleaseKeys}
	if adjust != nil {
		adjust(&s)
	}
	return &CreateSession{Session: s}
}

func lock(key, session string) *SetKey { return &SetKey{Key: []byte(key), Acquire: session} }

func unlock(key, session string) *SetKey { return &SetKey{Key: []byte(key), Release: session} }

func TestLockIndexRisesWithEachHolder(t *testing.T) {
	s := newScript(t, nodeWithChecks("n1"), session("a", nil), session("b", nil))
	for i, step := range []struct {
		c      Command
		ok     bool
		holder string
		locks  uint64
	}{
		{lock("k", "a"), true, "a", 1},
		{lock("k", "a"), true, "a", 1},
		{lock("k", "b"), false, "a", 1},
		{unlock("k", "b"), false, "a", 1},
		{&SetKey{Key: []byte("k"), Value: []byte("by anybody")}, true, "a", 1},
		{unlock("k", "a"), true, "", 1},
		{unlock("k", "a"), false, "", 1},
		{lock("k", "b"), true, "b", 2},
		{&DestroySession{ID: "b"}, true, "", 2},
		{lock("k", "a"), true, "a", 3},
	} {
		if ok := s.do(step.c); ok != step.ok {
			t.Fatalf("step %d: %v, want %v", i, ok, step.ok)
		}
		if p := s.pair("k"); p.Session != step.holder || p.LockIndex != step.locks {
			t.Fatalf("step %d: held by %q, lock index %d; want %q, %d", i, p.Session, p.LockIndex, step.holder, step.locks)
		}
	}
}

func TestRefusedSessions(t *testing.T) {
	s := newScript(t, nodeWithChecks("n1"), session("old", nil))
	before := persistedBytes(t, s.state)
	for name, c := range map[string]struct {
		command Command
		code    Code
		text    string
	}{
		"no id":         {session("", nil), Invalid, `session id "" is missing or has a control character`},
		"known id":      {session("old", nil), Conflict, `there is a session with id "old" already`},
		"no node":       {session("a", func(s *Session) { s.Node = "n2" }), NotFound, "Missing node registration"},
		"no check":      {session("a", func(s *Session) { s.NodeChecks = []string{"c"} }), NotFound, "Missing check 'c' registration"},
		"sick":          {session("a", func(s *Session) { s.ServiceChecks = []string{"sick"} }), Conflict, "Check 'sick' is in critical state"},
		"behavior":      {session("a", func(s *Session) { s.Behavior = "keep" }), Invalid, `session: behavior "keep" is neither release nor delete`},
		"delay":         {session("a", func(s *Session) { s.LockDelay = time.Hour }), Invalid, "session: lock delay 1h0m0s is outside 0s..1m0s"},
		"ttl":           {session("a", func(s *Session) { s.TTL = time.Second }), Invalid, "session: TTL 1s is neither 0 nor in 10s..24h0m0s"},
		"lock of none":  {lock("k", "nobody"), NotFound, `invalid session "nobody"`},
		"lock with cas": {&SetKey{Key: []byte("k"), Acquire: "old", CAS: true}, Invalid, `key "k": cas, acquire and release exclude each other`},
	} {
		if _, err := s.try(c.command); CodeOf(err) != c.code || err.Error() != c.text {
			t.Errorf("%s: %v (%s), want %s (%s)", name, err, CodeOf(err), c.text, c.code)
		}
	}
	// All but the raft index is as it was.
	if after := persistedBytes(t, s.state); string(after[len(persistMagic)+8:len(after)-32]) != string(before[len(persistMagic)+8:len(before)-32]) {
		t.Error("a refused command changed the state")
	}
}

// TestWhatEndsASession: each within the Apply of its cause.
func TestWhatEndsASession(t *testing.T) {
	for name, cause := range map[string]Command{
		"destroyed":        &DestroySession{ID: "a"},
		"node gone":        &Deregister{Node: "N1"},
		"instance gone":    &Deregister{Node: "n1", ServiceID: "web1"},
		"check gone":       &Deregister{Node: "n1", CheckID: "web"},
		"check critical":   &SetStatus{Node: "n1", CheckID: "web", Status: Critical},
		"agent dead":       &Register{Node: Node{Name: "n1"}, SkipNodeUpdate: true, Checks: []*Check{{ID: SerfHealth, Status: Critical}}},
		"within a batch":   &Batch{Commands: []Command{&SetStatus{Node: "n1", CheckID: "web", Status: Critical}}},
		"node of new name": &Register{Node: Node{ID: "11111111-1111-1111-1111-111111111111", Name: "n2", Address: "10.0.0.1"}},
	} {
		node := nodeWithChecks("n1")
		node.Node.ID = "11111111-1111-1111-1111-111111111111"
		s := newScript(t, node,
			session("a", func(s *Session) { s.ServiceChecks, s.LockDelay = []string{"web"}, time.Second }),
			lock("k", "a"))
		_, key := s.state.Snapshot().Pair("k")
		_, of := s.state.Snapshot().Session("a")
		_, on := s.state.Snapshot().SessionsOn("n1")
		s.do(cause)
		if left, _ := s.state.Snapshot().Session("a"); left != nil {
			t.Errorf("%s: the session lives", name)
		}
		if p := s.pair("k"); p.Session != "" || p.ModifyIndex != s.index {
			t.Errorf("%s: the key is %+v", name, p)
		}
		if !fired(key.Changed) || !fired(of.Changed) || !fired(on.Changed) {
			t.Errorf("%s: somebody was not woken", name)
		}
		if d, _ := s.state.Snapshot().Delays(); len(d) != 1 || d[0].Index != s.index || d[0].Delay != time.Second {
			t.Errorf("%s: delays %v", name, d)
		}
	}
}

func TestWhatLeavesASession(t *testing.T) {
	s := newScript(t, nodeWithChecks("n1"), session("a", func(s *Session) { s.ServiceChecks = []string{"web"} }), lock("k", "a"),
		&SetStatus{Node: "n1", CheckID: "web", Status: Passing},
		&SetStatus{Node: "n1", CheckID: "web", Status: Warning},
		&SetStatus{Node: "n1", CheckID: "sick", Status: Critical, Output: "still"},
		&Deregister{Node: "n1", CheckID: "sick"},
		&Deregister{Node: "n2"})
	if p := s.pair("k"); p.Session != "a" {
		t.Errorf("the key is %+v", p)
	}
}

func TestDelayedKeys(t *testing.T) {
	with := func(s *Session) { s.LockDelay = 15 * time.Second }
	s := newScript(t, nodeWithChecks("n1"), session("a", with), session("b", nil), lock("k", "a"), lock("free", "b"))
	s.do(&DestroySession{ID: "a"})
	died := s.index
	if s.do(lock("k", "b")) {
		t.Error("acquired within the delay")
	}
	if !s.do(&SetKey{Key: []byte("k")}) || !s.do(&DeleteKey{Key: []byte("k")}) || s.do(lock("k", "b")) {
		t.Error("a delay binds those who acquire, also after the key was deleted, and nobody else")
	}
	// A copy keeps the delay.
	s.state = restoredFrom(t, s.state)
	s.do(&EndDelays{Delays: []DelayOf{{Key: []byte("k"), Index: died - 1}}})
	if s.do(lock("k", "b")) {
		t.Error("acquired after the end of an earlier delay")
	}
	s.do(&EndDelays{Delays: []DelayOf{{Key: []byte("k"), Index: died}}})
	if !s.do(lock("k", "b")) {
		t.Error("not acquired after the delay")
	}
	s.do(unlock("free", "b"))
	if d, _ := s.state.Snapshot().Delays(); len(d) != 0 {
		t.Errorf("a release left delays %v", d)
	}
}

func TestDeletingSession(t *testing.T) {
	s := newScript(t, nodeWithChecks("n1"), session("a", func(s *Session) { s.Behavior = DeleteKeys }), lock("k", "a"), lock("l", "a"), unlock("l", "a"))
	s.do(&DestroySession{ID: "a"})
	p, mark := s.state.Snapshot().Pair("k")
	if p != nil || mark.Index != s.index {
		t.Errorf("key %+v at %d", p, mark.Index)
	}
	s.pair("l")
}

// TestFollowersHearNothingOfSessions: neither steps nor rows.
func TestFollowersHearNothingOfSessions(t *testing.T) {
	s := newScript(t, nodeWithChecks("n1"))
	plain, at := discovery(t, s.state.Snapshot()), s.index
	for _, c := range []Command{session("a", nil), lock("k", "a"), &DestroySession{ID: "a"}, &EndDelays{}} {
		s.do(c)
	}
	if steps, _, ok := s.state.Changes().Since(at); !ok || len(steps) != 0 {
		t.Errorf("%d steps, ok %v", len(steps), ok)
	}
	const head = len(persistMagic) + 8
	if rows := discovery(t, s.state.Snapshot()); string(rows[head:len(rows)-32]) != string(plain[head:len(plain)-32]) {
		t.Errorf("rows\n%q, want\n%q", rows, plain)
	}
}
