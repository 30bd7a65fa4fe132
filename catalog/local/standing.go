package local

import (
	"slices"
	"time"

	"muster/catalog"
)

// Standing is a check as this agent knows it by itself. The catalog learns of a new
// status at once, of new output later, and of times never.
type Standing struct {
	Status catalog.Status
	Output string
	// Since is when the status was first seen, or with OrBefore when the check was
	// registered or, after a restart of the agent, read back.
	Since time.Time
	// OrBefore tells that the status may be older: no verdict has changed it.
	OrBefore bool
	// Transitions are the last changes of the status, oldest first and at most
	// KeptTransitions. They must not be modified.
	Transitions []catalog.Transition
}

// Standing returns how a check of this agent stands; ok is false when there is none with this id.
func (s *Store) Standing(checkID string) (standing Standing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[checkID]
	if st == nil {
		return Standing{}, false
	}
	standing = Standing{Status: st.row.Status, Output: st.row.Output, Since: st.seen, Transitions: st.history}
	if st.seen.IsZero() {
		standing.Since, standing.OrBefore = st.since, true
	}
	return standing, true
}

// Unproven returns, in order, the ids of checks that answers go by although no
// verdict has come yet: their definitions let them start as passing or warning.
// Heartbeats, which nobody can hasten, are not among them.
func (s *Store) Unproven() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for id, st := range s.states {
		if st.row.Status != catalog.Critical && !st.reported && st.check.def.Kind() != catalog.KindTTL {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
