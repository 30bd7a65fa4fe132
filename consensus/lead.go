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
	for {
		select {
		case leading := <-m.LeaderCh():
			// The channel holds the latest change only; after a quick loss and gain
			// it is true twice, and the term tells that the barrier is due again.
			if leading {
				r.establish(m)
			} else {
				r.led.Store(0)
				r.announce(false)
			}
		case <-leaders:
			r.cfg.Metrics.LeaderChanged()
		case <-tick.C:
			if m.State() == raft.Leader && !r.leads(m) {
				r.establish(m)
			}
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

// establish makes a fresh leader fit to serve: everything of earlier terms is
// applied before anybody is told.
func (r *Replica) establish(m *raft.Raft) {
	term := m.CurrentTerm()
	if err := r.await(context.Background(), func(m *raft.Raft) error { return m.Barrier(0).Error() }); err != nil {
		r.log.Debug("leadership not established", "term", term, "error", err)
		return
	}
	// Raft answers barriers also behind an fsm that has halted.
	if r.Err() != nil || m.State() != raft.Leader || m.CurrentTerm() != term {
		return // the next event or tick tries again, if it should
	}
	r.led.Store(term)
	r.ready.Store(true)
	r.announce(true)
	r.readdress(m)
}

// readdress tells the cluster where this member is now, if that has changed
// since it was added. A member that leads alone must do it, nobody else can.
func (r *Replica) readdress(m *raft.Raft) {
	configuration := m.GetConfiguration()
	for _, s := range configuration.Configuration().Servers {
		if s.ID != raft.ServerID(r.cfg.ID) || s.Address == raft.ServerAddress(r.cfg.Address) {
			continue
		}
		err := r.await(context.Background(), func(m *raft.Raft) error {
			return m.AddVoter(s.ID, raft.ServerAddress(r.cfg.Address), configuration.Index(), 0).Error()
		})
		if err != nil {
			r.log.Warn("own address not updated in the raft configuration", "old", s.Address, "new", r.cfg.Address, "error", err)
		}
	}
}

// leads reports whether this replica leads in the current term and has applied all earlier ones.
func (r *Replica) leads(m *raft.Raft) bool {
	return m.State() == raft.Leader && r.led.Load() == m.CurrentTerm() && r.Err() == nil
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

// Leader is the host:port of the leader as this replica knows it, "" for none.
func (r *Replica) Leader() string {
	m := r.raft.Load()
	if m == nil || r.Err() != nil {
		return ""
	}
	addr, _ := m.LeaderWithID()
	return string(addr)
}

// Peers are the host:port of all servers in the raft configuration, this one included.
func (r *Replica) Peers() []string {
	m := r.raft.Load()
	if m == nil {
		return nil
	}
	var peers []string
	for _, s := range m.GetConfiguration().Configuration().Servers {
		peers = append(peers, string(s.Address))
	}
	return peers
}

// Ready reports whether the state has been loaded: this replica has led, and so
// applied whatever its log held when it started. It stays true from then on.
func (r *Replica) Ready() bool { return r.ready.Load() }
