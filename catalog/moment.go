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

func (m Moment) next() Moment { return Moment{m.state, m.version + 1} }

// Snapshot returns a consistent view of all rows. While nothing changes it returns
// the same one over and over, so it costs next to nothing; it needs no release.
func (s *State) Snapshot() *Snapshot { return s.current.Load() }
