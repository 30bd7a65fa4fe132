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
	}), r.heard)
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

// electAtOnce spares a cluster the wait for a leader that cannot exist: one with a
// single member, and one just founded, where the first by id stands for election.
// Lowering the heartbeat timeout makes raft look at the clock, and its last contact was never.
func (r *Replica) electAtOnce(m *raft.Raft) error {
	first, voters := "", 0
	for _, s := range r.Servers() {
		if s.Voter {
			voters++
			if first == "" || s.ID < first {
				first = s.ID
			}
		}
	}
	rc := m.ReloadableConfig()
	founded := m.LastIndex() == 1
	if first != r.cfg.ID || voters > 1 && !founded || rc.HeartbeatTimeout <= r.cfg.HeartbeatTimeout {
		return nil
	}
	rc.HeartbeatTimeout -= kick
	if err := m.ReloadConfig(rc); err != nil {
		return fmt.Errorf("raft timing: %w", err)
	}
	return nil
}
