package dns

import (
	"slices"

	"muster/catalog"
)

// Keeping is why a critical instance is answered all the same. The set is closed.
type Keeping int

// The reasons to keep an instance.
const (
	NotKept     Keeping = iota
	ByBrake             // too many failed at once to be believed
	LastPassing         // all are critical, and it was among the last to pass
	AllCritical         // all are critical, and it is to be answered then
)

// keepings holds what a keeping is called: for programs, and for people.
var keepings = map[Keeping]struct{ code, text string }{
	ByBrake:     {"brake", "critical, kept by the brake"},
	LastPassing: {"last-passing", "all are critical, this one was among the last to pass"},
	AllCritical: {"all-critical", "all are critical, and it is to be answered then"},
}

// Code is the keeping for programs: lower-case letters and dashes, empty for NotKept.
func (k Keeping) Code() string { return keepings[k].code }

// String says it to a person.
func (k Keeping) String() string { return keepings[k].text }

// guards is what the guards of a service come to at the moment. The zero value is that of one without guards.
type guards struct {
	snap   reads
	on     bool // some instance has a guard
	braked bool
	none   bool // no instance is healthy
}

// guards looks at the whole service that some instances are of.
func (l *lookup) guards(entries []catalog.Entry) guards {
	if !slices.ContainsFunc(entries, func(e catalog.Entry) bool { return e.Instance.Guard != nil }) {
		return guards{} // and nothing can change that but one of the rows read
	}
	service := entries[0].Instance.Name
	b, all := l.snap.Brake(service), l.snap.Entries(service)
	l.step.brake(b)
	return guards{
		snap: l.snap, on: true, braked: b != nil && !b.Lifted,
		none: !slices.ContainsFunc(all, func(e catalog.Entry) bool { return byHealth(e.Status()) == Unused }),
	}
}

// keeps tells whether a critical instance is answered, and why.
func (g *guards) keeps(i *catalog.Instance) Keeping {
	if !g.on || i.Guard == nil || !g.braked && !g.none {
		return NotKept
	}
	turn := g.snap.Turn(i)
	fell := turn != nil && turn.Fell
	switch {
	case g.braked && fell:
		return ByBrake
	case !g.none:
		return NotKept
	case i.Guard.WhenAllCritical == catalog.AnswerLastPassing && fell:
		return LastPassing
	case i.Guard.WhenAllCritical == catalog.AnswerAll:
		return AllCritical
	}
	return NotKept
}

// rampOf is how much of its weight a healthy instance has, in parts of catalog.RampSteps.
func (g *guards) rampOf(i *catalog.Instance) int {
	if g.on && i.Guard != nil {
		if turn := g.snap.Turn(i); turn != nil && !turn.Fell {
			return min(turn.Step+1, catalog.RampSteps)
		}
	}
	return catalog.RampSteps
}

// maxWeight is the largest weight of an SRV record (RFC 2782).
const maxWeight = 65535

// slowStart gives candidates that start slowly their part of the weight. The weights of
// all are multiplied first, for the usual weight of 1 has no parts; what counts are their proportions.
func slowStart(live []candidate) {
	largest, starting := 1, false
	for _, c := range live {
		largest = max(largest, c.weight)
		starting = starting || c.ramp < catalog.RampSteps
	}
	if !starting {
		return
	}
	times := max(1, min(catalog.RampSteps, maxWeight/largest))
	for i := range live {
		c := &live[i]
		if c.weight > 0 {
			c.weight = max(1, c.weight*times*c.ramp/catalog.RampSteps)
		}
	}
}
