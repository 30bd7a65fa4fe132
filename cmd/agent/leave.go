package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/catalog"
	"muster/consensus/gossip"
)

// Leave withdraws this node from the cluster for good and asks the agent's owner to
// close it: a server leaves raft, all leave gossip, and the leader removes the node
// from the catalog. What the node registered is kept on its disk and comes back with it.
func (a *Agent) Leave(ctx context.Context) error {
	if a.config().DrainOnLeave {
		if err := a.drain(ctx); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
	}
	if err := a.leaveCluster(ctx); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	a.finish()
	return nil
}

func (a *Agent) leaveCluster(ctx context.Context) error {
	if a.alone() {
		// Nobody will remove this node when it is gone.
		_, err := a.forwarder.Apply(ctx, &catalog.Deregister{Node: a.config().NodeName})
		return err
	}
	if a.isLeader() {
		if err := a.replica.TransferLeadership(ctx, ""); err != nil {
			return fmt.Errorf("hand over leadership: %w", err)
		}
	}
	if a.wan != nil {
		if err := a.wan.Leave(ctx); err != nil {
			a.logs.Warn("could not tell other datacenters of leaving", "err", err)
		}
	}
	if err := a.lan.Leave(ctx); err != nil {
		return err
	}
	if a.replica != nil {
		a.awaitRemoval(ctx)
	}
	// Whoever asks this agent until its clients have turned elsewhere is answered.
	rest(ctx, a.config().LeaveDrainTime)
	return nil
}

// expel has the others take a server of this datacenter that failed for one that left.
func (a *Agent) expel(name string) error {
	err := a.lan.ForceLeave(name, false)
	if a.wan == nil {
		return err
	}
	abroad := a.wan.ForceLeave(name+"."+a.config().Datacenter, false)
	if errors.Is(abroad, gossip.ErrUnknownMember) {
		abroad = nil // it took no part there
	}
	return errors.Join(err, abroad)
}

// removalTime bounds how long a server that leaves waits to be removed from raft.
const removalTime = 5 * time.Second

// awaitRemoval waits until raft's configuration is without this server, so that it
// is not counted in a quorum that it will never answer.
func (a *Agent) awaitRemoval(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, removalTime)
	defer cancel()
	for ctx.Err() == nil {
		in := false
		for _, s := range a.replica.Servers() {
			in = in || s.ID == a.id
		}
		if !in {
			return
		}
		rest(ctx, 50*time.Millisecond)
	}
	a.logs.Warn("still in raft's configuration; the leader will remove this server later")
}

// alone reports whether no other agent of this datacenter is alive.
func (a *Agent) alone() bool {
	for _, m := range a.lan.Members() {
		if m.Status == gossip.Alive && m.ID != a.id {
			return false
		}
	}
	return true
}

// abandon ends an agent as a crash would: the others are told nothing.
func (a *Agent) abandon() {
	a.crashed.Store(true)
	_ = a.Close() // what is wrong with the dead is of no interest
}

// handOver gives leadership away before this server stops, so that writes need not
// wait for the others to notice.
func (a *Agent) handOver() error {
	if a.crashed.Load() || !a.isLeader() || a.alone() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := a.replica.TransferLeadership(ctx, ""); err != nil {
		a.logs.Warn("leadership not handed over, the others will elect a leader", "err", err)
	}
	return nil
}

// rest waits for a time, or for the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
