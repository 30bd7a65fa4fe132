package catalog

import "time"

// Transition is one change of a check's status, as seen by the agent that owns the check.
type Transition struct {
	At     time.Time // when what made the difference was seen
	From   Status
	To     Status
	Reason string // first line of the output that came with it; may be empty
}
