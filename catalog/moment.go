package catalog

// Moment is a point in the life of a state. Of two snapshots of one Moment, what was
// read from the first and watched, and had not moved, holds in the second.
type Moment struct {
	state   *State
	version uint64
}

// Moment returns the moment at which the snapshot was taken.
func (s *Snapshot) Moment() Moment { return s.moment }

// SameState reports whether two moments belong to the same state.
func (m Moment) SameState(o Moment) bool { return m.state == o.state }

// moment returns the state's present moment.
func (s *State) moment() Moment { return Moment{s, s.version.Load()} }

// Snapshot returns a consistent view of all rows. While nothing changes it returns
// the same one over and over, so it costs next to nothing; it needs no release.
func (s *State) Snapshot() *Snapshot {
	// Index and moment are read first: rows may be newer than they, never older.
	index, now := s.applied.Load(), s.moment()
	if l := s.latest.Load(); l != nil && l.Index == index && l.moment == now {
		return l
	}
	snap := &Snapshot{txn: s.db.Txn(false), Index: index, moment: now}
	s.latest.Store(snap)
	return snap
}

// pass begins a new moment. Whoever watches rows that the last command changed has been told by now.
func (s *State) pass() {
	s.version.Add(1)
	s.latest.Store(nil) // old rows must not live on for want of a question
}
