package local

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"muster/catalog"
)

func TestOutputIsCapped(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"short", "ok", 0, "ok"},
		{"at the limit", "abcd", 4, "abcd"},
		{"over it", "abcde", 4, "abcd"},
		{"over the most there is", strings.Repeat("x", 5000), 1 << 20, strings.Repeat("x", catalog.MaxCheckOutput)},
		{"no limit given", strings.Repeat("x", 5000), 0, strings.Repeat("x", catalog.MaxCheckOutput)},
		{"a character at the edge", "abcü", 4, "abc"},
		{"bytes that are no text", "a\xffb", 9, "a\uFFFDb"},
		{"that grow beyond the limit", "\xff\xff\xff", 4, "\uFFFD"},
		{"a character bigger than the limit", "\U0001F600", 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, "")
			must(t, s.RegisterCheck(catalog.CheckDefinition{ID: "c", TTL: time.Minute, OutputMaxSize: tt.limit}))
			must(t, s.Report("c", catalog.Passing, tt.in, time.Now()))
			if got := s.Checks()[0].Output; got != tt.want || !utf8.ValidString(got) {
				t.Errorf("%.20q, want %.20q", got, tt.want)
			}
		})
	}
}

func TestReap(t *testing.T) {
	after := func(id string, d time.Duration) catalog.CheckDefinition {
		return catalog.CheckDefinition{ID: id, TTL: time.Minute, DeregisterCriticalServiceAfter: d}
	}
	tests := []struct {
		name    string
		check   catalog.CheckDefinition
		reports map[time.Duration]catalog.Status // by time since the start
		at      time.Duration
		gone    bool
	}{
		{"never", ttl("c"), nil, 1000 * time.Hour, false},
		{"not yet", after("c", 2*time.Minute), nil, 2*time.Minute - 1, false},
		{"critical from the start", after("c", 2*time.Minute), nil, 2 * time.Minute, true},
		{"a minute is the least", after("c", time.Second), nil, time.Minute - 1, false},
		{"and enough", after("c", time.Second), nil, time.Minute, true},
		{"passing", after("c", time.Minute), map[time.Duration]catalog.Status{0: catalog.Passing}, time.Hour, false},
		{"warning", after("c", time.Minute), map[time.Duration]catalog.Status{0: catalog.Warning}, time.Hour, false},
		{"a recovery starts the clock anew", after("c", time.Minute), map[time.Duration]catalog.Status{
			0: catalog.Critical, 30 * time.Second: catalog.Passing, 40 * time.Second: catalog.Critical}, 99 * time.Second, false},
		{"a repeated verdict does not", after("c", time.Minute), map[time.Duration]catalog.Status{
			0: catalog.Passing, time.Second: catalog.Critical, 40 * time.Second: catalog.Critical}, 61 * time.Second, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := open(t, ""), time.Now()
				node := tt.check
				node.ID = "node's" // never reaped: there is no service to deregister
				must(t, s.Register(svc("a", tt.check, ttl("d")), false), s.Register(svc("b"), false), s.RegisterCheck(node))
				var times []time.Duration
				for at := range tt.reports {
					times = append(times, at)
				}
				slices.Sort(times)
				for _, at := range times {
					must(t, s.Report("c", tt.reports[at], "", start.Add(at)))
				}
				got := s.Reap(start.Add(tt.at))
				if want := map[bool]int{true: 1}[tt.gone]; len(got) != want || len(s.Instances()) != 2-want {
					t.Errorf("reaped %v", got)
				}
			})
		})
	}
}
