package consensus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// Read returns once the state is fresh enough for a mode; the caller then takes
// a snapshot of the state. Stale returns at once and never fails. Default needs
// this replica to lead and to have sent, within the length of a lease, messages that a
// quorum has answered. Consistent has a quorum confirm leadership after the call.
// The error is Unavailable when there is no leader here, the replica has stopped or ctx ended.
func (r *Replica) Read(ctx context.Context, mode catalog.Consistency) (catalog.Freshness, error) {
	if mode == catalog.Stale {
		return r.freshness(), nil
	}
	if err := r.freshen(ctx, mode); err != nil {
		return catalog.Freshness{}, catalog.Errorf(catalog.Unavailable, "%w", err)
	}
	return catalog.Freshness{KnownLeader: true}, nil
}

func (r *Replica) freshen(ctx context.Context, mode catalog.Consistency) error {
	index, err := r.confirmed(ctx, mode)
	if err != nil {
		return err
	}
	return r.reach(ctx, index)
}

// reach waits until the state holds every command up to a committed index.
//
// Raft keeps its no-op and barrier entries to itself, so the state's applied index
// can stay below the committed one for ever. What counts is the last entry at or
// below index that the state gets to see.
func (r *Replica) reach(ctx context.Context, index uint64) error {
	if max(r.state.Applied(), r.settled.Load()) >= index {
		return nil
	}
	target, err := r.lastSeenByState(index)
	if err != nil {
		return err
	}
	for r.state.Applied() < target {
		select {
		case <-r.state.Reached(target):
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.failed:
			return fmt.Errorf("%w: %w", errFailed, r.err)
		case <-r.dead:
			return errUnanswered
		}
	}
	for old := r.settled.Load(); old < index && !r.settled.CompareAndSwap(old, index); {
		old = r.settled.Load()
	}
	return nil
}

// lastSeenByState returns the index of the last entry at or below a committed
// index that raft passes to the fsm, or what has been applied already if there is none above that.
func (r *Replica) lastSeenByState(index uint64) (uint64, error) {
	applied := max(r.state.Applied(), r.settled.Load())
	for ; index > applied; index-- {
		var l raft.Log
		err := r.stores.logs.GetLog(index, &l)
		if errors.Is(err, raft.ErrLogNotFound) {
			break // a snapshot covers it, and the state was in it
		}
		if err != nil {
			return 0, fmt.Errorf("read log entry %d: %w", index, err)
		}
		if l.Type == raft.LogCommand || l.Type == raft.LogConfiguration {
			return index, nil
		}
	}
	return r.state.Applied(), nil
}

// freshness describes what a stale read sees.
func (r *Replica) freshness() catalog.Freshness {
	m := r.raft.Load()
	if m == nil {
		return catalog.Freshness{}
	}
	f := catalog.Freshness{KnownLeader: r.Leader() != ""}
	if r.leads(m) {
		return f
	}
	last := m.LastContact()
	if last.IsZero() {
		last = r.started // not since then, at any rate
	}
	f.LastContact = time.Since(last)
	return f
}
