package rpc

import (
	"context"
	"errors"

	"muster/catalog"
)

// Member is this server's raft member.
type Member interface {
	// Apply commits a command here, if this member leads. An error that is not the
	// command's own wraps catalog.ErrNothingWritten or catalog.ErrOutcomeUnknown.
	Apply(ctx context.Context, c catalog.Command) (catalog.Result, error)
	// Read returns once the local state is as fresh as the mode asks, which takes a
	// leader but for Stale.
	Read(ctx context.Context, mode catalog.Consistency) (catalog.Freshness, error)
	// ReadIndex is the index that a state must reach to be as fresh as the mode asks.
	// It takes a leader.
	ReadIndex(ctx context.Context, mode catalog.Consistency) (uint64, error)
	// LeaderWatch is the leader's host:port, "" for none, and a channel that the next change closes.
	LeaderWatch() (addr string, changed <-chan struct{})
	// IsLeader reports whether this member leads and serves reads.
	IsLeader() bool
	// Peers are the host:port of all servers.
	Peers() []string
}

// fateOf says what an error of Member.Apply tells of the command. An Unavailable
// that does not say is taken for the worst.
func fateOf(err error) fate {
	switch {
	case err == nil:
		return settled
	case errors.Is(err, catalog.ErrTooLate):
		return late
	case errors.Is(err, catalog.ErrOutcomeUnknown):
		return unknown
	case errors.Is(err, catalog.ErrNothingWritten):
		return nothing
	case catalog.CodeOf(err) == catalog.Unavailable:
		return unknown
	}
	return settled
}
