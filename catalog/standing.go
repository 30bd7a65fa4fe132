package catalog

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Standing is a check as an agent that looks at it knows it: the one that owns it, or one that observes it for
// others. The catalog learns of a new
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

// Transition is one change of a check's status, as seen by an agent that looks at it.
type Transition struct {
	At     time.Time // when what made the difference was seen
	From   Status
	To     Status
	Reason string // first line of the output that came with it; may be empty
}

// reasonBytes bounds the reason of a transition, for people to read in one line.
const reasonBytes = 200

// Remember returns history with one more transition, made by a verdict that came with output, and without the oldest if
// there are too many. It does not modify history.
func Remember(history []Transition, at time.Time, from, to Status, output string) []Transition {
	kept := history[max(0, len(history)-KeptTransitions+1):]
	out := append(make([]Transition, 0, len(kept)+1), kept...)
	return append(out, Transition{At: at, From: from, To: to, Reason: reason(output)})
}

// reason returns the first line of an output that says something. It shares no
// memory with output, which would otherwise live as long as the history.
func reason(output string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(output), "\n")
	line = strings.TrimSpace(line)
	if len(line) > reasonBytes {
		cut := reasonBytes
		for cut > 0 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		line = line[:cut]
	}
	return strings.Clone(line)
}
