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

// report is what a run saw.
type report struct {
	Seed  uint64 `json:"seed"`
	Drops int    `json:"drops_wanted"`
	Rows  []*row `json:"rows"`

	FlipRate  float64 `json:"flips_per_second,omitempty"`
	EntryRate float64 `json:"log_entries_per_second,omitempty"`

	Verdict string `json:"verdict"` // "ok", or what is wrong
}

// row is one kind of check in one phase. Times are in milliseconds.
type row struct {
	Phase     string  `json:"phase"` // calm, load, flips
	Kind      string  `json:"kind"`  // interval, hold, pid
	Drops     int     `json:"drops"`
	Back      int     `json:"came_back"` // dead instances that an agent showed again
	DeathP50  float64 `json:"death_p50"` // from the death of the process until no agent's DNS shows it
	DeathP99  float64 `json:"death_p99"`
	SeenP50   float64 `json:"seen_p50"` // from when the probe saw it
	SeenP99   float64 `json:"seen_p99"`
	NoticeP50 float64 `json:"notice_p50"` // from the death to when the probe saw it
	NoticeP99 float64 `json:"notice_p99"`
	// Applied and Answer are means of what the probing agents' own metrics say: from sight until it
	// was committed, and until their own DNS knew.
	Applied  float64 `json:"applied_mean"`
	Answer   float64 `json:"own_answer_mean"`
	Machine  float64 `json:"load_average"`               // of the machine in the last minute: what else it was busy with counts
	Asked    float64 `json:"asked_per_second,omitempty"` // by the load
	Answered float64 `json:"answered_per_second,omitempty"`

	death, seen, notice []time.Duration
}

func (r *report) row(phase, kind string) *row {
	w := &row{Phase: phase, Kind: kind}
	r.Rows = append(r.Rows, w)
	return w
}

func (w *row) add(d drop) {
	w.Drops++
	if d.back {
		w.Back++
	}
	w.death, w.seen, w.notice = append(w.death, d.death), append(w.seen, d.seen), append(w.notice, d.notice)
	w.DeathP50, w.DeathP99 = figures(w.death)
	w.SeenP50, w.SeenP99 = figures(w.seen)
	w.NoticeP50, w.NoticeP99 = figures(w.notice)
}

// figures are the longest of the better half and of 99 in a hundred, in milliseconds.
func figures(all []time.Duration) (p50, p99 float64) {
	sorted := slices.Sorted(slices.Values(all))
	return milliseconds(percentile.Of(sorted, 50)), milliseconds(percentile.Of(sorted, 99))
}

// milliseconds rounds to tenths, in a way that JSON shows no more digits than that.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(100*time.Microsecond)/(100*time.Microsecond)) / 10
}

// limits are what is wanted of a row; 0: nothing.
func (w *row) limits() (seenP50, seenP99, deathP99 float64) {
	if w.Phase == "calm" {
		seenP50, seenP99 = 20, 100
		if w.Kind != "interval" {
			deathP99 = 50
		}
		return seenP50, seenP99, deathP99
	}
	return 0, 250, 0
}

// print writes a table for people and a line for programs.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "milliseconds until no agent's DNS shows a dead instance\n\n")
	fmt.Fprintf(out, "%-8s%-10s%6s   %-24s%-24s%-24s\n", "", "", "drops", "from its death", "from the probe's sight", "death to sight")
	fmt.Fprintf(out, "%-8s%-10s%6s   %-24s%-24s%-24s\n", "phase", "kind", "", "p50 / p99 (wanted)", "p50 / p99 (wanted)", "p50 / p99")
	for _, w := range r.Rows {
		seenP50, seenP99, deathP99 := w.limits()
		fmt.Fprintf(out, "%-8s%-10s%6d   %-24s%-24s%-24s\n", w.Phase, w.Kind, w.Drops,
			pair(w.DeathP50, w.DeathP99, 0, deathP99), pair(w.SeenP50, w.SeenP99, seenP50, seenP99), pair(w.NoticeP50, w.NoticeP99, 0, 0))
	}
	fmt.Fprintln(out)
	for _, w := range r.Rows {
		whose := ""
		if w.Phase == "flips" {
			whose = " of all checks"
		}
		fmt.Fprintf(out, "%s, %s: agents say %.1f to commit, %.1f to their own answer (means%s); load average of the machine %.1f\n",
			w.Phase, w.Kind, w.Applied, w.Answer, whose, w.Machine)
		if w.Asked > 0 {
			fmt.Fprintf(out, "load during %s: %.0f questions a second, %.0f answered\n", w.Kind, w.Asked, w.Answered)
		}
	}
	if r.FlipRate > 0 {
		fmt.Fprintf(out, "flips: %.0f a second, in %.1f log entries a second\n", r.FlipRate, r.EntryRate)
	}
	fmt.Fprintf(out, "verdict: %s\n", r.Verdict)
	line, err := json.Marshal(r)
	if err != nil {
		line = []byte(err.Error())
	}
	fmt.Fprintf(out, "%s\n", line)
}

// pair shows two figures and what is wanted of them, as far as something is.
func pair(p50, p99, want50, want99 float64) string {
	s := fmt.Sprintf("%.1f / %.1f", p50, p99)
	switch {
	case want50 > 0:
		s += fmt.Sprintf(" (%.0f/%.0f)", want50, want99)
	case want99 > 0:
		s += fmt.Sprintf(" (-/%.0f)", want99)
	}
	return s
}

// judge returns an error when something was measured badly or, if strict, is slower than wanted.
func (r *report) judge(strict bool) error {
	for _, w := range r.Rows {
		switch {
		case w.Drops == 0 || w.Phase != "flips" && w.Drops != r.Drops:
			return fmt.Errorf("%s, %s: %d drops happened, %d were to", w.Phase, w.Kind, w.Drops, r.Drops)
		case w.Back > 0:
			return fmt.Errorf("%s, %s: %d dead instances came back", w.Phase, w.Kind, w.Back)
		}
		if !strict {
			continue
		}
		seenP50, seenP99, deathP99 := w.limits()
		for _, f := range []struct {
			what      string
			got, want float64
		}{
			{"from sight, p50", w.SeenP50, seenP50},
			{"from sight, p99", w.SeenP99, seenP99},
			{"from death, p99", w.DeathP99, deathP99},
		} {
			if f.want > 0 && f.got > f.want {
				return fmt.Errorf("%s, %s: %s is %.1f ms, wanted %.0f", w.Phase, w.Kind, f.what, f.got, f.want)
			}
		}
	}
	if strict && r.EntryRate*5 > r.FlipRate {
		return fmt.Errorf("flips: %.0f a second made %.0f log entries, wanted a fifth", r.FlipRate, r.EntryRate)
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
