package consensus

import "github.com/hashicorp/raft"

// Ready reports whether the state has been loaded: it holds what was committed when
// this replica first led, or first heard from a leader. It stays true from then on.
func (r *Replica) Ready() bool { return r.ready.Load() }

// heard is told of the commit index in each message of a leader, before raft acts on it.
func (r *Replica) heard(commit uint64) {
	if commit == 0 {
		return
	}
	r.told.Store(commit)
	if r.ready.Load() {
		return
	}
	r.goal.CompareAndSwap(0, commit)
	select {
	case r.progress <- struct{}{}:
	default:
	}
}

// catchUp makes a follower ready once it has what the first message called for. A
// server that is new, or was away for long, gets that piece by piece: its own commit
// index says only how far it has come.
func (r *Replica) catchUp(m *raft.Raft) {
	goal := r.goal.Load()
	if goal == 0 || r.ready.Load() || max(m.CommitIndex(), m.AppliedIndex()) < goal {
		return
	}
	target, err := r.lastSeenByState(goal)
	if err != nil {
		r.log.Warn("cannot tell whether the state is complete", "index", goal, "error", err)
		return
	}
	if r.state.Applied() >= target {
		r.ready.Store(true)
		r.log.Info("state is complete up to what was committed at the start", "index", goal)
	}
}
