package httpapi

import (
	"math/rand/v2"
	"regexp"
	"strings"

	"muster/catalog"
)

// Event is an event as Consul's clients see it.
type Event struct {
	ID            string
	Name          string
	Payload       []byte // in base64; null when there is none
	NodeFilter    string
	ServiceFilter string
	TagFilter     string
	Version       int    // always 1
	LTime         uint64 // raft index at which it was fired; 0 in the answer to who fires it
}

func (s *Server) eventRoutes() []route {
	return []route{
		{template: "/v1/event/fire/{name}", place: ofServers, methods: put(s.fireEvent)},
		{template: "/v1/event/list", place: ofAgent, methods: get(s.listEvents)},
	}
}

func shapeEvent(e *catalog.Event) *Event {
	return &Event{
		ID: e.ID, Name: e.Name, Payload: e.Payload,
		NodeFilter: e.NodeFilter, ServiceFilter: e.ServiceFilter, TagFilter: e.TagFilter, Version: 1, LTime: e.Index,
	}
}

// fireEvent makes an event of the body, which is its payload.
func (s *Server) fireEvent(r *request) (answer, error) {
	name, err := r.name("name")
	if err != nil {
		return answer{}, err
	}
	if internal(name) && name != catalog.ExecEvent {
		return answer{}, catalog.Errorf(catalog.Invalid, "name: %.40q begins with an underscore, which is for events that agents fire themselves", name)
	}
	c := &catalog.FireEvent{
		Name: name, NodeFilter: r.query.Get("node"), ServiceFilter: r.query.Get("service"), TagFilter: r.query.Get("tag"),
		Seed: rand.Uint64(),
	}
	if len(r.body) > 0 {
		c.Payload = r.body
	}
	if err := c.Validate(); err != nil {
		return answer{}, err
	}
	res, err := s.apply(r, c)
	if err != nil {
		return answer{}, err
	}
	return reply(&Event{
		ID: res.EventID(), Name: c.Name, Payload: c.Payload,
		NodeFilter: c.NodeFilter, ServiceFilter: c.ServiceFilter, TagFilter: c.TagFilter, Version: 1,
	}), nil
}

// internal reports whether an event is for agents, not for people.
func internal(name string) bool { return strings.HasPrefix(name, "_") }

// listEvents lists the events that mean this agent. Every agent holds them all and
// decides by its own name and what is registered on its node.
func (s *Server) listEvents(r *request) (answer, error) {
	wanted, err := eventFilter(r)
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		on := snap.InstancesOn(s.cfg.Node)
		events, mark := snap.Events(func(e *catalog.Event) bool { return wanted(e) && e.Concerns(s.cfg.Node, on) })
		return found{value: each(events, shapeEvent), mark: mark}, nil
	})
}

// eventFilter reads ?name, the very name of an event, and ?node, ?service and ?tag, regular
// expressions that the event's own filters must match.
func eventFilter(r *request) (func(*catalog.Event) bool, error) {
	var filters [3]*regexp.Regexp
	for i, param := range []string{"node", "service", "tag"} {
		text := r.query.Get(param)
		if text == "" {
			continue
		}
		re, err := catalog.Pattern(param, text)
		if err != nil {
			return nil, err
		}
		filters[i] = re
	}
	name := r.query.Get("name")
	return func(e *catalog.Event) bool {
		if internal(e.Name) || name != "" && e.Name != name {
			return false
		}
		for i, text := range []string{e.NodeFilter, e.ServiceFilter, e.TagFilter} {
			if filters[i] != nil && !filters[i].MatchString(text) {
				return false
			}
		}
		return true
	}, nil
}
