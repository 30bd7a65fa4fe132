package rpc

import (
	"context"
	"time"

	"muster/catalog"
)

const (
	// showTime is how long a write waits for this agent's own state to show it.
	showTime = time.Second
	// recheck is how often a reader looks whether the state it waits on is still the agent's.
	recheck = 100 * time.Millisecond
)

// Read returns once the agent's own state is as fresh as the mode asks: Stale at
// once, the others when it has reached the leader's index. It waits out elections
// until ctx ends, or for 10 s if it does not; the error is Unavailable then.
func (f *Forwarder) Read(ctx context.Context, mode catalog.Consistency) (catalog.Freshness, error) {
	if mode == catalog.Stale {
		if f.cfg.Member != nil {
			return f.cfg.Member.Read(ctx, mode)
		}
		return f.cfg.Stale(), nil
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	for attempt := 0; ; attempt++ {
		leader, changed := f.leader()
		fresh, err := f.freshen(ctx, leader, mode)
		if err == nil {
			return fresh, nil
		}
		if !f.pause(ctx, changed, attempt) {
			return catalog.Freshness{}, catalog.Errorf(catalog.Unavailable, "%w", err)
		}
		f.cfg.Metrics.Retried("index")
	}
}

// freshen makes one attempt.
func (f *Forwarder) freshen(ctx context.Context, leader string, mode catalog.Consistency) (catalog.Freshness, error) {
	if f.leads(leader) {
		return f.cfg.Member.Read(ctx, mode)
	}
	index, err := f.indexes[mode].get(ctx)
	if err != nil {
		return catalog.Freshness{}, err
	}
	return catalog.Freshness{KnownLeader: true}, f.reach(ctx, index)
}

// reach waits until the agent's state has come to an index.
func (f *Forwarder) reach(ctx context.Context, index uint64) error {
	var tick <-chan time.Time
	for {
		state := f.cfg.State()
		if state.Applied() >= index {
			return nil
		}
		if tick == nil {
			ticker := time.NewTicker(recheck)
			defer ticker.Stop()
			tick = ticker.C
		}
		select {
		case <-state.Reached(index):
		case <-tick:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.ctx.Done():
			return errClosed
		}
	}
}

// catchUp waits a while for the agent's state to show a write that was made elsewhere.
func (f *Forwarder) catchUp(ctx context.Context, index uint64) {
	ctx, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	_ = f.reach(ctx, index) // the write is done either way
}
