package local

import (
	"maps"
	"reflect"
	"time"

	"muster/catalog"
)

// origin tells where a registration came from.
type origin byte

const (
	fromConfig origin = iota + 1 // a config file: gone once the files no longer say so
	fromHTTP                     // the agent's HTTP API: kept on disk
	fromDrain                    // this process, for as long as it lives
)

// service is a registered service instance. Entries are never modified, only replaced.
type service struct {
	def  catalog.ServiceDefinition // normalised; its checks stand in the table's own right
	from origin
}

// check is a registered check. Entries are never modified, only replaced.
type check struct {
	def  catalog.CheckDefinition // normalised
	from origin
	// attached: part of its service's definition, and on disk in the service's
	// file, so that a service never comes back without its checks.
	attached bool
	until    time.Time // when maintenance ends; zero: no such time
}

// table is everything registered, by id. A table in use is never edited.
type table struct {
	services map[string]*service
	checks   map[string]*check
}

// edit is a table on its way to replace another, and the ids in which they differ.
type edit struct {
	table
	dirtyServices map[string]bool
	dirtyChecks   map[string]bool
}

func (t table) edit() *edit {
	return &edit{
		table:         table{services: maps.Clone(t.services), checks: maps.Clone(t.checks)},
		dirtyServices: map[string]bool{},
		dirtyChecks:   map[string]bool{},
	}
}

func (e *edit) putService(s *service) {
	id := s.def.ID
	if old := e.services[id]; old != nil && old.from == s.from && reflect.DeepEqual(old.def, s.def) {
		return
	}
	e.services[id] = s
	e.dirtyServices[id] = true
}

func (e *edit) putCheck(c *check) {
	id := c.def.ID
	old := e.checks[id]
	if old != nil && old.from == c.from && old.attached == c.attached && old.until.Equal(c.until) && reflect.DeepEqual(old.def, c.def) {
		return
	}
	e.markOwner(old)
	e.checks[id] = c
	e.dirtyChecks[id] = true
	e.markOwner(c)
}

// markOwner marks the service whose file holds a check as dirty.
func (e *edit) markOwner(c *check) {
	if c != nil && c.attached {
		e.dirtyServices[c.def.ServiceID] = true
	}
}

func (e *edit) dropCheck(id string) {
	e.markOwner(e.checks[id])
	delete(e.checks, id)
	e.dirtyChecks[id] = true
}

// dropService removes a service and all its checks, whoever registered them.
func (e *edit) dropService(id string) {
	for _, c := range e.checksOf(id) {
		e.dropCheck(c.def.ID)
	}
	delete(e.services, id)
	e.dirtyServices[id] = true
}

// checksOf returns the checks of a service, in no order.
func (t table) checksOf(serviceID string) []*check {
	var out []*check
	for _, c := range t.checks {
		if c.def.ServiceID == serviceID {
			out = append(out, c)
		}
	}
	return out
}

// bare returns a definition without its checks.
func bare(d catalog.ServiceDefinition) catalog.ServiceDefinition {
	d.Check, d.Checks = nil, nil
	return d
}
