package consensus

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	th := newThrottle()
	start := time.Now()
	for i, tc := range []struct {
		key  string
		at   time.Duration
		held int
		ok   bool
	}{
		{"a", 0, 0, true},
		{"a", 1, 0, false},
		{"b", 2, 0, true},
		{"a", throttleTime - 1, 0, false},
		{"a", throttleTime, 2, true},
		{"a", 3*throttleTime - 1, 0, false}, // it is held back twice as long
		{"a", 3 * throttleTime, 1, true},
		{"b", 3 * throttleTime, 0, true},
		{"a", 11 * throttleTime, 0, true}, // and after a silence as at first
		{"a", 12 * throttleTime, 0, true},
	} {
		if held, ok := th.pass(tc.key, start.Add(tc.at)); held != tc.held || ok != tc.ok {
			t.Errorf("%d: %s at %v: held %d, %v", i, tc.key, tc.at, held, ok)
		}
	}
	for i := range 10 * throttleKeys {
		th.pass(fmt.Sprint(i), start)
		if len(th.said) > throttleKeys {
			t.Fatalf("%d complaints are kept", len(th.said))
		}
	}
}

func TestComplaints(t *testing.T) {
	log := &logged{}
	l := bridge(log.logger())
	for range 3 {
		for _, peer := range []string{"a", "b"} {
			l.Error("failed to install snapshot", "peer", peer, "id", 1)
			l.Named("raft").Error("failed to install snapshot", "peer", peer)
		}
		l.Info("installed", "peer", "a")
	}
	if n := strings.Count(log.String(), "\n"); n != 4+3 {
		t.Errorf("%d lines:\n%s", n, log)
	}
}
