package local

import (
	"time"

	"muster/catalog"
)

// Standing is a check as this agent knows it by itself. The catalog learns of a new
// status at once, of new output later, and of times never.
type Standing struct {
	Status catalog.Status
	Output string
	// Since is when the status was first seen; zero: no verdict has told yet.
	Since time.Time
	// OrBefore tells that the status may be older: the check had it when it was
	// registered or, after a restart of the agent, read back.
	OrBefore bool
}

// Standing returns how a check of this agent stands; ok is false when there is none with this id.
func (s *Store) Standing(checkID string) (standing Standing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[checkID]
	if st == nil {
		return Standing{}, false
	}
	standing = Standing{Status: st.row.Status, Output: st.row.Output, Since: st.seen}
	if st.seen.IsZero() {
		standing.Since, standing.OrBefore = st.criticalSince, !st.criticalSince.IsZero()
	}
	return standing, true
}
