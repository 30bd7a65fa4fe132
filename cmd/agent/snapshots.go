package agent

import (
	"context"
	"fmt"
	"io"
	"os"

	"muster/catalog/archive"
)

// librarian is an agent as the keeper of its cluster's snapshots.
type librarian Agent

// About implements httpapi.Snapshotter.
func (l *librarian) About() archive.About {
	cfg := l.cfg.Load()
	return archive.About{Term: l.replica.Term(), Datacenter: cfg.Datacenter, Node: cfg.NodeName, Build: l.opts.Version}
}

// Restore implements httpapi.Snapshotter.
func (l *librarian) Restore(ctx context.Context, state io.Reader) error {
	return l.replica.Restore(ctx, state)
}

// Spool implements httpapi.Snapshotter.
func (l *librarian) Spool() string { return under(l.cfg.Load().DataDir, "spool") }

// buildSnapshots makes the place for snapshots that arrive, and what makes some by itself.
func (a *Agent) buildSnapshots(cfg *Config) error {
	if a.replica == nil {
		return nil
	}
	if dir := (*librarian)(a).Spool(); dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
	}
	if cfg.SnapshotAgent.Interval <= 0 {
		return nil
	}
	var err error
	a.keeper, err = archive.NewKeeper(archive.KeeperConfig{
		Dir: cfg.SnapshotAgent.Directory, Interval: cfg.SnapshotAgent.Interval, Retain: cfg.SnapshotAgent.Retain,
		Snapshot: a.state.Snapshot, Leading: a.isLeader, About: (*librarian)(a).About,
		Logger: a.logs.With("room", "snapshots"),
	})
	return err
}
