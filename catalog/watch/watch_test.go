package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// source is what an agent would answer. Its methods are called in one synctest bubble.
type source struct {
	mu      sync.Mutex
	body    string
	index   uint64
	err     error
	changed chan struct{}
	reads   int
}

func (s *source) set(index uint64, body string) {
	s.mu.Lock()
	s.index, s.body = index, body
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	synctest.Wait()
}

func (s *source) read(ctx context.Context, _ Request, index uint64) ([]byte, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.err != nil {
		return nil, 0, s.err
	}
	for index != 0 && s.index <= index {
		changed := s.changed
		s.mu.Unlock()
		timedOut := false
		select {
		case <-changed:
		case <-ctx.Done():
		case <-time.After(45 * time.Second):
			timedOut = true
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if timedOut {
			break
		}
	}
	return []byte(s.body), s.index, nil
}

func (s *source) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = nil
}

// watching runs a watch while f works, and returns what its handler got.
func watching(t *testing.T, s *source, kind, file string, handle func() error, f func()) (got []string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.changed = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		w := Watch{
			Plan: Plan{Type: kind, Fresh: kind == "event"}, Read: s.read, File: file, Debounce: 100 * time.Millisecond,
			Handle: func(_ context.Context, index uint64, news json.RawMessage) error {
				got = append(got, fmt.Sprintf("%d %s", index, news))
				if handle != nil {
					return handle()
				}
				return nil
			},
			Failed: func(err error, times int) error {
				got = append(got, fmt.Sprintf("%v (%d)", err, times))
				return nil
			},
		}
		ended := make(chan struct{})
		go func() { defer close(ended); err = w.Run(ctx) }()
		synctest.Wait()
		f()
		cancel()
		<-ended
	})
	return got, err
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("handled:\n%s\nwant:\n%s", g, w)
	}
}

func settle() { time.Sleep(time.Second); synctest.Wait() }

// A handler runs for what is there at first, and once for each change, never for what is no change.
func TestRun(t *testing.T) {
	s := &source{index: 5, body: `["a"]`}
	got, err := watching(t, s, "nodes", "", nil, func() {
		settle()
		s.set(6, `["a"]`) // the index moved, and nothing else
		settle()
		s.set(7, `["b"]`)
		s.set(8, `["c"]`) // within the time of 7
		settle()
		time.Sleep(10 * time.Minute) // reads time out, and nothing happens
		s.set(3, `["d"]`)            // a cluster that was made anew
		time.Sleep(time.Minute)
	})
	if err != nil {
		t.Error(err)
	}
	expect(t, got, `5 ["a"]`, `8 ["c"]`, `3 ["d"]`)
}

// While a handler runs changes pile up to one.
func TestRunSingleFlight(t *testing.T) {
	s := &source{index: 5, body: `1`}
	got, _ := watching(t, s, "nodes", "", func() error { time.Sleep(10 * time.Second); return nil }, func() {
		for i := range 5 {
			s.set(uint64(6+i), fmt.Sprint(6+i))
		}
		time.Sleep(time.Minute)
	})
	expect(t, got, "5 1", "10 10")
}

// What was handed over is kept: another start hands over changes alone, and a damaged file is told of.
func TestRunAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w")
	run := func(s *source) []string {
		got, _ := watching(t, s, "nodes", file, nil, settle)
		return got
	}
	expect(t, run(&source{index: 5, body: `1`}), "5 1")
	expect(t, run(&source{index: 5, body: `1`}))
	expect(t, run(&source{index: 9, body: `1`}))
	expect(t, run(&source{index: 10, body: `2`}), "10 2")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if err := os.WriteFile(file, []byte("muster-watch 1 00\n{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, run(&source{index: 10, body: `2`}), file+" is damaged, or of another version (1)", "10 2")
}

// Events are handed over once each, those from before the first start never, whatever becomes of the list.
func TestRunEvents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w")
	list := func(ids ...string) string {
		for i, id := range ids {
			ids[i] = fmt.Sprintf(`{"ID":%q}`, id)
		}
		return "[" + strings.Join(ids, ",") + "]"
	}
	s := &source{index: 5, body: list("a")}
	got, _ := watching(t, s, "event", file, nil, func() {
		settle()
		s.set(6, list("a", "b"))
		settle()
		s.set(7, list("b", "c", "d"))
		settle()
		s.set(8, list())
		settle()
		s.set(9, list("b", "c", "d"))
		settle()
	})
	expect(t, got, `6 [{"ID":"b"}]`, `7 [{"ID":"c"},{"ID":"d"}]`)
	s = &source{index: 9, body: list("c", "d", "e")}
	got, _ = watching(t, s, "event", file, nil, settle)
	expect(t, got, `9 [{"ID":"e"}]`)
}

func TestRunFailures(t *testing.T) {
	s := &source{index: 5, body: `1`, err: errors.New("no agent")}
	got, _ := watching(t, s, "nodes", "", nil, func() {
		time.Sleep(3500 * time.Millisecond)
		s.mend()
		time.Sleep(time.Minute)
	})
	expect(t, got, "no agent (1)", "no agent (2)", "no agent (3)", "5 1")
	if s.reads > 10 {
		t.Errorf("read %d times", s.reads)
	}
	failed := errors.New("handler failed")
	if _, err := watching(t, &source{index: 5, body: `1`}, "nodes", "", func() error { return failed }, settle); err != failed {
		t.Errorf("ended with %v", err)
	}
	got, _ = watching(t, &source{index: 5, body: `1`}, "nodes", filepath.Join(t.TempDir(), "no", "w"), nil, settle)
	if len(got) == 0 || !strings.Contains(got[0], "no such file or directory (1)") {
		t.Errorf("without a directory to keep the index in: %v", got)
	}
}
