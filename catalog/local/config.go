package local

import (
	"errors"

	"muster/catalog"
)

// LoadConfig makes the given definitions the ones that config files contribute,
// in place of those of the last call. What came over HTTP stays, except under an
// id that a config file defines. Checks whose definition is the same keep their verdict.
//
// It is all or nothing: with any definition refused (the error joins every
// reason) nothing has changed. Call it once at start, also without any
// definition, so that what the directory holds for services in config files can
// be told from what lost its service.
func (s *Store) LoadConfig(services []catalog.ServiceDefinition, checks []catalog.CheckDefinition) (Diff, error) {
	wanted, err := s.admitConfig(services, checks)
	if err != nil {
		return Diff{}, err
	}
	var d Diff
	var lost []*check
	err = s.change(func(e *edit) error {
		old := s.table
		if err := e.load(wanted); err != nil {
			return err
		}
		d = diff(old, e)
		for _, c := range s.waiting {
			switch {
			case e.checks[c.def.ID] != nil:
				e.dirtyChecks[c.def.ID] = true
			case e.services[c.def.ServiceID] != nil:
				e.putCheck(c)
			default:
				e.dirtyChecks[c.def.ID] = true // its file goes
				lost = append(lost, c)
			}
		}
		return nil
	})
	if err != nil {
		return Diff{}, err
	}
	s.forgetWaiting()
	for _, c := range lost {
		s.cfg.Logger.Warn("check dropped: its service is no longer registered", "check", c.def.ID, "service", c.def.ServiceID)
	}
	return d, nil
}

func (s *Store) forgetWaiting() {
	s.writing.Lock()
	s.waiting = nil
	s.writing.Unlock()
}

// admitConfig returns definitions as the table that they alone would make, or
// everything that speaks against them.
func (s *Store) admitConfig(services []catalog.ServiceDefinition, checks []catalog.CheckDefinition) (table, error) {
	t := table{services: map[string]*service{}, checks: map[string]*check{}}
	var errs []error
	addCheck := func(d catalog.CheckDefinition, attached bool) {
		if first := t.checks[d.ID]; first != nil {
			errs = append(errs, catalog.Errorf(catalog.Invalid, "check id %q of %s is already used by a check of %s",
				d.ID, owner(d.ServiceID), owner(first.def.ServiceID)))
			return
		}
		t.checks[d.ID] = &check{def: d, from: fromConfig, attached: attached}
	}
	for _, def := range services {
		n, err := s.admitService(def, fromConfig)
		switch {
		case err != nil:
			errs = append(errs, err)
		case t.services[n.ID] != nil:
			errs = append(errs, catalog.Errorf(catalog.Invalid, "service id %q is defined twice", n.ID))
		default:
			t.services[n.ID] = &service{def: bare(n), from: fromConfig}
			for _, c := range n.Checks {
				addCheck(c, true)
			}
		}
	}
	for _, def := range checks {
		n, err := s.admitCheck(def, fromConfig)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		addCheck(n, false)
	}
	return t, joined(errs)
}

// joined returns errors as one, with the code of the first.
func joined(errs []error) error {
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	return catalog.Errorf(catalog.CodeOf(errs[0]), "%w", errors.Join(errs...))
}

// load replaces all that came from config files by wanted.
func (e *edit) load(wanted table) error {
	for id, v := range e.services {
		if v.from == fromConfig && wanted.services[id] == nil {
			e.dropService(id)
		}
	}
	for id, c := range e.checks {
		now := wanted.checks[id]
		switch {
		case now != nil: // replaced below
		case c.from == fromConfig:
			e.dropCheck(id)
		case c.attached && wanted.services[c.def.ServiceID] != nil:
			// It came over HTTP as part of a definition that now gives way to a config file's.
			e.dropCheck(id)
		}
	}
	for _, v := range wanted.services {
		e.putService(v)
	}
	var errs []error
	for _, c := range wanted.checks {
		if c.def.ServiceID != "" && e.services[c.def.ServiceID] == nil {
			errs = append(errs, catalog.Errorf(catalog.Invalid, "check %q: service_id %q is not registered", c.def.ID, c.def.ServiceID))
			continue
		}
		e.putCheck(c)
	}
	return joined(errs)
}
