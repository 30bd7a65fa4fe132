package consensus

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// Keys in the stable store.
const (
	keyID        = "muster/id"        // whose directory this is
	keyBootstrap = "muster/bootstrap" // begun or done; absent if this member never bootstrapped
	keyRaftTerm  = "CurrentTerm"      // raft's own
)

const (
	bootstrapBegun = "begun"
	bootstrapDone  = "done"
)

// claim makes sure that a directory belongs to this node: votes given under one
// id must not be forgotten under another.
func claim(cfg Config, s *stores) error {
	existing, err := raft.HasExistingState(s.logs, s.stable, s.snapshots)
	if err != nil {
		return fmt.Errorf("read raft state of %s: %w", cfg.Dir, err)
	}
	id, err := note(s.stable, keyID)
	switch {
	case err != nil:
		return fmt.Errorf("read node id of %s: %w", cfg.Dir, err)
	case id == "" && existing:
		return fmt.Errorf("data directory %s holds raft state without a node id: it was not written by muster, or only in part", cfg.Dir)
	case id == "":
		return s.stable.Set([]byte(keyID), []byte(cfg.ID))
	case id != cfg.ID:
		return fmt.Errorf("data directory %s belongs to node id %s, but this node's id is %s: restore the former node id or use another directory", cfg.Dir, id, cfg.ID)
	}
	return nil
}

// bootstrap makes this node the only member of a new cluster, unless the stores
// hold state already. Raft bootstraps in two writes, term and log; our marks around
// them let the next start finish what a crash in between has cut short.
func bootstrap(cfg Config, s *stores) error {
	mark, err := note(s.stable, keyBootstrap)
	if err != nil {
		return err
	}
	if mark == bootstrapBegun {
		last, err := s.logs.LastIndex()
		if err != nil {
			return err
		}
		if last > 0 {
			return s.stable.Set([]byte(keyBootstrap), []byte(bootstrapDone))
		}
		if err := s.stable.SetUint64([]byte(keyRaftTerm), 0); err != nil {
			return err
		}
	}
	existing, err := raft.HasExistingState(s.logs, s.stable, s.snapshots)
	if err != nil {
		return err
	}
	if existing {
		return nil
	}
	if !cfg.Bootstrap {
		cfg.Logger.Info("no raft state and no bootstrap: waiting to be added to a cluster", "dir", cfg.Dir)
		return nil
	}
	if err := s.stable.Set([]byte(keyBootstrap), []byte(bootstrapBegun)); err != nil {
		return err
	}
	alone := raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(cfg.ID), Address: raft.ServerAddress(cfg.Address)}}}
	rc := cfg.raft(bridge(cfg.Logger))
	if err := raft.BootstrapCluster(rc, s.logs, s.stable, s.snapshots, nil, alone); err != nil {
		return err
	}
	cfg.Logger.Info("new cluster bootstrapped", "id", cfg.ID, "address", cfg.Address)
	return s.stable.Set([]byte(keyBootstrap), []byte(bootstrapDone))
}

// note reads a value of ours from the stable store, "" if there is none.
func note(s raft.StableStore, key string) (string, error) {
	val, err := s.Get([]byte(key))
	if err != nil && err.Error() == "not found" { // as the in-memory store puts it; raft compares the same way
		return "", nil
	}
	return string(val), err
}
