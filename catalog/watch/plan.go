package watch

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Plan is what to watch. Each field but Type is for some types only.
type Plan struct {
	Type        string   // see Types
	Key         string   // key
	Prefix      string   // keyprefix
	Service     string   // service; checks: those of its instances
	Tags        []string // service: instances that have all of them
	PassingOnly bool     // service: without instances that a check speaks against
	State       string   // checks: passing, warning, critical; empty: any
	Name        string   // event; empty: all events
	Filter      string   // nodes, services, service, checks: an expression as the API takes it
	Stale       bool     // any server may answer from what it has; not for events
	Datacenter  string   // empty: the agent's own; not for events
	// Fresh leaves out what was there before the watch first looked. It is for events, which are a list of the past.
	Fresh bool
}

// Types are the types of watches.
func Types() []string {
	return []string{"checks", "event", "key", "keyprefix", "nodes", "service", "services"}
}

// Problem is what is wrong with one field of a plan; the field's name is that of Consul's parameter.
type Problem struct{ Field, Message string }

// Validate reports what is wrong with a plan.
func (p *Plan) Validate() []Problem {
	var out []Problem
	if !slices.Contains(Types(), p.Type) {
		message := fmt.Sprintf("%q is none of %s", p.Type, strings.Join(Types(), ", "))
		if p.Type == "" {
			message = "is missing"
		}
		return append(out, Problem{"type", message})
	}
	for _, f := range []struct {
		name     string
		set      bool
		needs    bool // the types cannot do without
		belongTo string
	}{
		{"key", p.Key != "", true, "key"},
		{"prefix", p.Prefix != "", true, "keyprefix"},
		{"service", p.Service != "", p.Type == "service", "service checks"},
		{"tag", len(p.Tags) > 0, false, "service"},
		{"passingonly", p.PassingOnly, false, "service"},
		{"state", p.State != "", false, "checks"},
		{"name", p.Name != "", false, "event"},
		{"filter", p.Filter != "", false, "nodes services service checks"},
		{"stale", p.Stale, false, "key keyprefix nodes services service checks"},
		{"datacenter", p.Datacenter != "", false, "key keyprefix nodes services service checks"},
	} {
		mine := slices.Contains(strings.Fields(f.belongTo), p.Type)
		switch {
		case mine && f.needs && !f.set:
			out = append(out, Problem{f.name, "is missing"})
		case f.set && !mine:
			out = append(out, Problem{f.name, fmt.Sprintf("means nothing to a watch of type %s", p.Type)})
		}
	}
	if p.State != "" && p.Service != "" && p.Type == "checks" {
		out = append(out, Problem{"state", "and service exclude each other"})
	}
	if !slices.Contains([]string{"", "any", "passing", "warning", "critical"}, p.State) {
		out = append(out, Problem{"state", fmt.Sprintf("%q is none of any, passing, warning, critical", p.State)})
	}
	return out
}

// Request is what a plan reads: behind the path stands a name or a key.
type Request struct {
	Path, Name, Key string
	Query           url.Values
}

// Request returns what a valid plan reads.
func (p *Plan) Request() Request {
	q := url.Values{}
	for name, value := range map[string]string{"dc": p.Datacenter, "filter": p.Filter} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if p.Stale {
		q.Set("stale", "")
	}
	switch p.Type {
	case "key":
		return Request{Path: "/v1/kv/", Key: p.Key, Query: q}
	case "keyprefix":
		q.Set("recurse", "")
		return Request{Path: "/v1/kv/", Key: p.Prefix, Query: q}
	case "service":
		if len(p.Tags) > 0 {
			q["tag"] = p.Tags
		}
		if p.PassingOnly {
			q.Set("passing", "")
		}
		return Request{Path: "/v1/health/service/", Name: p.Service, Query: q}
	case "checks":
		if p.Service != "" {
			return Request{Path: "/v1/health/checks/", Name: p.Service, Query: q}
		}
		state := p.State
		if state == "" {
			state = "any"
		}
		return Request{Path: "/v1/health/state/", Name: state, Query: q}
	case "event":
		if p.Name != "" {
			q.Set("name", p.Name)
		}
		return Request{Path: "/v1/event/list", Query: q}
	default:
		return Request{Path: "/v1/catalog/" + p.Type, Query: q}
	}
}

// shape turns an answer, nil where there is none, into what handlers get: as Consul hands it
// over, a key is an object, and what is not there is null.
func (p *Plan) shape(body []byte) (json.RawMessage, error) {
	if body == nil {
		return json.RawMessage("null"), nil
	}
	if !json.Valid(body) {
		return nil, fmt.Errorf("watch: the answer is not JSON: %.40q", body)
	}
	if p.Type != "key" {
		return body, nil
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil || len(rows) != 1 {
		return nil, fmt.Errorf("watch: the answer is not one key: %.40q", body)
	}
	return rows[0], nil
}
