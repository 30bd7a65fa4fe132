package local

import (
	"slices"

	"muster/catalog"
)

// Standing returns how a check of this agent stands; ok is false when there is none with this id.
func (s *Store) Standing(checkID string) (standing catalog.Standing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[checkID]
	if st == nil {
		return catalog.Standing{}, false
	}
	standing = catalog.Standing{Status: st.row.Status, Output: st.row.Output, Since: st.seen, Transitions: st.history}
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
