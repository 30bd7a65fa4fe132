package probes

import (
	"fmt"
	"time"

	"muster/catalog"
)

// thresholds say how many results in a row it takes to change a status. All are at least 1.
type thresholds struct {
	successes int // until a passing or warning result counts
	warnings  int // failures until passing becomes warning
	criticals int // failures until critical
	damping   damping
}

func thresholdsOf(def *catalog.CheckDefinition) thresholds {
	t := thresholds{
		successes: max(def.SuccessBeforePassing, 1),
		warnings:  def.FailuresBeforeWarning,
		criticals: max(def.FailuresBeforeCritical, 1),
		damping:   dampingOf(def),
	}
	if t.warnings <= 0 {
		t.warnings = t.criticals
	}
	return t
}

// verdict is a check's status and the run of like results that it rests on. A
// warning counts as a success, as it does for Consul: the target did answer.
type verdict struct {
	status    catalog.Status
	earned    catalog.Status // what status would be if flapping were not damped
	successes int            // in a row, up to now
	failures  int            // in a row, up to now
	flaps     flaps
}

// startFrom is the verdict of a check that has a status but no results yet. A
// passing check has earned it, so that a first warning is not held back.
func startFrom(status catalog.Status, t thresholds) verdict {
	v := verdict{status: status, earned: status}
	if status == catalog.Passing {
		v.successes = t.successes
	}
	return v
}

// after returns the verdict once one more result is in, which was seen at a time.
func (v verdict) after(saw catalog.Status, at time.Time, t thresholds) verdict {
	was := v.earned
	v = v.counting(saw, t)
	v.flaps = v.flaps.after(was, v.earned, saw, at, t.damping)
	v.status = v.earned
	if v.flaps.held {
		v.status = catalog.Critical
	}
	return v
}

// counting brings in one more result. A failure never makes a status better:
// critical does not turn to warning because failures_before_warning is reached
// again after a lone success.
func (v verdict) counting(saw catalog.Status, t thresholds) verdict {
	if saw != catalog.Critical {
		v.successes, v.failures = v.successes+1, 0
		if v.successes >= t.successes {
			v.earned = saw
		}
		return v
	}
	v.successes, v.failures = 0, v.failures+1
	switch {
	case v.failures >= t.criticals:
		v.earned = catalog.Critical
	case v.failures >= t.warnings && v.earned == catalog.Passing:
		v.earned = catalog.Warning
	}
	return v
}

// words is the check's output, in at most limit bytes: what was seen, and why the
// status is not what that alone would make it. That a check is flapping comes
// first: it is why it is critical, whatever was seen.
func (v verdict) words(saw Result, t thresholds, limit int) string {
	flapping, held := v.flaps.says(t.damping), v.held(saw.Status, t)
	room := max(0, limit-len(flapping)-len(held))
	return flapping + head(saw.Output, room) + held
}

// held says how many more results like the last one it takes; empty when it takes none.
func (v verdict) held(saw catalog.Status, t thresholds) string {
	switch {
	case v.earned == saw:
		return ""
	case saw == catalog.Critical:
		return fmt.Sprintf("\n(%s: failure %d of %d in a row)", v.earned, v.failures, t.criticals)
	default:
		return fmt.Sprintf("\n(%s: success %d of %d in a row)", v.earned, v.successes, t.successes)
	}
}
