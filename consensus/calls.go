package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// drainTime bounds how long halt waits for raft to answer calls. Raft answers
// within a lease timeout; it does not when the disk hangs.
const drainTime = 5 * time.Second

// halt stops raft once and waits for its end. Calls in flight come first: raft
// never answers some of those it finds on its way out.
func (r *Replica) halt() {
	r.haltOnce.Do(func() {
		r.calls.Lock()
		r.closing = true
		r.calls.Unlock()
		drained := make(chan struct{})
		go func() { r.inflight.Wait(); close(drained) }()
		select {
		case <-drained:
		case <-time.After(drainTime):
			r.log.Warn("raft did not answer in time, stopping without it", "waited", drainTime)
		}
		if m := r.raft.Load(); m != nil {
			m.Shutdown().Error() // always nil; waits, and closes the transport
			r.trans.CloseStreams()
		}
		close(r.dead)
	})
}

// fail records why the replica cannot go on. The first reason counts. It is
// called from raft's goroutines, so stopping raft is left to watch.
func (r *Replica) fail(err error) {
	r.failOnce.Do(func() {
		r.err = err
		close(r.failed)
		r.log.Error("replica has stopped: it takes no more writes and does not lead until the agent is restarted", "error", err)
	})
}

// Failed is closed when the replica has stopped for good: its disk failed, or the
// log holds what this version cannot read. Stale reads still work.
func (r *Replica) Failed() <-chan struct{} { return r.failed }

// Err says why the replica has stopped; nil while it has not.
func (r *Replica) Err() error {
	select {
	case <-r.failed:
		return r.err
	default:
		return nil
	}
}

// Reasons why a call was not passed on to raft.
var (
	errNotStarted = errors.New("the replica has not been started")
	errClosing    = errors.New("the replica is shutting down")
	errFailed     = errors.New("the replica has stopped")
)

// errUnanswered is the fate of a call that raft took in and never answered.
var errUnanswered = errors.New("raft ended before it answered")

// enter admits a call to raft. The caller calls inflight.Done when raft has answered it.
func (r *Replica) enter() (*raft.Raft, error) {
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errFailed, err)
	}
	m := r.raft.Load()
	r.calls.Lock()
	defer r.calls.Unlock()
	switch {
	case r.closing:
		return nil, errClosing
	case m == nil:
		return nil, errNotStarted
	}
	r.inflight.Add(1)
	return m, nil
}

// await asks raft something and waits for the answer, for the end of ctx or
// for the end of raft. Raft's futures know of no context, hence the goroutine.
func (r *Replica) await(ctx context.Context, ask func(*raft.Raft) error) error {
	m, err := r.enter()
	if err != nil {
		return err
	}
	answer := make(chan error, 1)
	go func() {
		defer r.inflight.Done()
		answer <- ask(m)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.dead:
		select {
		case err := <-answer: // both were there
			return err
		default:
			return errUnanswered
		}
	}
}
