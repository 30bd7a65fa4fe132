package catalog

// Session returns a session, or nil, and its mark.
func (s *Snapshot) Session(id string) (*Session, Mark) {
	return s.session(id), s.mark(resSession(id), resSessionGone)
}

// Sessions returns all sessions in the order of their ids.
func (s *Snapshot) Sessions() ([]*Session, Mark) {
	return collect(s.sessions.rows(byID, nil)), s.mark(resSessions)
}

// SessionsOn returns the sessions of a node in the order of their ids.
func (s *Snapshot) SessionsOn(node string) ([]*Session, Mark) {
	return collect(s.sessions.rows(sessionsByNode, sessionsOn(node))), s.mark(resSessionsOn(node), resSessionGone)
}

// Delays returns the keys that cannot be acquired at present, and a channel that is
// closed when they change.
func (s *Snapshot) Delays() ([]*Delay, <-chan struct{}) {
	return collect(s.delays.rows(byID, nil)), s.watch(watchDelays())
}
