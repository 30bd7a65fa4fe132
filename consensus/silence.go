package consensus

import (
	"time"

	"github.com/hashicorp/raft"
)

// attend has raft look at its clock when the leader has been silent for a heartbeat
// timeout, and returns when to attend again. Raft by itself looks at random moments, and finds out
// after one to three timeouts. Followers of one leader take turns, so that they do not stand
// for election at once and split the vote.
func (r *Replica) attend(m *raft.Raft) time.Duration {
	_, leader := m.LeaderWithID()
	limit := r.cfg.HeartbeatTimeout
	turn := turnOf(r.cfg.ID, string(leader), r.Servers())
	if turn < 0 || m.State() != raft.Follower {
		return limit
	}
	limit += time.Duration(turn) * r.cfg.HeartbeatTimeout / 5
	last := m.LastContact()
	if last.Before(r.started) {
		last = r.started
	}
	if silent := time.Since(last); silent < limit {
		return limit - silent
	}
	if err := r.lookAtClock(m); err != nil {
		r.log.Warn("election not hastened", "error", err)
	}
	return limit
}

// turnOf is the place of a server among those with a vote that are not the leader, in the order of ids; -1 if it is none of them.
func turnOf(id, leader string, servers []Server) int {
	turn, found := 0, false
	for _, s := range servers {
		if !s.Voter || s.ID == leader {
			continue
		}
		found = found || s.ID == id
		if s.ID < id {
			turn++
		}
	}
	if !found {
		return -1
	}
	return turn
}

// kick is what lookAtClock adds to the heartbeat timeout and takes off again.
const kick = time.Millisecond

// lookAtClock makes raft compare the time of its last contact with the heartbeat timeout
// now, as it does when that is lowered.
func (r *Replica) lookAtClock(m *raft.Raft) error {
	rc := m.ReloadableConfig()
	for _, timeout := range []time.Duration{r.cfg.HeartbeatTimeout + kick, r.cfg.HeartbeatTimeout} {
		rc.HeartbeatTimeout = timeout
		if err := m.ReloadConfig(rc); err != nil {
			return err
		}
	}
	return nil
}

// electAtOnce spares a cluster the wait for a leader that cannot exist: one with a
// single member, and one just founded, where the first by id stands for election. The
// last contact was never.
func (r *Replica) electAtOnce(m *raft.Raft) error {
	servers := r.Servers()
	voters := 0
	for _, s := range servers {
		if s.Voter {
			voters++
		}
	}
	if turnOf(r.cfg.ID, "", servers) != 0 || voters > 1 && m.LastIndex() != 1 {
		return nil
	}
	return r.lookAtClock(m)
}
