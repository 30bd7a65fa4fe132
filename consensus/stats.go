package consensus

import (
	"strconv"

	"muster/metrics"

	"github.com/hashicorp/raft"
)

// Stats describes the replica for people: raft's own figures (state, term,
// commit_index, applied_index, last_log_index, last_snapshot_index, num_peers,
// last_contact and more), and of ours leader, catalog_index, ready and, when the
// replica has stopped, failure. It is empty before Start.
func (r *Replica) Stats() map[string]string {
	m := r.raft.Load()
	if m == nil {
		return map[string]string{}
	}
	s := m.Stats()
	s["leader"] = r.Leader()
	s["catalog_index"] = strconv.FormatUint(r.state.Applied(), 10)
	s["ready"] = strconv.FormatBool(r.Ready())
	if err := r.Err(); err != nil {
		s["failure"] = err.Error()
	}
	return s
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
	})
}
