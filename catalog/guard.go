package catalog

import "time"

// Guard is what the owner of an instance wants answers to do when checks fail in
// numbers, and when they recover. It guards DNS answers only: the statuses themselves
// are told as they are. Whoever holds one must not modify it.
type Guard struct {
	// WhenAllCritical says whether the instance is answered while the service has
	// no healthy instance. Empty: [AnswerNone].
	WhenAllCritical AllCritical `key:"when_all_critical" json:",omitempty"`
	// BrakePercent is how much of a service may fail within BrakeWindow before the
	// instance is answered although critical, in percent of those that were healthy.
	// 0: there is no brake. One instance that fails alone is never kept.
	BrakePercent int `key:"brake_percent" json:",omitempty"`
	// BrakeWindow is how long a failure counts as one of the same trouble. 0: DefaultBrakeWindow.
	BrakeWindow time.Duration `key:"brake_window" json:",omitempty"`
	// SlowStart is how long the weight of the instance grows after it came back. 0: it has all of it at once.
	SlowStart time.Duration `key:"slow_start" json:",omitempty"`
}

// AllCritical is what is answered of a service without a healthy instance.
type AllCritical string

const (
	// AnswerNone answers that there is nothing, as Consul does.
	AnswerNone AllCritical = "none"
	// AnswerLastPassing answers the instances that were the last to fail: those that
	// did so within BrakeWindow before the last healthy one was gone.
	AnswerLastPassing AllCritical = "last_passing"
	// AnswerAll answers all instances that are not in maintenance.
	AnswerAll AllCritical = "all"
)

// Bounds of what a guard may ask for.
const (
	DefaultBrakeWindow = 10 * time.Second
	maxBrakeWindow     = time.Hour
	maxSlowStart       = time.Hour
	minSlowStart       = time.Second // every step of one is an entry of the log
)

// Window is how long a failure counts.
func (g *Guard) Window() time.Duration {
	if g.BrakeWindow == 0 {
		return DefaultBrakeWindow
	}
	return g.BrakeWindow
}

// Equal reports whether two of them ask for the same. Nil asks for the same as nil only.
func (g *Guard) Equal(o *Guard) bool { return g == o || g != nil && o != nil && *g == *o }

// remembers reports whether it matters that the instance was healthy lately.
func (g *Guard) remembers() bool { return g.BrakePercent > 0 || g.WhenAllCritical == AnswerLastPassing }

// Validate returns everything wrong with a guard.
func (g *Guard) Validate() Problems {
	var p Problems
	switch g.WhenAllCritical {
	case "", AnswerNone, AnswerLastPassing, AnswerAll:
	default:
		p.add("when_all_critical", "%.40q is none of none, last_passing, all", string(g.WhenAllCritical))
	}
	if g.BrakePercent < 0 || g.BrakePercent > 99 {
		p.add("brake_percent", "%d is outside 0..99; 0 means no brake", g.BrakePercent)
	}
	if g.BrakeWindow < 0 || g.BrakeWindow > maxBrakeWindow {
		p.add("brake_window", "%v is outside 0s..%v", g.BrakeWindow, maxBrakeWindow)
	}
	if s := g.SlowStart; s != 0 && (s < minSlowStart || s > maxSlowStart) {
		p.add("slow_start", "%v is neither 0s nor in %v..%v", s, minSlowStart, maxSlowStart)
	}
	return p
}

// Turn is an instance with a guard whose health turned not long ago. Time is no part
// of the state: a turn lasts until [TendTurns], which the leader applies by its clock.
type Turn struct {
	Node    string
	ID      string
	Service string
	Index   uint64 // at which it turned
	// Fell tells that it was healthy and turned critical. Otherwise it came back, and
	// starts slowly.
	Fell bool `json:",omitempty"`
	// Step is how far a slow start has come, 0 to RampSteps-1; it has (Step+1)/RampSteps of its weight.
	Step int `json:",omitempty"`
}

// RampSteps is in how many steps a slow start reaches the whole weight.
const RampSteps = 10

// Brake keeps failing instances of a service in answers: those with a turn that Fell.
type Brake struct {
	Service string
	Index   uint64 // at which too many had failed
	Percent int    // that were allowed to
	Failed  int    // that had failed then
	Of      int    // that had been healthy before
	// Lifted tells that an operator would have none of it. It stays until the failures
	// are forgotten, so that they bring about no other brake.
	Lifted bool `json:",omitempty"`
}

// TendTurns forgets falls, and moves slow starts on.
type TendTurns struct {
	Turns []TurnOf
}

// TurnOf names a turn. Where it is a slow start Step is the next one, and RampSteps ends it.
type TurnOf struct {
	Node  string
	ID    string
	Index uint64
	Step  int `json:",omitempty"`
}

// LiftBrake has answers leave out failing instances of a service in spite of a
// brake. It fails with NotFound when there is none.
type LiftBrake struct {
	Service string
}

func (*TendTurns) kind() kind { return kindTendTurns }
func (*LiftBrake) kind() kind { return kindLiftBrake }
