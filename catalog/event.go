package catalog

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// Event is something that somebody told all agents of a datacenter, or those that the filters
// name. The state keeps the last [MaxEvents], in the order of the log.
type Event struct {
	ID      string // UUID
	Name    string
	Payload []byte `json:",omitempty"` // opaque; nil: none
	// Filters are regular expressions (RE2) that match anywhere in a name; empty: any. An agent is
	// meant if its node's name matches, and an instance on it is of a service, and with a tag, that match.
	NodeFilter    string `json:",omitempty"`
	ServiceFilter string `json:",omitempty"`
	TagFilter     string `json:",omitempty"`
	Index         uint64 // at which it was fired

	filters *eventFilters // compiled; the same for all who look
}

// ExecEvent is the name of events that ask agents to run something. Others whose names
// begin with an underscore cannot be fired, and no such event is listed.
const ExecEvent = "_rexec"

// Bounds of events.
const (
	MaxEvents       = 256
	MaxEventPayload = 4 << 10
	maxEventName    = 128
)

// FireEvent appends an event. Its Result tells the event's id, see [Result.EventID].
type FireEvent struct {
	Name          string
	Payload       []byte `json:",omitempty"`
	NodeFilter    string `json:",omitempty"`
	ServiceFilter string `json:",omitempty"`
	TagFilter     string `json:",omitempty"`
	// Seed is random; whoever fires the event makes it. Of it and of the index in the log the id is made.
	Seed uint64
}

func (*FireEvent) kind() kind { return kindFireEvent }

// Validate reports what is wrong with an event, and its filters in particular.
func (c *FireEvent) Validate() error {
	if err := c.check(); err != nil {
		return err
	}
	for _, f := range []struct{ field, text string }{{"node", c.NodeFilter}, {"service", c.ServiceFilter}, {"tag", c.TagFilter}} {
		if _, err := Pattern(f.field, f.text); err != nil {
			return err
		}
	}
	return nil
}

// check is Validate but for what may depend on the version of the program: whether filters compile.
func (c *FireEvent) check() error {
	switch {
	case c.Name == "" || hasControl(c.Name):
		return Errorf(Invalid, "name: %q is missing or has a control character", c.Name)
	case len(c.Name) > maxEventName:
		return Errorf(Invalid, "name: has %d bytes, the limit is %d", len(c.Name), maxEventName)
	case len(c.Payload) > MaxEventPayload:
		return Errorf(TooLarge, "the payload has %d bytes, the limit is %d", len(c.Payload), MaxEventPayload)
	case max(len(c.NodeFilter), len(c.ServiceFilter), len(c.TagFilter)) > maxPatternBytes:
		return Errorf(Invalid, "a filter has more than %d bytes", maxPatternBytes)
	case c.TagFilter != "" && c.ServiceFilter == "":
		return Errorf(Invalid, "tag: a filter of tags needs one of services")
	}
	return nil
}

func (c *FireEvent) apply(t *tx) (Result, error) {
	if err := c.check(); err != nil {
		return Result{}, err
	}
	e := &Event{
		ID: eventID(c.Seed, t.index), Name: c.Name, Payload: c.Payload,
		NodeFilter: c.NodeFilter, ServiceFilter: c.ServiceFilter, TagFilter: c.TagFilter, Index: t.index,
	}
	e.compile()
	put(t, &t.events, e)
	t.touch(resEvents)
	for t.events.len() > MaxEvents {
		oldest := t.events.first(byID, nil)
		remove(t, &t.events, oldest)
		put(t, &t.versions, &version{Resource: resEventFloor, Index: oldest.Index})
	}
	id, err := json.Marshal(e.ID)
	return Result{OK: true, Data: id}, err
}

// EventID returns the id of the event that a FireEvent made; "" if it was lost on the way.
func (r Result) EventID() string {
	var id string
	_ = json.Unmarshal(r.Data, &id) // what cannot be read is lost
	return id
}

// eventID makes a UUID of version 4 whose two halves, taken as numbers, differ by the index: that
// is how Consul's clients turn an event's id into an index, by which a watch knows what it has seen.
func eventID(seed, index uint64) string {
	const version, variant = 4 << 12, 1 << 63
	low := seed&^(0xf<<12|3<<62) | version | variant
	high := low ^ index
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", low>>32, low>>16&0xffff, low&0xffff, high>>48, high&(1<<48-1))
}

// eventFilters are the filters of an event, each nil if there is none.
type eventFilters struct {
	node, service, tag *regexp.Regexp
	broken             bool // one does not compile: no agent is meant
}

// compile makes an event's filters. One that another version of the program let pass and this one
// does not know must not make the rows differ.
func (e *Event) compile() {
	e.filters = &eventFilters{}
	for _, f := range []struct {
		text string
		into **regexp.Regexp
	}{{e.NodeFilter, &e.filters.node}, {e.ServiceFilter, &e.filters.service}, {e.TagFilter, &e.filters.tag}} {
		if f.text == "" {
			continue
		}
		re, err := Pattern("filter", f.text)
		if err != nil {
			e.filters.broken = true
		}
		*f.into = re
	}
}

// Concerns reports whether the agent of a node that carries instances is meant.
func (e *Event) Concerns(node string, on []*Instance) bool {
	f := e.filters
	switch {
	case f.broken, f.node != nil && !f.node.MatchString(node):
		return false
	case f.service == nil:
		return true
	}
	return slices.ContainsFunc(on, func(i *Instance) bool {
		return f.service.MatchString(i.Name) && (f.tag == nil || slices.ContainsFunc(i.Tags, f.tag.MatchString))
	})
}

// Events returns the events that keep says yes to, oldest first. The index of their mark is
// that of the newest one, so it can fall when keep thinks better of it.
func (s *Snapshot) Events(keep func(*Event) bool) ([]*Event, Mark) {
	m := Mark{Index: max(1, s.versionIndex(resEventFloor)), Changed: s.watch(watchResource(resEvents))}
	var out []*Event
	for e := range s.events.rows(byID, nil) {
		if keep(e) {
			out = append(out, e)
			m.Index = e.Index
		}
	}
	return out, m
}
