package consensus

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

// statusInterval is how often metrics follow raft, and a leader is looked at that
// could not be established at once.
const statusInterval = time.Second

// watch follows leadership and failure until Close.
func (r *Replica) watch(m *raft.Raft, leaders <-chan raft.Observation) {
	tick := time.NewTicker(statusInterval)
	defer tick.Stop()
	silence := time.NewTimer(r.cfg.HeartbeatTimeout)
	defer silence.Stop()
	for {
		select {
		case leading := <-m.LeaderCh():
			// The channel holds the latest change only; after a quick loss and gain
			// it is true twice, and the term tells that the barrier is due again.
			if !leading {
				r.led.Store(0)
			}
			r.follow(m)
		case <-leaders:
			r.cfg.Metrics.LeaderChanged()
		case <-r.turned: // the disk stalled or came back
			r.follow(m)
		case <-r.progress:
			r.catchUp(m)
			continue
		case <-silence.C:
			silence.Reset(r.attend(m))
			continue
		case <-tick.C:
			r.catchUp(m)
			r.follow(m)
		case <-r.failed:
			r.halt()
			r.announce(false)
			r.measure(m)
			return
		case <-r.stop:
			return
		}
		r.measure(m)
	}
}

// follow has this replica serve as the leader once raft made it that, and stop when it is not any more.
func (r *Replica) follow(m *raft.Raft) {
	fresh := m.State() == raft.Leader && !r.leads(m) && r.establish(m)
	r.look()
	r.announce(r.leads(m))
	if fresh {
		r.readdress(m)
	}
}

// establish makes a fresh leader fit to serve: everything of earlier terms is
// applied before anybody is told. It may fail; the next event or tick tries again, if it should.
func (r *Replica) establish(m *raft.Raft) bool {
	term, stalls := m.CurrentTerm(), r.watchdog.stalls.Load()
	if err := r.await(context.Background(), func(m *raft.Raft) error { return m.Barrier(0).Error() }); err != nil {
		r.log.Debug("leadership not established", "term", term, "error", err)
		return false
	}
	// Raft answers barriers also behind an fsm that has halted.
	if r.Err() != nil || m.State() != raft.Leader || m.CurrentTerm() != term {
		return false
	}
	r.led.Store(term)
	if r.watchdog.stalls.Load() != stalls {
		r.led.Store(0) // see withdraw
		return false
	}
	r.ready.Store(true)
	return true
}

// withdraw breaks off contact with the other members while the disk does not answer,
// and takes it up again when it does. A leader must then be established anew: another
// may have led meanwhile, and raft has yet to look at its lease.
func (r *Replica) withdraw(stalled bool) {
	if stalled {
		r.led.Store(0)
		r.stream.cut()
		r.log.Error("disk does not answer: this server withdraws from the cluster until it does", "limit", r.cfg.DiskTimeout)
	} else {
		r.stream.mend()
		r.log.Warn("disk answers again: this server rejoins the cluster")
	}
	r.cfg.Metrics.DiskStalled(stalled)
	r.look()
	select {
	case r.turned <- struct{}{}:
	default:
	}
}

// readdress tells the cluster where this member is now, if that has changed
// since it was added. A member that leads alone must do it, nobody else can.
func (r *Replica) readdress(m *raft.Raft) {
	for _, s := range m.GetConfiguration().Configuration().Servers {
		if s.ID != raft.ServerID(r.cfg.ID) || s.Address == raft.ServerAddress(r.cfg.Address) {
			continue
		}
		err := r.await(context.Background(), func(m *raft.Raft) error {
			return m.AddVoter(s.ID, raft.ServerAddress(r.cfg.Address), 0, 0).Error()
		})
		if err != nil {
			r.log.Warn("own address not updated in the raft configuration", "old", s.Address, "new", r.cfg.Address, "error", err)
		}
	}
}

// leads reports whether this replica leads in the current term, has applied all earlier
// ones, and is neither handing over nor cut off by its own disk.
func (r *Replica) leads(m *raft.Raft) bool {
	return m.State() == raft.Leader && r.led.Load() == m.CurrentTerm() && r.handing.Load() == 0 &&
		!r.watchdog.isStalled() && r.Err() == nil
}

// serves reports whether this replica leads a term with a server as its follower. Raft
// may have elected it before Start gets to know of it.
func (r *Replica) serves(term uint64, follower raft.ServerID) bool {
	m := r.raft.Load()
	if m == nil || m.State() != raft.Leader || m.CurrentTerm() != term {
		return false
	}
	for _, s := range m.GetConfiguration().Configuration().Servers {
		if s.ID == follower {
			return true
		}
	}
	return false
}

// announce offers the latest leadership on the channel of Leading. It never
// blocks: it alone sends, so that after taking back what nobody took there is room.
// watch calls it, and Close when watch has ended.
func (r *Replica) announce(leading bool) {
	if r.said == leading {
		return
	}
	r.said = leading
	select {
	case <-r.leading:
	default:
	}
	r.leading <- leading
	if leading {
		r.log.Info("leadership gained", "term", r.led.Load())
	} else {
		r.log.Info("leadership ended")
	}
}

// Leading tells of leadership gained (everything committed before is applied) and
// lost, always the latest news: what a slow reader missed in between is gone. It is
// for one reader, is silent until leadership is first gained, and never closed.
func (r *Replica) Leading() <-chan bool { return r.leading }

// IsLeader reports whether this replica leads and serves default reads.
func (r *Replica) IsLeader() bool {
	m := r.raft.Load()
	return m != nil && r.leads(m)
}
