package local

import (
	"time"

	"muster/catalog"
)

// Since is how long a check has had its status, as far as this agent knows.
type Since struct {
	Status catalog.Status
	Time   time.Time
	// OrBefore tells that it may have had it longer: it began with this status when
	// it was registered or, after a restart of the agent, read back.
	OrBefore bool
}

// Since returns since when a check has had its status; ok is false when there is
// no such check here, or no verdict has told yet.
func (s *Store) Since(checkID string) (since Since, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[checkID]
	switch {
	case st == nil:
		return Since{}, false
	case !st.seen.IsZero():
		return Since{Status: st.row.Status, Time: st.seen}, true
	case !st.criticalSince.IsZero():
		return Since{Status: st.row.Status, Time: st.criticalSince, OrBefore: true}, true
	}
	return Since{}, false
}
