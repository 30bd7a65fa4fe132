package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// drainTime bounds how long halt waits for raft to answer calls. Raft answers
	// within a lease timeout; it does not when the disk hangs.
	drainTime = 5 * time.Second
	// restoreTime is the same while a Restore is under way: raft panics when it is shut down amidst.
	restoreTime = time.Minute
	// partingTime is how long raft's goroutines may talk to other members after it was told to end.
	partingTime = time.Second
)

// halt stops raft once and waits for its end. Calls in flight come first: raft
// never answers some of those it finds on its way out.
func (r *Replica) halt() {
	r.haltOnce.Do(func() {
		r.calls.Lock()
		r.closing = true
		r.calls.Unlock()
		drained := make(chan struct{})
		go func() { r.inflight.Wait(); close(drained) }()
		patience := drainTime
		if r.restoring.Load() > 0 {
			patience = restoreTime
		}
		select {
		case <-drained:
		case <-time.After(patience):
			r.log.Warn("raft did not answer in time, stopping without it", "waited", patience)
		}
		if m := r.raft.Load(); m != nil {
			parting := time.AfterFunc(partingTime, r.stream.cut) // a peer may be silent for longer
			m.Shutdown().Error()                                 // always nil; waits, and closes the transport
			parting.Stop()
			r.wire.CloseStreams()
		}
		close(r.dead)
		r.look()
	})
}

// fail records why the replica cannot go on. The first reason counts. It is
// called from raft's goroutines, so stopping raft is left to watch.
func (r *Replica) fail(err error) {
	r.failOnce.Do(func() {
		r.err = err
		close(r.failed)
		r.look()
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
	errStalled    = errors.New("the disk of this server does not answer")
)

// The fate of calls that raft took in and did not answer.
var (
	errUnanswered = errors.New("raft ended before it answered")
	errOverdue    = errors.New("the disk of this server has not answered in time")
)

// enter admits a call to raft. The caller calls inflight.Done when raft has answered it.
func (r *Replica) enter() (*raft.Raft, error) {
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errFailed, err)
	}
	if r.watchdog.isStalled() {
		return nil, errStalled
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

// await asks raft something and waits for the answer, for the end of ctx, for the
// end of raft, or for the disk to stall, which may be for good. Raft's futures know of no
// context, hence the goroutine.
func (r *Replica) await(ctx context.Context, ask func(*raft.Raft) error) error {
	stalled := r.watchdog.onStall()
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
	case <-stalled:
		return errOverdue
	case <-r.dead:
		select {
		case err := <-answer: // both were there
			return err
		default:
			return errUnanswered
		}
	}
}
