//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"muster/contrib/percentile"
)

// report is what a run saw. Durations are in seconds.
type report struct {
	Seed     uint64  `json:"seed"`
	FormedIn float64 `json:"formed_in"`

	Kills    int `json:"leader_kills"`
	Restarts int `json:"restarts"`
	Deaths   int `json:"client_deaths"`
	Outages  int `json:"server_outages"`

	Questions int64    `json:"questions"`
	Failed    int      `json:"failed_questions"`
	Failures  []string `json:"failures,omitempty"` // the first of them
	Slowest   float64  `json:"slowest_answer"`

	Writes       int `json:"writes"`
	FailedWrites int `json:"failed_writes"` // not acknowledged, which is no loss
	Lost         int `json:"lost_writes"`

	GapP50       float64 `json:"write_gap_p50"`
	GapP99       float64 `json:"write_gap_p99"`
	DetectionP50 float64 `json:"detection_p50"`
	DetectionP99 float64 `json:"detection_p99"`

	Verdict string `json:"verdict"` // "ok", or what is wrong

	gaps, detections []time.Duration
}

// maxFailures is how many of the failures are told.
const maxFailures = 10

// take adds what ran beside the faults.
func (r *report) take(q *questions, w *writer) {
	r.Questions, r.Failed = q.asked.Load(), len(q.failed)
	r.Failures, r.Slowest = q.failed[:min(len(q.failed), maxFailures)], seconds(time.Duration(q.slowest.Load()))
	r.Writes, r.FailedWrites = len(w.acked), w.failed
	r.Kills, r.GapP50, r.GapP99 = figures(r.gaps)
	r.Deaths, r.DetectionP50, r.DetectionP99 = figures(r.detections)
}

// figures are what is told of durations: how many there are, and the longest of
// their better half and of 99 in a hundred, in seconds.
func figures(all []time.Duration) (n int, p50, p99 float64) {
	sorted := slices.Sorted(slices.Values(all))
	return len(all), seconds(percentile.Of(sorted, 50)), seconds(percentile.Of(sorted, 99))
}

// seconds rounds to milliseconds, in a way that JSON shows no more digits than that.
func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}

// print writes a table for people and a line for programs.
func (r *report) print(w io.Writer) {
	row := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%-26s"+format+"\n", append([]any{what}, args...)...)
	}
	row("cluster formed in", "%.3f s", r.FormedIn)
	row("leaders killed", "%d; no write for %.3f s (p50), %.3f s (p99, wanted <= 2)", r.Kills, r.GapP50, r.GapP99)
	row("agents restarted", "%d", r.Restarts)
	row("clients killed", "%d; out of all answers after %.3f s (p50), %.3f s (p99, wanted <= 2)", r.Deaths, r.DetectionP50, r.DetectionP99)
	row("all servers killed", "%d", r.Outages)
	row("questions", "%d; failed on agents that were up: %d (wanted 0); slowest answer %.3f s", r.Questions, r.Failed, r.Slowest)
	row("writes acknowledged", "%d; lost: %d (wanted 0); not acknowledged: %d", r.Writes, r.Lost, r.FailedWrites)
	row("verdict", "%s", r.Verdict)
	line, err := json.Marshal(r)
	if err != nil {
		line = []byte(err.Error())
	}
	fmt.Fprintf(w, "%s\n", line)
}

// judge returns an error when a promise was broken, or when not all happened that was asked for.
func (r *report) judge(o options) error {
	switch {
	case r.Failed > 0:
		return fmt.Errorf("%d questions failed, first: %s", r.Failed, r.Failures[0])
	case r.Lost > 0:
		return fmt.Errorf("%d acknowledged writes are gone", r.Lost)
	case r.Questions == 0 || r.Writes == 0:
		return fmt.Errorf("nothing was tried: %d questions, %d writes", r.Questions, r.Writes)
	}
	for _, f := range []struct {
		what      string
		did, want int
	}{
		{"kills of a leader", r.Kills, o.kills},
		{"restarts", r.Restarts, o.restarts * (servers + clients)},
		{"deaths of a client", r.Deaths, o.deaths},
		{"outages", r.Outages, o.outages},
	} {
		if f.did != f.want {
			return fmt.Errorf("%d %s happened, %d were to", f.did, f.what, f.want)
		}
	}
	if bound := o.within.Seconds(); bound > 0 {
		switch {
		case r.GapP99 > bound:
			return fmt.Errorf("nothing could be written for %.3f s, bound %v", r.GapP99, o.within)
		case r.DetectionP99 > bound:
			return fmt.Errorf("a dead client was answered with for %.3f s, bound %v", r.DetectionP99, o.within)
		}
	}
	return nil
}

// conclude writes the verdict.
func (r *report) conclude(err error) {
	r.Verdict = "ok"
	if err != nil {
		r.Verdict = err.Error()
	}
}
