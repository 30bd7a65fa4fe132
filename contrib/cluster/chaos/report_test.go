//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// asked is what good did, and what it was to do.
var asked = options{kills: 2, restarts: 1, deaths: 3, outages: 1}

func good() *report {
	return &report{
		Kills: 2, Restarts: servers + clients, Deaths: 3, Outages: 1,
		Questions: 1000, Writes: 100, FailedWrites: 5, GapP99: 3, DetectionP99: 2.5,
	}
}

func TestJudge(t *testing.T) {
	if err := good().judge(asked); err != nil {
		t.Errorf("a good run is judged: %v", err)
	}
	for want, spoil := range map[string]func(*report, *options){
		"1 questions failed, first: c1: badly":                  func(r *report, _ *options) { r.Failed, r.Failures = 1, []string{"c1: badly"} },
		"2 acknowledged writes are gone":                        func(r *report, _ *options) { r.Lost = 2 },
		"nothing was tried: 0 questions, 100 writes":            func(r *report, _ *options) { r.Questions = 0 },
		"nothing was tried: 1000 questions, 0 writes":           func(r *report, _ *options) { r.Writes = 0 },
		"1 kills of a leader happened, 2 were to":               func(r *report, _ *options) { r.Kills = 1 },
		"4 restarts happened, 5 were to":                        func(r *report, _ *options) { r.Restarts = 4 },
		"3 deaths of a client happened, 4 were to":              func(_ *report, o *options) { o.deaths = 4 },
		"0 outages happened, 1 were to":                         func(r *report, _ *options) { r.Outages = 0 },
		"nothing could be written for 3.000 s, bound 2s":        func(_ *report, o *options) { o.within = 2 * time.Second },
		"a dead client was answered with for 2.500 s, bound 2s": func(r *report, o *options) { r.GapP99, o.within = 1, 2*time.Second },
	} {
		r, o := good(), asked
		spoil(r, &o)
		if err := r.judge(o); err == nil || err.Error() != want {
			t.Errorf("judged %v, want %s", err, want)
		}
	}
}

func TestFigures(t *testing.T) {
	all := []time.Duration{3 * time.Second, time.Second, 2 * time.Second, 1500500 * time.Microsecond}
	if n, p50, p99 := figures(all); n != 4 || p50 != 1.501 || p99 != 3 {
		t.Errorf("figures are %d, %v, %v", n, p50, p99)
	}
	if all[0] != 3*time.Second {
		t.Error("the list was put in order in place")
	}
	if n, p50, p99 := figures(nil); n != 0 || p50 != 0 || p99 != 0 {
		t.Errorf("figures of nothing are %d, %v, %v", n, p50, p99)
	}
}

func TestSecondsAreShort(t *testing.T) {
	got, err := json.Marshal(seconds(2868*time.Millisecond + 700*time.Microsecond))
	if err != nil || string(got) != "2.869" {
		t.Errorf("2.8687 s is %s, %v", got, err)
	}
}

func TestPrintEndsInALineOfJSON(t *testing.T) {
	r := good()
	r.conclude(errors.New("two\nlines"))
	var out bytes.Buffer
	r.print(&out)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	var back report
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &back); err != nil {
		t.Fatal(err)
	}
	if back.Kills != 2 || back.FailedWrites != 5 || back.Verdict != "two\nlines" {
		t.Errorf("came back as %+v", back)
	}
}

func TestPause(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		name  string
		acked []int // milliseconds from the moment
		want  int   // milliseconds; -1: not over yet
	}{
		{"nothing was written", nil, -1},
		{"nothing since", []int{-20, -10}, -1},
		{"only what was on its way", []int{-10, 5, 100}, -1},
		{"one pause", []int{-30, -10, 740, 742}, 750},
		{"a pause after what was on its way", []int{-10, 5, 8, 900}, 892},
		{"a pause before what came soon", []int{-10, 60, 62, 101}, 70},
		{"the first write ever", []int{300}, 300},
	} {
		var acked []ack
		for _, ms := range c.acked {
			acked = append(acked, ack{at: at(ms)})
		}
		got, on := pause(acked, at(0))
		if on != (c.want >= 0) || on && got != time.Duration(c.want)*time.Millisecond {
			t.Errorf("%s: %v, %v, want %d ms", c.name, got, on, c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	acked := []ack{{key: "chaos/1"}, {key: "chaos/2"}, {key: "chaos/3"}}
	if n := missing(acked, []string{"chaos/0", "chaos/2"}); n != 2 {
		t.Errorf("%d are missing, want 2", n)
	}
}
