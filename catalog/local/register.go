package local

import (
	"strings"
	"unicode/utf8"

	"muster/catalog"
)

// Register registers a service instance and its checks from outside the config
// files, and keeps them on disk. Registering the same id again replaces the
// service; a check whose definition stays the same keeps its verdict. Checks of
// the service that def no longer names stay, unless replaceChecks. The store
// keeps def: its maps and slices must not change afterwards.
//
// Errors: Invalid for a definition that cannot be, Denied for a script check
// that may not be, Conflict for a check id that belongs elsewhere, Internal when
// the disk fails. The registration has then not happened.
func (s *Store) Register(def catalog.ServiceDefinition, replaceChecks bool) error {
	n, err := s.admitService(def, fromHTTP)
	if err != nil {
		return err
	}
	return s.change(func(e *edit) error {
		if replaceChecks {
			for _, c := range e.checksOf(n.ID) {
				if !names(n, c.def.ID) && c.def.Kind() != catalog.KindNone {
					e.dropCheck(c.def.ID)
				}
			}
		}
		e.putService(&service{def: bare(n), from: fromHTTP})
		for _, c := range n.Checks {
			if err := e.mayOwn(c); err != nil {
				return err
			}
			e.putCheck(&check{def: c, from: fromHTTP, attached: true})
		}
		return nil
	})
}

// RegisterCheck registers a check of the node or, with a ServiceID, of a service
// registered with this agent (NotFound if there is none). It is otherwise like Register.
func (s *Store) RegisterCheck(def catalog.CheckDefinition) error {
	n, err := s.admitCheck(def, fromHTTP)
	if err != nil {
		return err
	}
	return s.change(func(e *edit) error {
		if n.ServiceID != "" && e.services[n.ServiceID] == nil {
			return catalog.Errorf(catalog.NotFound, "ServiceID %q does not exist: this agent has no such service for the check %q", n.ServiceID, n.ID)
		}
		if err := e.mayOwn(n); err != nil {
			return err
		}
		// A check that stands in its service's file is replaced there: one check
		// must not stand in two files that may disagree after a crash.
		old, owner := e.checks[n.ID], e.services[n.ServiceID]
		attached := old != nil && old.attached && owner != nil && owner.from == fromHTTP
		e.putCheck(&check{def: n, from: fromHTTP, attached: attached})
		return nil
	})
}

// Deregister removes a service and its checks; NotFound if there is none. One
// that a config file defines comes back with the next LoadConfig.
func (s *Store) Deregister(serviceID string) error {
	return s.change(func(e *edit) error {
		if e.services[serviceID] == nil {
			return unknownService(serviceID)
		}
		e.dropService(serviceID)
		return nil
	})
}

// DeregisterCheck removes a check; NotFound if there is none. One that a config
// file defines comes back with the next LoadConfig.
func (s *Store) DeregisterCheck(checkID string) error {
	return s.change(func(e *edit) error {
		if e.checks[checkID] == nil {
			return unknownCheck(checkID)
		}
		e.dropCheck(checkID)
		return nil
	})
}

// admitService returns a definition normalised, or why it is refused.
func (s *Store) admitService(def catalog.ServiceDefinition, from origin) (catalog.ServiceDefinition, error) {
	if err := def.Validate().Err(); err != nil {
		return def, catalog.Errorf(catalog.Invalid, "service %q: %w", label(def.ID, def.Name), err)
	}
	n := def.Normalize()
	switch {
	case n.ID == catalog.ServersService:
		return n, catalog.Errorf(catalog.Invalid, "service id %q is muster's own", n.ID)
	case !utf8.ValidString(n.ID): // neither JSON nor the raft log would give it back
		return n, catalog.Errorf(catalog.Invalid, "service id %q is not UTF-8", n.ID)
	}
	seen := map[string]bool{}
	for i := range n.Checks {
		c := &n.Checks[i]
		if seen[c.ID] {
			return n, catalog.Errorf(catalog.Invalid, "service %q: check id %q is used twice", n.ID, c.ID)
		}
		seen[c.ID] = true
		if err := s.admitted(c, from); err != nil {
			return n, err
		}
	}
	return n, nil
}

// admitCheck is admitService for a check that stands alone.
func (s *Store) admitCheck(def catalog.CheckDefinition, from origin) (catalog.CheckDefinition, error) {
	if err := def.Validate(false).Err(); err != nil {
		return def, catalog.Errorf(catalog.Invalid, "check %q: %w", label(def.ID, def.Name), err)
	}
	n := def.Normalize()
	return n, s.admitted(&n, from)
}

// admitted refuses what is valid in itself but not for this agent.
func (s *Store) admitted(c *catalog.CheckDefinition, from origin) error {
	if c.ID == catalog.SerfHealth || c.ID == catalog.NodeMaintenance || strings.HasPrefix(c.ID, catalog.ServiceMaintenancePrefix) {
		return catalog.Errorf(catalog.Invalid, "check id %q is muster's own", c.ID)
	}
	if !utf8.ValidString(c.ID) {
		return catalog.Errorf(catalog.Invalid, "check id %q is not UTF-8", c.ID)
	}
	if from == fromHTTP && (c.TLSCAFile != "" || c.TLSCertFile != "") {
		// Whoever reaches HTTP could otherwise have the agent show its keys' worth to any address.
		return catalog.Errorf(catalog.Denied, "check %q names files for TLS; only checks of config files may", c.ID)
	}
	if c.Kind() != catalog.KindScript || s.scriptsAllowed(from) {
		return nil
	}
	if from == fromHTTP {
		return catalog.Errorf(catalog.Denied, "check %q runs a program (args); script checks registered over HTTP are switched off, see enable_script_checks", c.ID)
	}
	return catalog.Errorf(catalog.Denied, "check %q runs a program (args); script checks are switched off, see enable_local_script_checks", c.ID)
}

// mayOwn refuses to move a check from one owner to another: two services that
// name one check would take it from each other, and either would then look healthy.
func (e *edit) mayOwn(c catalog.CheckDefinition) error {
	if old := e.checks[c.ID]; old != nil && old.def.ServiceID != c.ServiceID {
		return catalog.Errorf(catalog.Conflict, "check id %q already belongs to %s; give one of the checks another id", c.ID, owner(old.def.ServiceID))
	}
	return nil
}

func owner(serviceID string) string {
	if serviceID == "" {
		return "the node"
	}
	return "service " + serviceID
}

func names(d catalog.ServiceDefinition, checkID string) bool {
	for _, c := range d.Checks {
		if c.ID == checkID {
			return true
		}
	}
	return false
}

// label is what to call a definition that may lack an id.
func label(id, name string) string {
	if id != "" {
		return id
	}
	return name
}
