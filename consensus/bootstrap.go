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

// notFound is how the in-memory store puts it; raft compares the same way.
const notFound = "not found"

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

// bootstrap makes this node the only member of a new cluster if that is asked for and
// the stores hold no state.
func bootstrap(cfg Config, s *stores) error {
	if err := settleBootstrap(s); err != nil {
		return err
	}
	existing, err := raft.HasExistingState(s.logs, s.stable, s.snapshots)
	switch {
	case err != nil:
		return err
	case existing:
		return nil
	case !cfg.Bootstrap:
		cfg.Logger.Info("no raft state and no bootstrap: waiting to be added to a cluster", "dir", cfg.Dir)
		return nil
	}
	mark := func(val string) error { return s.stable.Set([]byte(keyBootstrap), []byte(val)) }
	return marked(mark, func() error {
		alone := configurationOf([]Server{{ID: cfg.ID, Address: cfg.Address, Voter: true}})
		if err := raft.BootstrapCluster(cfg.raft(bridge(cfg.Logger)), s.logs, s.stable, s.snapshots, nil, alone); err != nil {
			return err
		}
		cfg.Logger.Info("new cluster bootstrapped", "id", cfg.ID, "address", cfg.Address)
		return nil
	})
}

// marked runs a bootstrap. Raft bootstraps in two writes, term and log; our marks around
// them let the next start undo what a crash in between has left.
func marked(mark func(string) error, bootstrap func() error) error {
	if err := mark(bootstrapBegun); err != nil {
		return err
	}
	if err := bootstrap(); err != nil {
		return err
	}
	return mark(bootstrapDone)
}

// settleBootstrap ends a bootstrap that a crash has cut short: it was done if the log was
// written, else it never was. The term it writes is 1, in which nobody ever votes; a later
// term is that of a cluster this member has met since, and stays.
func settleBootstrap(s *stores) error {
	mark, err := note(s.stable, keyBootstrap)
	if err != nil || mark != bootstrapBegun {
		return err
	}
	last, err := s.logs.LastIndex()
	if err != nil {
		return err
	}
	if last > 0 {
		return s.stable.Set([]byte(keyBootstrap), []byte(bootstrapDone))
	}
	term, err := s.stable.GetUint64([]byte(keyRaftTerm))
	if err != nil && err.Error() != notFound {
		return err
	}
	if term > 1 {
		return nil
	}
	return s.stable.SetUint64([]byte(keyRaftTerm), 0)
}

// note reads a value of ours from the stable store, "" if there is none.
func note(s raft.StableStore, key string) (string, error) {
	val, err := s.Get([]byte(key))
	if err != nil && err.Error() == notFound {
		return "", nil
	}
	return string(val), err
}
