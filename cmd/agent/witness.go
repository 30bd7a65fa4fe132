package agent

import (
	"context"
	"sync"
	"time"

	"muster/catalog"
)

// witness measures how long failures take to reach this agent's answers: from
// the verdict of one of its probes to the catalog its DNS server reads.
type witness struct {
	node     string
	snapshot func() *catalog.Snapshot
	observe  func(time.Duration)

	mu      sync.Mutex
	pending map[string]time.Time // check id -> when its failure was seen
	wake    chan struct{}        // capacity 1
}

func newWitness(node string, snapshot func() *catalog.Snapshot, observe func(time.Duration)) *witness {
	return &witness{node: node, snapshot: snapshot, observe: observe, pending: map[string]time.Time{}, wake: make(chan struct{}, 1)}
}

// saw notes a verdict before it sets out for the catalog.
func (w *witness) saw(checkID string, status catalog.Status, seen time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if status != catalog.Critical {
		delete(w.pending, checkID)
		return
	}
	if _, waiting := w.pending[checkID]; waiting {
		return
	}
	if c := w.snapshot().Check(w.node, checkID); c != nil && c.Status == catalog.Critical {
		return // no news
	}
	w.pending[checkID] = seen
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run observes until ctx ends.
func (w *witness) run(ctx context.Context) {
	for {
		snap := w.snapshot()
		var changed <-chan struct{}
		if w.settle(snap) > 0 {
			changed = snap.NodeMark(w.node).Changed
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-changed:
		}
	}
}

// giveUp ends the wait for a failure that never arrives: its check was removed meanwhile.
const giveUp = time.Minute

// settle observes every pending failure that the snapshot shows, and returns how many still wait.
func (w *witness) settle(snap *catalog.Snapshot) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, seen := range w.pending {
		waited := time.Since(seen)
		if c := snap.Check(w.node, id); c != nil && c.Status == catalog.Critical {
			w.observe(waited)
			delete(w.pending, id)
		} else if waited > giveUp {
			delete(w.pending, id)
		}
	}
	return len(w.pending)
}
