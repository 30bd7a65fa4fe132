package dns

import (
	"time"

	"muster/catalog"
)

// Verdict is what became of an instance or node that a lookup considered. The set is closed.
type Verdict int

// The verdicts.
const (
	Unused        Verdict = iota // healthy, and has no records of the type asked
	Answered                     // in the answer
	IsCritical                   // a check of it, or of its node, is critical
	InMaintenance                // it, or its node, was taken out of service
	NotPassing                   // in warning, which only_passing leaves out
	LacksTag                     // does not carry what was asked for
	OtherFamily                  // has addresses, of the other family only
	NoAddress                    // has no address that DNS can carry
	Superseded                   // has a host name, while others have addresses: a CNAME stands alone
	NotLocal                     // too far away, while enough are near
	Unwanted                     // has not the tags or the meta that a prepared query asks for
	NotDrawn                     // a limit left it out; which ones are drawn anew for every answer
)

// verdicts holds what a verdict is called: for programs, and for people.
var verdicts = map[Verdict]struct{ code, text string }{
	Unused:        {"no-such-type", "has no records of this type"},
	Answered:      {"answered", "in the answer"},
	IsCritical:    {"critical", "critical"},
	InMaintenance: {"maintenance", "in maintenance"},
	NotPassing:    {"not-passing", "in warning, and only_passing is set"},
	LacksTag:      {"lacks-tag", "does not carry the tag"},
	OtherFamily:   {"other-family", "has addresses of the other family only"},
	NoAddress:     {"no-address", "has no address that DNS can carry"},
	Superseded:    {"superseded", "has a host name, which stands alone or not at all"},
	NotLocal:      {"not-local", "outside of the zone or region of this agent, which has enough"},
	Unwanted:      {"not-wanted", "has not the tags and meta that the query asks for"},
	NotDrawn:      {"not-drawn", "left out by a limit, by chance and weight"},
}

// Code is the verdict for programs: one word of lower-case letters and dashes.
func (v Verdict) Code() string { return verdicts[v].code }

// String says it to a person.
func (v Verdict) String() string { return verdicts[v].text }

// In reports whether the answer holds a record of it.
func (v Verdict) In() bool { return v == Answered }

// byHealth is the verdict that a status alone leads to.
func byHealth(s catalog.Status) Verdict {
	switch s {
	case catalog.Critical:
		return IsCritical
	case catalog.Maintenance:
		return InMaintenance
	}
	return Unused
}

// Considered is an instance, or a node, that a lookup looked at, and what became of
// it. The rows are the catalog's: nobody may change them.
type Considered struct {
	Node     *catalog.Node
	Instance *catalog.Instance // nil: the node itself was asked for
	Checks   []*catalog.Check  // of the node, then of the instance
	Status   catalog.Status    // the worst of them
	// Addresses are those that DNS knows it by: IPv4, IPv6, or else a host name. Empty: none.
	Addresses []string
	Weight    int  // in effect, given the status
	Weighed   bool // there is a weight in effect
	Ramp      int  // how much of its weight it has in a slow start, in percent; 0: it is not starting
	Kept      Keeping
	// RTT is the estimated round trip from this agent's node, where that matters; nil: it does not, or is not known.
	RTT     *time.Duration
	Verdict Verdict
}

// become records a verdict. It may be called on nil.
func (c *Considered) become(v Verdict) {
	if c != nil {
		c.Verdict = v
	}
}

// weigh records the weight in effect, and the part of a slow start that it is. It may be called on nil.
func (c *Considered) weigh(w, ramp int) {
	if c == nil {
		return
	}
	c.Weight, c.Weighed = w, true
	if ramp < catalog.RampSteps {
		c.Ramp = 100 * ramp / catalog.RampSteps
	}
}

// keep records why a critical one stays, and that it counts as healthy. It may be called on nil.
func (c *Considered) keep(k Keeping) {
	if c != nil {
		c.Kept, c.Verdict = k, Unused
	}
}

// measured records how far away it is. It may be called on nil.
func (c *Considered) measured(rtt time.Duration) {
	if c != nil {
		c.RTT = &rtt
	}
}

// Against reports whether a check is one of those that gave it its status, when that is not passing.
func (c *Considered) Against(check *catalog.Check) bool {
	return c.Status != catalog.Passing && catalog.Worst([]*catalog.Check{check}) == c.Status
}
