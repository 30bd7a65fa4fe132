package local

import (
	"strings"
	"unicode/utf8"

	"muster/catalog"
)

// reasonBytes bounds the reason of a transition, for people to read in one line.
const reasonBytes = 200

// with returns history with one more transition, without the oldest if there are too many.
func with(history []catalog.Transition, t catalog.Transition) []catalog.Transition {
	kept := history[max(0, len(history)-catalog.KeptTransitions+1):]
	return append(append(make([]catalog.Transition, 0, len(kept)+1), kept...), t)
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
