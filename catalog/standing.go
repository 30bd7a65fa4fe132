package catalog

import "time"

// Standing is a check as the agent that owns it knows it. The catalog learns of a new
// status at once, of new output later, and of times never.
type Standing struct {
	Status Status
	Output string
	// Since is when the status was first seen, or with OrBefore when the check was
	// registered or, after a restart of the agent, read back.
	Since time.Time
	// OrBefore tells that the status may be older: no verdict has changed it.
	OrBefore bool
	// Transitions are the last changes of the status, oldest first and at most
	// KeptTransitions. They must not be modified.
	Transitions []Transition
}

// KeptTransitions is how many changes of its status are remembered of a check. They
// live in memory: a restart of the agent forgets them.
const KeptTransitions = 20

// Transition is one change of a check's status, as seen by the agent that owns the check.
type Transition struct {
	At     time.Time // when what made the difference was seen
	From   Status
	To     Status
	Reason string // first line of the output that came with it; may be empty
}
