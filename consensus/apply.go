package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// maxCommandBytes is the largest command the log takes. Doors have tighter
// limits; this one keeps a command from failing inside the log, which would look like a broken disk.
const maxCommandBytes = 4 << 20

// Apply commits a command and returns what it came to once it is on disk and
// in the state. Errors of the command itself carry the catalog's codes. Any other
// error is Unavailable: this replica does not lead, it stopped, or ctx ended before
// the outcome was known; it wraps [catalog.ErrNothingWritten] or [catalog.ErrOutcomeUnknown].
func (r *Replica) Apply(ctx context.Context, c catalog.Command) (catalog.Result, error) {
	data, err := catalog.Encode(c)
	if err != nil {
		return catalog.Result{}, err
	}
	if len(data) > maxCommandBytes {
		return catalog.Result{}, catalog.Errorf(catalog.TooLarge, "command has %d bytes, the limit is %d", len(data), maxCommandBytes)
	}
	began := time.Now()
	response, err := r.commit(ctx, data)
	if err != nil {
		r.cfg.Metrics.ApplyFailed()
		return catalog.Result{}, err
	}
	r.cfg.Metrics.Committed(time.Since(began))
	return response.result, response.err
}

// commit passes an encoded command through raft.
func (r *Replica) commit(ctx context.Context, data []byte) (outcome, error) {
	if ctx.Err() != nil {
		return outcome{}, notCommitted(catalog.ErrNothingWritten, context.Cause(ctx))
	}
	wait := queueTime(ctx)
	var response any // written before await gets the answer, and read only then
	err := r.await(ctx, func(m *raft.Raft) error {
		f := m.Apply(data, wait)
		if err := f.Error(); err != nil {
			return err
		}
		response = f.Response()
		return nil
	})
	if err != nil {
		return outcome{}, notCommitted(certainty(err), err)
	}
	switch response := response.(type) {
	case outcome:
		return response, nil
	case error: // committed, but the fsm has halted in front of it
		return outcome{}, notCommitted(catalog.ErrOutcomeUnknown, response)
	default:
		return outcome{}, fmt.Errorf("raft answered with a %T", response)
	}
}

// queueTime is how long a call may wait for a place in raft's queue; 0 is no limit.
func queueTime(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline), time.Nanosecond)
}

func notCommitted(certainty, cause error) error {
	return catalog.Errorf(catalog.Unavailable, "%w: %w", certainty, cause)
}

// certainty says whether an error of raft leaves the outcome open. Errors not
// listed do: an entry whose write failed, or whose leader fell, may still be in some log.
func certainty(err error) error {
	for _, before := range []error{
		errNotStarted, errFailed, errClosing, errStalled,
		raft.ErrNotLeader, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress, raft.ErrAbortedByRestore,
	} {
		if errors.Is(err, before) {
			return catalog.ErrNothingWritten
		}
	}
	return catalog.ErrOutcomeUnknown
}
