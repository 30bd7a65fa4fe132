//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// own is what the agents' metrics say of failures, summed over all agents since their start.
type own struct {
	applied, answered tally
	machine           float64 // load average
}

// tally is the sum and count of a histogram, in seconds.
type tally struct{ sum, count float64 }

// since returns the mean since an earlier reading, in milliseconds; 0 if nothing was observed.
func (t tally) since(before tally) float64 {
	if n := t.count - before.count; n > 0 {
		return milliseconds(time.Duration((t.sum - before.sum) / n * float64(time.Second)))
	}
	return 0
}

func (b *bench) own(ctx context.Context) (o own, err error) {
	for _, a := range b.Agents {
		for name, into := range map[string]*float64{
			"muster_failure_seen_to_applied_seconds_sum": &o.applied.sum, "muster_failure_seen_to_applied_seconds_count": &o.applied.count,
			"muster_failure_seen_to_answer_seconds_sum": &o.answered.sum, "muster_failure_seen_to_answer_seconds_count": &o.answered.count,
		} {
			v, err := metric(ctx, a, name)
			if err != nil {
				return o, fmt.Errorf("%s: %w", a.Name, err)
			}
			*into += v
		}
	}
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return o, err
	}
	_, err = fmt.Sscan(string(text), &o.machine)
	return o, err
}

// own notes what the agents said between two readings.
func (w *row) own(before, after own) {
	w.Applied, w.Answer = after.applied.since(before.applied), after.answered.since(before.answered)
	w.Machine = after.machine
}
