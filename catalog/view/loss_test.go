package view

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lines is a log that others may write to meanwhile. It holds messages and who they are about.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// take returns level, message and servers of each line since the last call.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	var out []string
	for line := range strings.Lines(l.b.String()) {
		m := regexp.MustCompile(`level=(\w+) msg="(.*?)"(?: server=(\S*))?(?: server_before=(\S*))?`).FindStringSubmatch(line)
		out = append(out, strings.Join(strings.Fields(strings.Join(m[1:], " ")), " "))
	}
	return strings.Join(out, "; ")
}

// TestWhatIsToldOfFeeds has a View move between servers, lose all of them, and find one again.
func TestWhatIsToldOfFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := filled(t, 5)
		a, b := newServer("a", state), newServer("b", state)
		var log lines
		_, _, stop := following(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, a, b)
		expect := func(after time.Duration, what, want string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := log.take(); got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		expect(time.Second, "at first", "INFO catalog received a")
		a.cut()
		expect(time.Second, "another server", "INFO catalog is fed again b a")
		for _, s := range []*server{a, b} {
			s.set(func(s *server) { s.down = true })
			s.cut()
		}
		expect(4*time.Second, "none for a short time", "")
		expect(time.Minute, "none", "WARN no server feeds the catalog b")
		a.set(func(s *server) { s.down = false })
		expect(10*time.Second, "one is back", "INFO catalog is fed again a b")
		stop()
		expect(0, "in the end", "")
	})
}
