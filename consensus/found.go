package consensus

import (
	"context"
	"errors"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// HasState reports whether this replica belongs to a cluster already, or did once: it
// was bootstrapped, added, or asked for its vote. Such a one never bootstraps. It
// reports true as well when its disk cannot tell.
func (r *Replica) HasState() bool {
	if m := r.raft.Load(); m != nil {
		return m.LastIndex() > 0 || m.CurrentTerm() > 0
	}
	existing, err := raft.HasExistingState(r.stores.logs, r.stores.stable, r.stores.snapshots)
	return existing || err != nil
}

// Bootstrap makes this replica a member of a new cluster, before or after Start. It is
// called on one of the first servers, or with the same list on several of them; the list
// gives this replica a vote. Servers without state give theirs to whoever asks, so one that is called on
// suffices once a majority runs. It fails with Conflict when there is state already, with
// Invalid when the list is no configuration. A crash leaves all of it or nothing.
func (r *Replica) Bootstrap(servers []Server) error {
	if err := checkServers(servers, r.cfg.ID); err != nil {
		return err
	}
	if r.HasState() {
		return errHasState()
	}
	mark := func(val string) error {
		return r.fuse.write("mark bootstrap", func() error { return r.stores.stable.Set([]byte(keyBootstrap), []byte(val)) })
	}
	configuration := configurationOf(servers)
	err := marked(mark, func() error { return r.found(configuration) })
	switch {
	case errors.Is(err, raft.ErrCantBootstrap):
		return errHasState()
	case err != nil:
		return catalog.Errorf(catalog.Unavailable, "bootstrap: %w", err)
	}
	r.log.Info("new cluster bootstrapped", "servers", len(servers))
	if m := r.raft.Load(); m != nil {
		return r.electAtOnce(m)
	}
	return nil
}

// found writes the first configuration, by way of raft if that has been started.
func (r *Replica) found(c raft.Configuration) error {
	if r.raft.Load() == nil {
		return raft.BootstrapCluster(r.cfg.raft(r.hc.Named("raft")), r.fuse, r.fuse, r.stores.snapshots, nil, c)
	}
	return r.await(context.Background(), func(m *raft.Raft) error { return m.BootstrapCluster(c).Error() })
}

func errHasState() error {
	return catalog.Errorf(catalog.Conflict, "this server belongs to a cluster already")
}

// checkServers tells what is wrong with a list of servers as a configuration to which
// the server with an id belongs.
func checkServers(servers []Server, id string) error {
	ids, addresses := map[string]bool{}, map[string]bool{}
	voters, member := 0, false
	for _, s := range servers {
		if err := s.validate(); err != nil {
			return err
		}
		switch {
		case ids[s.ID]:
			return catalog.Errorf(catalog.Invalid, "server id %s appears twice", s.ID)
		case addresses[s.Address]:
			return catalog.Errorf(catalog.Invalid, "server address %s appears twice", s.Address)
		}
		ids[s.ID], addresses[s.Address] = true, true
		if s.Voter {
			voters++
		}
		member = member || s.ID == id && s.Voter
	}
	switch {
	case voters == 0:
		return catalog.Errorf(catalog.Invalid, "no server has a vote")
	case !member:
		return catalog.Errorf(catalog.Invalid, "this server, id %s, has no vote in it", id)
	}
	return nil
}

// configurationOf is a list of servers as raft has it.
func configurationOf(servers []Server) raft.Configuration {
	var c raft.Configuration
	for _, s := range servers {
		suffrage := raft.Nonvoter
		if s.Voter {
			suffrage = raft.Voter
		}
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(s.ID), Address: raft.ServerAddress(s.Address), Suffrage: suffrage})
	}
	return c
}
