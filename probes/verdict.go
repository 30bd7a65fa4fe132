package probes

import (
	"fmt"

	"muster/catalog"
)

// thresholds say how many results in a row it takes to change a status. All are at least 1.
type thresholds struct {
	successes int // until a passing or warning result counts
	warnings  int // failures until passing becomes warning
	criticals int // failures until critical
}

func thresholdsOf(def *catalog.CheckDefinition) thresholds {
	t := thresholds{
		successes: max(def.SuccessBeforePassing, 1),
		warnings:  def.FailuresBeforeWarning,
		criticals: max(def.FailuresBeforeCritical, 1),
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
	successes int // in a row, up to now
	failures  int // in a row, up to now
}

// startFrom is the verdict of a check that has a status but no results yet. A
// passing check has earned it, so that a first warning is not held back.
func startFrom(status catalog.Status, t thresholds) verdict {
	v := verdict{status: status}
	if status == catalog.Passing {
		v.successes = t.successes
	}
	return v
}

// after returns the verdict once one more result is in. A failure never makes a
// status better: critical does not turn to warning because failures_before_warning
// is reached again after a lone success.
func (v verdict) after(saw catalog.Status, t thresholds) verdict {
	if saw != catalog.Critical {
		v.successes, v.failures = v.successes+1, 0
		if v.successes >= t.successes {
			v.status = saw
		}
		return v
	}
	v.successes, v.failures = 0, v.failures+1
	switch {
	case v.failures >= t.criticals:
		v.status = catalog.Critical
	case v.failures >= t.warnings && v.status == catalog.Passing:
		v.status = catalog.Warning
	}
	return v
}

// held says, for the check's output, why the status is not what the last result
// alone would make it; empty when it is.
func (v verdict) held(saw catalog.Status, t thresholds) string {
	switch {
	case v.status == saw:
		return ""
	case saw == catalog.Critical:
		return fmt.Sprintf("\n(%s: failure %d of %d in a row)", v.status, v.failures, t.criticals)
	default:
		return fmt.Sprintf("\n(%s: success %d of %d in a row)", v.status, v.successes, t.successes)
	}
}
