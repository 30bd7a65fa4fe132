package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Raft tells of this agent's raft member.
type Raft struct {
	term, commit, applied, last prometheus.Gauge
	leader, peers               prometheus.Gauge
	contact, stalled            prometheus.Gauge
	elections                   prometheus.Counter
	commitTime                  prometheus.Observer
	applyErrors                 prometheus.Counter
}

func newRaft(reg prometheus.Registerer) *Raft {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		reg.MustRegister(c)
		return c
	}
	commitTime := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "muster_raft_commit_seconds",
		Help:    "Time from a command handed to raft to its application.",
		Buckets: latencyBuckets,
	})
	reg.MustRegister(commitTime)
	return &Raft{
		term:        gauge("muster_raft_term", "Current raft term."),
		commit:      gauge("muster_raft_commit_index", "Index of the last committed log entry."),
		applied:     gauge("muster_raft_applied_index", "Index of the last applied log entry."),
		last:        gauge("muster_raft_last_index", "Index of the last log entry on disk."),
		leader:      gauge("muster_raft_is_leader", "1 if this server leads, else 0."),
		peers:       gauge("muster_raft_peers", "Voting members of the raft configuration."),
		contact:     gauge("muster_raft_last_contact_seconds", "Time since the leader was last heard; 0 on the leader."),
		stalled:     gauge("muster_raft_disk_stalled", "1 while a write to disk is overdue and this server has withdrawn, else 0."),
		elections:   counter("muster_raft_leader_changes_total", "Times this server saw the leader change."),
		commitTime:  commitTime,
		applyErrors: counter("muster_raft_apply_failures_total", "Commands that could not be committed."),
	}
}

// RaftStatus is a reading of a raft member.
type RaftStatus struct {
	Term, Commit, Applied, Last uint64
	Leader                      bool
	Peers                       int           // voting members
	Contact                     time.Duration // since the leader was last heard
}

// Set records a reading.
func (r *Raft) Set(s RaftStatus) {
	r.term.Set(float64(s.Term))
	r.commit.Set(float64(s.Commit))
	r.applied.Set(float64(s.Applied))
	r.last.Set(float64(s.Last))
	r.leader.Set(0)
	if s.Leader {
		r.leader.Set(1)
	}
	r.peers.Set(float64(s.Peers))
	r.contact.Set(s.Contact.Seconds())
}

// DiskStalled records whether a write to disk is overdue.
func (r *Raft) DiskStalled(stalled bool) {
	r.stalled.Set(0)
	if stalled {
		r.stalled.Set(1)
	}
}

// LeaderChanged counts a change of leader.
func (r *Raft) LeaderChanged() { r.elections.Inc() }

// Committed records how long a command took from hand-over to application.
func (r *Raft) Committed(took time.Duration) { r.commitTime.Observe(took.Seconds()) }

// ApplyFailed counts a command that could not be committed.
func (r *Raft) ApplyFailed() { r.applyErrors.Inc() }
