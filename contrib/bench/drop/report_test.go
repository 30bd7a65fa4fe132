//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func good() *report {
	r := &report{Drops: 2, FlipRate: 500, EntryRate: 40}
	for _, kind := range []string{"interval", "hold"} {
		for _, phase := range []string{"calm", "load"} {
			w := r.row(phase, kind)
			w.add(drop{death: 12 * time.Millisecond, seen: 10 * time.Millisecond, notice: 2 * time.Millisecond})
			w.add(drop{death: 15 * time.Millisecond, seen: 11 * time.Millisecond, notice: 4 * time.Millisecond})
		}
	}
	return r
}

func TestJudge(t *testing.T) {
	if err := good().judge(true); err != nil {
		t.Errorf("a good run is judged: %v", err)
	}
	for want, c := range map[string]struct {
		strict bool
		spoil  func(*report)
	}{
		"calm, interval: 1 drops happened, 2 were to":              {false, func(r *report) { r.Rows[0].Drops = 1 }},
		"load, hold: 1 dead instances came back":                   {false, func(r *report) { r.Rows[3].Back = 1 }},
		"calm, hold: from death, p99 is 50.1 ms, wanted 50":        {true, func(r *report) { r.Rows[2].DeathP99 = 50.1 }},
		"calm, interval: from sight, p50 is 20.1 ms, wanted 20":    {true, func(r *report) { r.Rows[0].SeenP50 = 20.1 }},
		"load, interval: from sight, p99 is 250.1 ms, wanted 250":  {true, func(r *report) { r.Rows[1].SeenP99 = 250.1 }},
		"flips: 500 a second made 101 log entries, wanted a fifth": {true, func(r *report) { r.EntryRate = 101 }},
		"flips, hold: 0 drops happened, 2 were to":                 {false, func(r *report) { r.row("flips", "hold") }},
	} {
		r := good()
		c.spoil(r)
		if err := r.judge(c.strict); err == nil || err.Error() != want {
			t.Errorf("judged %v, want %s", err, want)
		}
		if err := r.judge(false); c.strict && err != nil {
			t.Errorf("slow is not wrong, but judged: %v", err)
		}
	}
}

func TestOwnFiguresAreOfTheTimeBetween(t *testing.T) {
	w := &row{}
	w.own(own{applied: tally{1, 10}, answered: tally{2, 10}, machine: 9}, own{applied: tally{1.03, 13}, answered: tally{2, 10}, machine: 1.5})
	if w.Applied != 10 || w.Answer != 0 || w.Machine != 1.5 {
		t.Errorf("own figures are %v, %v, %v", w.Applied, w.Answer, w.Machine)
	}
}

func TestPrintEndsInALineOfJSON(t *testing.T) {
	r := good()
	r.conclude(nil)
	var out bytes.Buffer
	r.print(&out)
	if text := out.String(); !strings.Contains(text, "12.0 / 15.0 (-/50)") || !strings.Contains(text, "10.0 / 11.0 (20/100)") {
		t.Errorf("the table lacks figures:\n%s", text)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	var back report
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Rows) != 4 || back.Rows[2].NoticeP99 != 4 || back.Verdict != "ok" {
		t.Errorf("came back as %+v", back)
	}
}
