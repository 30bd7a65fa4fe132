package local

import (
	"slices"
	"time"

	"muster/catalog"
)

// Reap ends maintenance whose time is over, deregisters the services that have a check which has been critical for
// longer than its definition allows, and returns the ids of those in order. A service
// that cannot be removed stays for the next time, and the log says so.
func (s *Store) Reap(now time.Time) []string {
	s.expire(now)
	s.mu.Lock()
	due := overdue(s.states, now)
	s.mu.Unlock()
	var gone []string
	for _, id := range due {
		err := s.Deregister(id)
		switch catalog.CodeOf(err) {
		case "":
			gone = append(gone, id)
			s.cfg.Logger.Info("service deregistered: critical for too long", "service", id)
		case catalog.NotFound: // somebody was faster
		default:
			s.cfg.Logger.Error("service critical for too long could not be deregistered", "service", id, "error", err)
		}
	}
	return gone
}

// overdue decides which services have been critical for too long.
func overdue(states map[string]*state, now time.Time) []string {
	var out []string
	for _, st := range states {
		after := st.check.def.DeregisterCriticalServiceAfter
		if after == 0 || st.row.ServiceID == "" || st.criticalSince.IsZero() {
			continue
		}
		if now.Sub(st.criticalSince) >= max(after, catalog.MinDeregisterAfter) {
			out = append(out, st.row.ServiceID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
