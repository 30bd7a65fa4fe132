package probes

import (
	"fmt"
	"time"

	"muster/catalog"
)

// damping says when a check counts as flapping: when it turns to and from critical
// more than limit times within window. It is then held critical until there was no
// failure for calm. A turn between passing and warning is none: either is answered with.
type damping struct {
	limit        int // 0: never
	window, calm time.Duration
}

func dampingOf(def *catalog.CheckDefinition) damping {
	var d damping
	d.limit, d.window, d.calm = def.Flapping()
	return d
}

// flaps is what is remembered of a check to tell whether it is flapping.
type flaps struct {
	turns  []time.Time // the newest limit+1; never modified, only replaced
	failed time.Time   // the last failure
	held   bool
}

// after returns flaps once one more result is in, by which the status would go from was to is.
func (f flaps) after(was, is, saw catalog.Status, at time.Time, d damping) flaps {
	if d.limit == 0 {
		return f
	}
	if saw == catalog.Critical {
		f.failed = at
	}
	switch {
	case f.held && is != catalog.Critical && at.Sub(f.failed) >= d.calm:
		return flaps{}
	case f.held || (was == catalog.Critical) == (is == catalog.Critical):
		return f
	}
	kept := f.turns[max(0, len(f.turns)-d.limit):]
	f.turns = append(append(make([]time.Time, 0, len(kept)+1), kept...), at)
	f.held = len(f.turns) > d.limit && at.Sub(f.turns[0]) <= d.window
	return f
}

// says opens the output of a check that is held, and is empty for others.
func (f flaps) says(d damping) string {
	if !f.held {
		return ""
	}
	return fmt.Sprintf("flapping: %d changes in %v, held critical until %v without a failure\n", d.limit+1, d.window, d.calm)
}
