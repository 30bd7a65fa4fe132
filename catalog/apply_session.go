package catalog

import "slices"

func (c *CreateSession) apply(t *tx) (Result, error) {
	s := c.Session
	if err := s.Validate(); err != nil {
		return Result{}, err
	}
	node := t.node(s.Node)
	switch {
	case node == nil:
		return Result{}, Errorf(NotFound, "Missing node registration")
	case t.session(s.ID) != nil:
		return Result{}, Errorf(Conflict, "there is a session with id %q already", s.ID)
	}
	for _, id := range slices.Concat(s.NodeChecks, s.ServiceChecks) {
		switch k := t.check(s.Node, id); {
		case k == nil:
			return Result{}, Errorf(NotFound, "Missing check '%s' registration", id)
		case k.Status == Critical:
			return Result{}, Errorf(Conflict, "Check '%s' is in critical state", id)
		}
	}
	s.Node, s.CreateIndex, s.ModifyIndex = node.Name, t.index, t.index
	put(t, &t.sessions, &s)
	t.touch(resSessions, resSession(s.ID), resSessionsOn(s.Node))
	return Result{OK: true}, nil
}

func (c *DestroySession) apply(t *tx) (Result, error) {
	if s := t.session(c.ID); s != nil {
		t.endSession(s)
	}
	return Result{OK: true}, nil
}

func (c *EndDelays) apply(t *tx) (Result, error) {
	for _, of := range c.Delays {
		if d := t.delay(string(of.Key)); d != nil && d.Index == of.Index {
			remove(t, &t.delays, d)
		}
	}
	return Result{OK: true}, nil
}

// endSession removes a session and takes its keys away from it.
func (t *tx) endSession(s *Session) {
	for _, p := range slices.Collect(t.keys.rows(pairsBySession, pairsHeldBy(s.ID))) {
		if s.LockDelay > 0 {
			put(t, &t.delays, &Delay{Key: p.Key, Delay: s.LockDelay, Index: t.index})
		}
		if s.Behavior == DeleteKeys {
			t.bury(p)
			continue
		}
		free := *p
		free.Session, free.ModifyIndex = "", t.index
		put(t, &t.keys, &free)
	}
	t.removeQueriesOf(s.ID)
	remove(t, &t.sessions, s)
	t.touch(resSessions)
	t.forget(resSession(s.ID), resSessionGone)
	if t.sessions.first(sessionsByNode, sessionsOn(s.Node)) == nil {
		t.forget(resSessionsOn(s.Node), resSessionGone)
	} else {
		t.touch(resSessionsOn(s.Node))
	}
}

// endSessionsOn ends the sessions of a node that is going.
func (t *tx) endSessionsOn(node string) {
	for _, s := range slices.Collect(t.sessions.rows(sessionsByNode, sessionsOn(node))) {
		t.endSession(s)
	}
}

// endSessionsWith ends the sessions that need a check which is critical, or going.
func (t *tx) endSessionsWith(c *Check) {
	for _, s := range slices.Collect(t.sessions.rows(sessionsByNode, sessionsOn(c.Node))) {
		if s.needs(c.ID) {
			t.endSession(s)
		}
	}
}

// removeCheck removes a check; whoever calls says what that touches.
func (t *tx) removeCheck(c *Check) {
	remove(t, &t.checks, c)
	t.unobserve(c)
	t.endSessionsWith(c)
}
