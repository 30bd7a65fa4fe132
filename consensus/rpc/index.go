package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"muster/catalog"
)

// indexes asks the leader for the index of a mode, for many readers at once: one
// request is under way, and the next serves all who have come since that one began.
// A reader is never served by a request that began before it.
type indexes struct {
	f    *Forwarder
	mode catalog.Consistency
	work sync.WaitGroup

	mu   sync.Mutex
	busy bool
	over bool   // closed
	next *round // nil while nobody waits for it

	failures int // in a row; of run alone
}

// round is a request with its readers.
type round struct {
	done    chan struct{} // closed behind index and err
	index   uint64
	err     error
	readers int // under indexes.mu until the request begins
}

func newIndexes(f *Forwarder, mode catalog.Consistency) *indexes { return &indexes{f: f, mode: mode} }

// get returns an index that was the leader's after get was called.
func (x *indexes) get(ctx context.Context) (uint64, error) {
	r := x.join()
	select {
	case <-r.done:
		return r.index, r.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-x.f.ctx.Done():
		return 0, errClosed
	}
}

// join enters the next round.
func (x *indexes) join() *round {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next != nil {
		x.next.readers++
		return x.next
	}
	r := &round{done: make(chan struct{}), readers: 1}
	x.next = r
	if !x.busy && !x.over {
		x.busy = true
		x.work.Go(x.run)
	}
	return r
}

// close returns when no request is under way; the forwarder's context has ended.
func (x *indexes) close() {
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	x.work.Wait()
}

// run serves rounds until nobody waits for one. An attempt after a failed one may
// turn to another server.
func (x *indexes) run() {
	for {
		x.mu.Lock()
		r := x.next
		x.next = nil
		if r == nil {
			x.busy = false
			x.mu.Unlock()
			return
		}
		x.mu.Unlock()
		x.f.cfg.Metrics.Shared(r.readers - 1) // nobody enters it any more
		r.index, r.err = x.fetch(x.failures)
		x.failures++
		if r.err == nil {
			x.failures = 0
		}
		close(r.done)
	}
}

// fetch asks once.
func (x *indexes) fetch(attempt int) (uint64, error) {
	f := x.f
	leader, _ := f.leader()
	addr, relay := f.target(leader, attempt)
	if f.leads(addr) {
		ctx, cancel := context.WithTimeoutCause(f.ctx, f.cfg.Attempt, errSlow)
		defer cancel()
		return f.cfg.Member.ReadIndex(ctx, x.mode)
	}
	if addr == "" || relay && f.cfg.Member != nil { // a server without a leader will not reach its index
		return 0, errNoLeader
	}
	f.cfg.Metrics.Indexed()
	r, _, err := f.ask(f.ctx, addr, query{path: pathIndex, params: url.Values{"mode": {nameOf(x.mode)}}, relay: relay})
	switch {
	case err != nil:
		return 0, err
	case r.Fate == elsewhere:
		return 0, fmt.Errorf("%s does not lead", addr)
	case r.Code != "":
		return 0, errors.New(r.Text)
	}
	return r.Index, nil
}
