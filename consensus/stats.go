package consensus

import (
	"net"
	"strconv"
	"time"

	"muster/metrics"

	"github.com/hashicorp/raft"
)

// Stats describes the replica for people: raft's own figures (state, term,
// commit_index, applied_index, last_log_index, last_snapshot_index, num_peers,
// latest_configuration, last_contact and more), and of ours leader, catalog_index,
// ready, disk_stalled and, when the replica has stopped, failure. It is empty before Start.
func (r *Replica) Stats() map[string]string {
	m := r.raft.Load()
	if m == nil {
		return map[string]string{}
	}
	s := m.Stats()
	s["leader"] = r.Leader()
	s["catalog_index"] = strconv.FormatUint(r.state.Applied(), 10)
	s["ready"] = strconv.FormatBool(r.Ready())
	s["disk_stalled"] = strconv.FormatBool(r.watchdog.isStalled())
	if err := r.Err(); err != nil {
		s["failure"] = err.Error()
	}
	return s
}

// LastContact is how long ago the leader was heard last; 0 on the leader. One that never
// heard a leader counts from its start.
func (r *Replica) LastContact() time.Duration { return r.freshness().LastContact }

// Term is the newest raft term this replica knows of, 0 before Start.
func (r *Replica) Term() uint64 {
	if m := r.raft.Load(); m != nil {
		return m.CurrentTerm()
	}
	return 0
}

// CommitIndex is the last index that this replica knows to be committed, 0 before Start.
func (r *Replica) CommitIndex() uint64 {
	if m := r.raft.Load(); m != nil {
		return m.CommitIndex()
	}
	return 0
}

// Behind is by how many entries the state is behind what is committed as far as this replica has
// heard, from a leader or as one; 0 before Start. Entries that raft keeps to itself count only among others.
func (r *Replica) Behind() uint64 {
	m := r.raft.Load()
	if m == nil {
		return 0
	}
	goal := max(r.told.Load(), m.CommitIndex())
	if goal <= m.LastIndex() {
		if seen, err := r.lastSeenByState(goal); err == nil {
			goal = seen
		}
	}
	applied := r.state.Applied()
	return max(goal, applied) - applied
}

// refused logs a connection that came to raft's share of the port and was not let in.
func (r *Replica) refused(remote net.Addr, reason string) {
	r.hc.Warn("raft connection refused", "remote", remote, "reason", reason)
}

// measure brings the metrics up to date.
func (r *Replica) measure(m *raft.Raft) {
	voters := 0
	for _, s := range m.GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter {
			voters++
		}
	}
	r.cfg.Metrics.Set(metrics.RaftStatus{
		Term:    m.CurrentTerm(),
		Commit:  m.CommitIndex(),
		Applied: m.AppliedIndex(),
		Last:    m.LastIndex(),
		Leader:  r.leads(m),
		Peers:   voters,
		Contact: r.LastContact(),
	})
}
