package local

import (
	"time"

	"muster/catalog"
)

// SetMaintenance takes a service instance, or with an empty id the whole node,
// out of service or back in. It is a check that stays critical, with the reason
// as its note, and outlives a restart. It ends by itself after the time it lasts; with 0 it
// lasts until it is turned off. Turning it on again changes reason and time,
// turning it off when it is off does nothing. NotFound: no such service here.
func (s *Store) SetMaintenance(serviceID string, on bool, reason string, lasts time.Duration) error {
	var until time.Time
	if lasts > 0 {
		until = time.Now().Add(lasts + time.Second - 1).UTC().Truncate(time.Second) // no shorter than asked
	}
	def := maintenanceCheck(serviceID, reason, until)
	return s.change(func(e *edit) error {
		if serviceID != "" && e.services[serviceID] == nil {
			return unknownService(serviceID)
		}
		switch {
		case on:
			e.putCheck(&check{def: def, from: fromHTTP, until: until})
		case e.checks[def.ID] != nil:
			e.dropCheck(def.ID)
		}
		return nil
	})
}

// Drain is maintenance that a restart of the agent ends, for what is about to stop. What
// is in maintenance stays as it is. It returns since when it has been so.
func (s *Store) Drain(serviceID, reason string) (since time.Time, err error) {
	def := maintenanceCheck(serviceID, reason, time.Time{})
	err = s.change(func(e *edit) error {
		if serviceID != "" && e.services[serviceID] == nil {
			return unknownService(serviceID)
		}
		if e.checks[def.ID] == nil {
			e.putCheck(&check{def: def, from: fromDrain})
		}
		return nil
	})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if st := s.states[def.ID]; st != nil {
			since = st.since
		}
	}
	return since, err
}

// expire ends the maintenance whose time is over.
func (s *Store) expire(now time.Time) {
	over := func(c *check) bool { return c != nil && !c.until.IsZero() && !now.Before(c.until) }
	s.mu.Lock()
	var due []string
	for id, st := range s.states {
		if over(st.check) {
			due = append(due, id)
		}
	}
	s.mu.Unlock()
	for _, id := range due {
		err := s.change(func(e *edit) error {
			if over(e.checks[id]) { // somebody may have prolonged it
				e.dropCheck(id)
			}
			return nil
		})
		if err != nil {
			s.cfg.Logger.Error("maintenance whose time is over could not be ended", "check", id, "error", err)
			continue
		}
		s.cfg.Logger.Info("maintenance ended: its time is over", "check", id)
	}
}

func maintenanceCheck(serviceID, reason string, until time.Time) catalog.CheckDefinition {
	d := catalog.CheckDefinition{
		ID:     catalog.NodeMaintenance,
		Name:   "Node Maintenance Mode",
		Status: catalog.Critical,
		Notes:  reason,
	}
	if reason == "" {
		d.Notes = "Taken out of service by hand; no reason was given."
	}
	if !until.IsZero() {
		d.Notes += " (until " + until.Format(time.RFC3339) + ")"
	}
	if serviceID != "" {
		d.ID = catalog.ServiceMaintenancePrefix + serviceID
		d.Name = "Service Maintenance Mode"
		d.ServiceID = serviceID
	}
	return d
}
