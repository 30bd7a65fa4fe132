package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// ReadIndex is for reads elsewhere: a server whose state has applied the index it returns
// is as fresh as a Read of that mode here, and every server gets to apply it. For
// stale that is 0. The error is Unavailable where Read's is.
func (r *Replica) ReadIndex(ctx context.Context, mode catalog.Consistency) (uint64, error) {
	if mode == catalog.Stale {
		return 0, nil
	}
	index, err := r.confirmed(ctx, mode)
	if err == nil {
		index, err = r.lastSeenByState(index)
	}
	if err != nil {
		return 0, catalog.Errorf(catalog.Unavailable, "%w", err)
	}
	return index, nil
}

// confirmed returns an index with everything at or below it that was acknowledged
// before the call, once leadership is as sure as a mode wants it.
func (r *Replica) confirmed(ctx context.Context, mode catalog.Consistency) (uint64, error) {
	began := time.Now()
	if err := r.lead(ctx); err != nil {
		return 0, err
	}
	m := r.raft.Load()
	index, term := m.CommitIndex(), r.led.Load()
	since := began
	if mode == catalog.Default {
		since = began.Add(-r.cfg.lease())
	}
	// Raft counts answers to messages sent before the question, too, and those may be old.
	for !r.followed(m, term, since) {
		if r.led.Load() != term {
			return 0, r.leaderless()
		}
		if err := r.await(ctx, func(m *raft.Raft) error { return m.VerifyLeader().Error() }); err != nil {
			return 0, fmt.Errorf("leadership not confirmed: %w", err)
		}
	}
	return index, nil
}

// followed reports whether a quorum has answered messages that this replica sent as the leader of a term, since a time.
func (r *Replica) followed(m *raft.Raft, term uint64, since time.Time) bool {
	voters, answers := 0, 0
	for _, s := range m.GetConfiguration().Configuration().Servers {
		if s.Suffrage != raft.Voter {
			continue
		}
		voters++
		if s.ID == raft.ServerID(r.cfg.ID) || r.wire.contacts.since(s.ID, term, since) {
			answers++
		}
	}
	return answers > voters/2
}

// lead returns once this replica may serve as the leader. It waits only when this
// replica has been elected and is about to be established.
func (r *Replica) lead(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("%w: %w", errFailed, err)
	}
	m := r.raft.Load()
	if m == nil {
		return errNotStarted
	}
	for {
		_, changed := r.beacon.see()
		switch {
		case r.leads(m):
			return nil
		case r.watchdog.isStalled():
			return errStalled
		case m.State() != raft.Leader || r.handing.Load() > 0:
			return r.leaderless()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.failed:
			return fmt.Errorf("%w: %w", errFailed, r.err)
		case <-r.dead:
			return errUnanswered
		}
	}
}

// leaderless says why this replica cannot serve as the leader.
func (r *Replica) leaderless() error {
	if leader := r.Leader(); leader != "" && leader != r.cfg.Address {
		return fmt.Errorf("this server does not lead, the leader is %s", leader)
	}
	return errors.New("no leader")
}
