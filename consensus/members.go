package consensus

import (
	"context"
	"net"
	"time"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// Server is a member of the raft configuration.
type Server struct {
	ID      string // node UUID
	Address string // host:port
	Voter   bool   // it counts for quorums and may lead
	Leader  bool   // it leads, as far as this replica knows; ignored on input
}

// Leader is the host:port of the leader as this replica knows it, "" for none.
func (r *Replica) Leader() string {
	m := r.raft.Load()
	if m == nil || r.Err() != nil {
		return ""
	}
	if r.watchdog.isStalled() && m.State() == raft.Leader {
		return "" // it withdrew, and cannot hear who took over
	}
	addr, _ := m.LeaderWithID()
	return string(addr)
}

// Peers are the host:port of all servers in the raft configuration, those without a vote and this one included.
func (r *Replica) Peers() []string {
	var peers []string
	for _, s := range r.Servers() {
		peers = append(peers, s.Address)
	}
	return peers
}

// Servers returns the newest raft configuration that this replica knows, which may
// not be committed yet. It is empty before Start and in a member of nothing.
func (r *Replica) Servers() []Server {
	m := r.raft.Load()
	if m == nil {
		return nil
	}
	leader := raft.ServerID("")
	if r.Leader() != "" {
		_, leader = m.LeaderWithID()
	}
	var servers []Server
	for _, s := range m.GetConfiguration().Configuration().Servers {
		servers = append(servers, Server{
			ID: string(s.ID), Address: string(s.Address), Voter: s.Suffrage == raft.Voter, Leader: s.ID == leader,
		})
	}
	return servers
}

// AddServer makes the configuration hold a server: it adds a new one, gives a known one
// its new address, and gives a non-voter its vote. It never takes a vote away; for
// that, remove the server and add it again. When nothing would change it returns at once.
//
// A new server has to be sent the whole log before it can confirm a write, so one that
// joins a cluster that lives should first be added without a vote, and get it when it
// has caught up. A server that lost its disk has forgotten its votes and what
// it confirmed: it must come as a new member. When it returns under a new ID,
// call RemoveServer for the old ID first, because an address belongs to one server
// only (Conflict); when it returns under the same ID, RemoveServer all the same, and
// then AddServer without a vote.
//
// The error is Unavailable unless this replica leads; then the change may still come about.
func (r *Replica) AddServer(ctx context.Context, s Server) error {
	if err := s.validate(); err != nil {
		return err
	}
	if err := r.mustLead(ctx); err != nil {
		return err
	}
	for _, known := range r.Servers() {
		switch {
		case known.ID == s.ID && known.Address == s.Address && (known.Voter || !s.Voter):
			return nil
		case known.ID != s.ID && known.Address == s.Address:
			return catalog.Errorf(catalog.Conflict, "address %s belongs to server %s: remove that one first", s.Address, known.ID)
		}
	}
	return r.reconfigure(ctx, func(m *raft.Raft, wait time.Duration) raft.IndexFuture {
		if s.Voter {
			return m.AddVoter(raft.ServerID(s.ID), raft.ServerAddress(s.Address), 0, wait)
		}
		return m.AddNonvoter(raft.ServerID(s.ID), raft.ServerAddress(s.Address), 0, wait)
	})
}

// RemoveServer takes a server out of the configuration. Removing the leader itself makes
// it step down. It fails with NotFound when there is no such server, with Conflict when it is the
// last that has a vote, and with Unavailable unless this replica leads.
func (r *Replica) RemoveServer(ctx context.Context, id string) error {
	if err := r.mustLead(ctx); err != nil {
		return err
	}
	found, others := false, 0
	for _, s := range r.Servers() {
		if s.ID == id {
			found = true
		} else if s.Voter {
			others++
		}
	}
	switch {
	case !found:
		return catalog.Errorf(catalog.NotFound, "no server %s in the raft configuration", id)
	case others == 0:
		return catalog.Errorf(catalog.Conflict, "server %s is the last one that has a vote", id)
	}
	return r.reconfigure(ctx, func(m *raft.Raft, wait time.Duration) raft.IndexFuture {
		return m.RemoveServer(raft.ServerID(id), 0, wait)
	})
}

// reconfigure makes one change of the configuration and waits until it is committed.
func (r *Replica) reconfigure(ctx context.Context, change func(*raft.Raft, time.Duration) raft.IndexFuture) error {
	wait := queueTime(ctx)
	if err := r.await(ctx, func(m *raft.Raft) error { return change(m, wait).Error() }); err != nil {
		return catalog.Errorf(catalog.Unavailable, "change of the raft configuration: %w", err)
	}
	return nil
}

// mustLead fails unless this replica leads.
func (r *Replica) mustLead(ctx context.Context) error {
	if err := r.lead(ctx); err != nil {
		return catalog.Errorf(catalog.Unavailable, "%w", err)
	}
	return nil
}

func (s Server) validate() error {
	if s.ID == "" {
		return catalog.Errorf(catalog.Invalid, "server: id is missing")
	}
	if host, port, err := net.SplitHostPort(s.Address); err != nil || host == "" || port == "" {
		return catalog.Errorf(catalog.Invalid, "server %s: address %q is not host:port", s.ID, s.Address)
	}
	return nil
}
