package consensus

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Start loads the newest snapshot into the state and joins in. It is called
// once and before Close; after an error only Close remains. A replica that is its cluster's only
// member leads moments later.
func (r *Replica) Start() error {
	r.started = time.Now()
	r.wire = newWire(raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: r.stream, MaxPool: 3, Timeout: 10 * time.Second, Logger: r.hc.Named("net"),
	}), r.log, r.heard, r.serves)
	m, err := r.startRaft()
	if err != nil {
		r.wire.Close()
		return err
	}
	r.raft.Store(m)
	r.fuse.live.Store(true)
	leaders := make(chan raft.Observation, 16)
	m.RegisterObserver(raft.NewObserver(leaders, false, func(o *raft.Observation) bool {
		l, ok := o.Data.(raft.LeaderObservation)
		if ok {
			r.look()
		}
		return ok && l.LeaderID != ""
	}))
	r.look()
	r.watching.Go(func() { r.watch(m, leaders) })
	return r.electAtOnce(m)
}

// startRaft turns raft's panic over what it cannot load into an error.
func (r *Replica) startRaft() (m *raft.Raft, err error) {
	machine := r.machine()
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = fmt.Errorf("raft state of %s cannot be loaded: %v", r.cfg.Dir, p)
		if cause, ok := p.(error); ok && errors.Is(cause, raft.ErrLogNotFound) {
			err = fmt.Errorf("raft state of %s %w", r.cfg.Dir, errGap)
		}
	}()
	m, err = raft.NewRaft(r.cfg.raft(r.hc.Named("raft")), machine, r.fuse, r.fuse, r.stores.snapshots, r.wire)
	switch {
	case err != nil && machine.refusal != nil:
		return nil, fmt.Errorf("raft state of %s %w", r.cfg.Dir, machine.refusal)
	case err != nil:
		return nil, fmt.Errorf("raft state of %s: %w", r.cfg.Dir, err)
	}
	return m, nil
}

// machine is the fsm of this replica.
func (r *Replica) machine() *fsm {
	whole := complete(r.stores)
	return &fsm{
		state: r.state, fail: r.fail, restoring: r.isRestoring,
		committed: r.wire.committed,
		admit: func(index uint64) error {
			if r.fuse.live.Load() {
				return nil // it comes from the leader
			}
			return whole(index)
		},
	}
}
