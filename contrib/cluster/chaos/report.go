//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// report is what a run saw. Durations are in seconds.
type report struct {
	Seed     uint64  `json:"seed"`
	FormedIn float64 `json:"formed_in"`

	Kills    int `json:"leader_kills"`
	Restarts int `json:"restarts"`
	Deaths   int `json:"client_deaths"`

	Questions int64    `json:"questions"`
	Failed    int      `json:"failed_questions"`
	Failures  []string `json:"failures,omitempty"` // the first of them

	Writes       int `json:"writes"`
	FailedWrites int `json:"failed_writes"` // not acknowledged, which is no loss
	Lost         int `json:"lost_writes"`

	GapP50       float64 `json:"write_gap_p50"`
	GapP99       float64 `json:"write_gap_p99"`
	DetectionP50 float64 `json:"detection_p50"`
	DetectionP99 float64 `json:"detection_p99"`

	gaps, detections []time.Duration
}

// take adds what ran beside the faults.
func (r *report) take(q *questions, w *writer) {
	r.Kills, r.Deaths = len(r.gaps), len(r.detections)
	r.Questions, r.Failed = q.asked.Load(), len(q.failed)
	r.Failures = q.failed[:min(len(q.failed), 10)]
	r.Writes, r.FailedWrites = len(w.acked), w.failed
	r.GapP50, r.GapP99 = percentiles(r.gaps)
	r.DetectionP50, r.DetectionP99 = percentiles(r.detections)
}

func percentiles(all []time.Duration) (p50, p99 float64) {
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	at := func(p int) float64 { return seconds(all[min(len(all)*p/100, len(all)-1)]) }
	return at(50), at(99)
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "formed in                     %.3f s\n", r.FormedIn)
	fmt.Fprintf(w, "questions                     %d, failed on agents that were up: %d (wanted 0)\n", r.Questions, r.Failed)
	fmt.Fprintf(w, "writes acknowledged           %d, lost: %d (wanted 0)\n", r.Writes, r.Lost)
	fmt.Fprintf(w, "leaders killed                %d, writes paused for %.3f s (p50), %.3f s (p99, wanted <= 2)\n", r.Kills, r.GapP50, r.GapP99)
	fmt.Fprintf(w, "agents restarted in turn      %d\n", r.Restarts)
	fmt.Fprintf(w, "clients killed                %d, out of all answers after %.3f s (p50), %.3f s (p99, wanted <= 2)\n", r.Deaths, r.DetectionP50, r.DetectionP99)
	line, err := json.Marshal(r)
	if err != nil {
		line = []byte(err.Error())
	}
	fmt.Fprintf(w, "%s\n", line)
}

// verdict is an error when a promise was broken. Times depend on the machine and are for people to judge.
func (r *report) verdict() error {
	switch {
	case r.Failed > 0:
		return fmt.Errorf("%d questions failed, first: %s", r.Failed, r.Failures[0])
	case r.Lost > 0:
		return fmt.Errorf("%d acknowledged writes are gone", r.Lost)
	case r.Questions == 0 || r.Writes == 0 || r.Kills+r.Restarts+r.Deaths == 0:
		return fmt.Errorf("nothing happened: %d questions, %d writes, %d faults", r.Questions, r.Writes, r.Kills+r.Restarts+r.Deaths)
	}
	return nil
}
