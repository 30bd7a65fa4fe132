package dns

import (
	"fmt"
	"slices"

	"muster/catalog"
)

// trace is filled in by a lookup that is to be explained. Everything that records
// hangs off it by pointers that are nil in every other lookup, and does nothing then:
// an explanation is the answer's own path, not a second one.
type trace struct{ steps []*Step }

// begin adds the step of a name that is about to be looked up.
func (t *trace) begin(z *zone, name string) *Step {
	if t == nil {
		return nil
	}
	s := &Step{Name: name, Zone: z.origin}
	t.steps = append(t.steps, s)
	return s
}

// Step is one name looked up in one zone: the name asked for, or one that a CNAME led to.
type Step struct {
	Name string // spelled as it was looked up
	Zone string // origin of the zone that owns it
	Reading
	// Considered are the instances and nodes looked at, in the order of the catalog.
	Considered []*Considered
	// TTLs are those of the records found here or, when there are none, of their lack.
	TTLs []TTL
	// Cut tells of a limit that left records out; the zero Cut: none did.
	Cut Cut
	// Brake is that of the service, also if it was lifted; nil: there is none.
	Brake *catalog.Brake
	// Preference tells what distance did to the instances.
	Preference Preference
}

// Cut is a choice by weight: a limit lets so many of the records into one answer.
type Cut struct{ Kept, Of int }

// Reading is what a name was taken for. What does not apply is empty.
type Reading struct {
	Form       string // such as "service", "node", "no form"
	Service    string
	Tag        string
	Node       string
	Query      string // name of a prepared query, or its id if it has none
	Address    string
	Datacenter string // as the name states it
}

// String reads like `service "web" with tag "v1"`.
func (r Reading) String() string {
	s, service := r.Form, " %q"
	if r.Query != "" {
		service = " for service %q"
	}
	for _, part := range []struct{ text, format string }{
		{r.Query, " %q"}, {r.Service, service}, {r.Node, " %q"}, {r.Address, " %s"}, {r.Tag, " with tag %q"}, {r.Datacenter, " in datacenter %q"},
	} {
		if part.text != "" {
			s += fmt.Sprintf(part.format, part.text)
		}
	}
	return s
}

// TTL is how long something may be kept, in seconds, and the configuration key that says so, or words.
type TTL struct {
	Seconds uint32
	From    string
}

// formNames are the forms of names for people.
var formNames = map[form]string{
	formNone: "no form of name", formApex: "the zone itself", formNameServer: "the zone's servers",
	formNonTerminal: "a name that only others stand below", formService: "service", formNode: "node",
	formAddr: "address", formInstance: "instance of service", formBrowse: "browsing", formPrepared: "prepared query", formMesh: "service mesh",
}

// read records what a name was taken for.
func (s *Step) read(r request) {
	if s == nil {
		return
	}
	s.Reading = Reading{Form: formNames[r.form], Service: r.service, Tag: r.tag, Node: r.node, Query: r.query, Datacenter: r.dc}
	if r.addr.IsValid() {
		s.Address = r.addr.String()
	}
}

// query records which prepared query a name stands for, with all that a template made of the name.
func (s *Step) query(q *catalog.PreparedQuery) {
	if s != nil {
		s.Service = q.Service.Service
	}
}

// readAs records what a name was taken for that is none of the domain's forms.
func (s *Step) readAs(r Reading) {
	if s != nil {
		s.Reading = r
	}
}

// ttl records how long records may be kept.
func (s *Step) ttl(seconds uint32, from string) {
	if t := (TTL{seconds, from}); s != nil && !slices.Contains(s.TTLs, t) {
		s.TTLs = append(s.TTLs, t)
	}
}

// limit records that a limit keeps so many of the records.
func (s *Step) limit(kept, of int) {
	if s != nil && kept < of {
		s.Cut = Cut{s.Cut.Kept + kept, s.Cut.Of + of}
	}
}

// brake records the brake of a service.
func (s *Step) brake(b *catalog.Brake) {
	if s != nil {
		s.Brake = b
	}
}

// lack takes back what was recorded of records, for there are none after all.
func (s *Step) lack() {
	if s == nil {
		return
	}
	s.TTLs, s.Cut, s.Preference = nil, Cut{}, Preference{}
	for _, c := range s.Considered {
		if c.Verdict == Answered {
			c.Verdict = Unused
		}
	}
}

// consider records an instance or, without one, a node. Until something else is
// said it counts as healthy with nothing of the type asked.
func (s *Step) consider(c Considered, at addresses) *Considered {
	if s == nil {
		return nil
	}
	for _, ip := range at.all() {
		c.Addresses = append(c.Addresses, ip.String())
	}
	if at.host != "" {
		c.Addresses = append(c.Addresses, at.host)
	}
	s.Considered = append(s.Considered, &c)
	return &c
}

// considerEntry records an instance and judges it by its health alone.
func (s *Step) considerEntry(e *catalog.Entry, status catalog.Status, name string) *Considered {
	if s == nil {
		return nil
	}
	c := Considered{Node: e.Node, Instance: e.Instance, Checks: e.Checks, Status: status, Verdict: byHealth(status)}
	return s.consider(c, instanceAddresses(e, name))
}

// considerInstance is considerEntry for an instance that was found by its address.
func (l *lookup) considerInstance(i *catalog.Instance, checks []*catalog.Check, status catalog.Status) *Considered {
	if l.step == nil {
		return nil
	}
	return l.step.considerEntry(&catalog.Entry{Node: l.snap.Node(i.Node), Instance: i, Checks: checks}, status, l.name)
}

// considerNode records a node, which is answered whatever its health.
func (l *lookup) considerNode(n *catalog.Node, ttl uint32) *Considered {
	if l.step == nil {
		return nil
	}
	l.step.ttl(ttl, nodeTTLKey)
	checks := l.snap.ChecksOfInstance(n.Name, "")
	return l.step.consider(Considered{Node: n, Checks: checks, Status: catalog.Worst(checks)}, nodeAddresses(n))
}

// aside returns a copy of the lookup for what is looked at beside the answer: it leaves no trace.
func (l *lookup) aside() *lookup {
	c := *l
	c.trace, c.step = nil, nil
	return &c
}
