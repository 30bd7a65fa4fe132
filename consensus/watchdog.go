package consensus

import (
	"sync"
	"sync/atomic"
	"time"
)

// watchdog notices writes that do not return: a disk may hang without failing. Raft by
// itself would go on telling its followers that it is well, from goroutines
// that need no disk, and nobody could take its place.
type watchdog struct {
	limit  time.Duration
	turned func(stalled bool) // called in order, with mu held
	down   atomic.Bool        // a write is overdue
	stalls atomic.Uint64

	mu      sync.Mutex
	overdue int
	stalled chan struct{} // closed while a write is overdue, then replaced
}

func newWatchdog(limit time.Duration, turned func(bool)) *watchdog {
	return &watchdog{limit: limit, turned: turned, stalled: make(chan struct{})}
}

// guard runs a write.
func (w *watchdog) guard(write func() error) error {
	var done, late bool // under mu
	alarm := time.AfterFunc(w.limit, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !done {
			late = true
			w.begin()
		}
	})
	err := write()
	if !alarm.Stop() {
		w.mu.Lock()
		defer w.mu.Unlock()
		done = true
		if late {
			w.end()
		}
	}
	return err
}

func (w *watchdog) begin() {
	if w.overdue++; w.overdue == 1 {
		w.stalls.Add(1)
		w.down.Store(true)
		close(w.stalled)
		w.turned(true)
	}
}

func (w *watchdog) end() {
	if w.overdue--; w.overdue == 0 {
		w.stalled = make(chan struct{})
		w.down.Store(false)
		w.turned(false)
	}
}

// isStalled reports whether a write is overdue.
func (w *watchdog) isStalled() bool { return w.down.Load() }

// onStall returns a channel that is closed once a write is overdue, or is so already.
func (w *watchdog) onStall() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stalled
}
