package consensus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// Snapshot writes a snapshot now and shortens the log behind it. It succeeds
// when there is nothing new to write. When ctx ends first the snapshot may still come about.
func (r *Replica) Snapshot(ctx context.Context) error {
	err := r.await(ctx, func(m *raft.Raft) error { return m.Snapshot().Error() })
	if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return catalog.Errorf(catalog.Unavailable, "snapshot: %w", err)
	}
	return nil
}

// privateSnapshots is raft's snapshot store with files for their owner alone.
type privateSnapshots struct {
	*raft.FileSnapshotStore
	dir string
}

func openSnapshots(dir string, logger hclog.Logger) (raft.SnapshotStore, error) {
	store, err := raft.NewFileSnapshotStoreWithLogger(dir, retainSnapshots, logger)
	if err != nil {
		return nil, fmt.Errorf("snapshots %s: %w", dir, err)
	}
	return privateSnapshots{store, filepath.Join(dir, "snapshots")}, nil
}

// Create implements raft.SnapshotStore. A snapshot lies in a directory with the
// suffix .tmp, which it loses when complete.
func (p privateSnapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, trans raft.Transport) (raft.SnapshotSink, error) {
	sink, err := p.FileSnapshotStore.Create(version, index, term, configuration, configurationIndex, trans)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(p.dir, sink.ID()+".tmp")
	for name, mode := range map[string]os.FileMode{"": 0o700, "meta.json": 0o600, "state.bin": 0o600} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			return nil, errors.Join(err, sink.Cancel())
		}
	}
	return sink, nil
}
