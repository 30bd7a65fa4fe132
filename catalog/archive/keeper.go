package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"muster/catalog"
	"muster/catalog/durable"
)

// KeeperConfig says which snapshots a Keeper makes, and where. All fields are needed.
type KeeperConfig struct {
	// Dir is this agent's own, made if missing. Files in it that a keeper did not make are left alone.
	Dir string
	// Interval from one snapshot to the next. A state that has not moved since the last one is not written again.
	Interval time.Duration
	// Retain is how many snapshots are kept, at least 1; older ones are deleted.
	Retain int
	// Snapshot returns the state.
	Snapshot func() *catalog.Snapshot
	// Leading reports whether this agent leads. Those that do not make no snapshots.
	Leading func() bool
	// About is what the state does not know of itself. Created is filled in.
	About  func() About
	Logger *slog.Logger
}

// Keeper makes snapshots from time to time while its agent leads.
type Keeper struct{ cfg KeeperConfig }

// NewKeeper checks a configuration and makes the directory.
func NewKeeper(cfg KeeperConfig) (*Keeper, error) {
	switch {
	case cfg.Dir == "":
		return nil, errors.New("snapshots: the directory is missing")
	case cfg.Interval <= 0:
		return nil, fmt.Errorf("snapshots: an interval of %v", cfg.Interval)
	case cfg.Retain < 1:
		return nil, fmt.Errorf("snapshots: %d are to be kept, the least is 1", cfg.Retain)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("snapshots: %w", err)
	}
	if err := durable.Sweep(cfg.Dir); err != nil {
		return nil, fmt.Errorf("snapshots: %w", err)
	}
	return &Keeper{cfg}, nil
}

// Run makes snapshots until ctx ends. The first one is due an interval after the
// newest that is there: an agent that is restarted often makes them all the same.
func (k *Keeper) Run(ctx context.Context) {
	timer := time.NewTimer(k.first())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := k.turn(ctx); err != nil && ctx.Err() == nil {
			k.cfg.Logger.Error("periodic snapshot failed", "directory", k.cfg.Dir, "error", err)
		}
		timer.Reset(k.cfg.Interval)
	}
}

// first is how long to wait at the start.
func (k *Keeper) first() time.Duration {
	newest, err := newestIn(k.cfg.Dir)
	if err != nil || newest == nil { // the first turn meets the error again, and tells of it
		return k.cfg.Interval
	}
	// A clock that was set back must not put snapshots off for long.
	return min(max(time.Until(newest.at.Add(k.cfg.Interval)), 0), k.cfg.Interval)
}

// turn makes one snapshot if one is wanted, and deletes those that are too many then.
func (k *Keeper) turn(ctx context.Context) error {
	if !k.cfg.Leading() {
		return nil
	}
	newest, err := newestIn(k.cfg.Dir)
	if err != nil {
		return err
	}
	snap := k.cfg.Snapshot()
	if newest != nil && newest.index == snap.Index {
		return nil
	}
	about := k.cfg.About()
	about.Created = time.Now()
	file := kept{index: snap.Index, at: about.Created.UTC().Truncate(time.Second)}
	var m Meta
	err = durable.ReplaceBy(filepath.Join(k.cfg.Dir, file.name()), func(w io.Writer) (err error) {
		m, err = Write(&interruptible{ctx, w}, snap, about)
		return err
	})
	if err != nil {
		return err
	}
	k.cfg.Logger.Info("periodic snapshot written", "file", file.name(), "index", m.Index, "state_bytes", m.StateBytes)
	return k.prune(file)
}

// prune deletes the oldest snapshots, but never the one just made, whatever the clock says.
func (k *Keeper) prune(made kept) error {
	files, err := listKept(k.cfg.Dir)
	if err != nil {
		return err
	}
	left := len(files)
	for _, f := range files { // the oldest first
		if left <= k.cfg.Retain {
			break
		}
		if f == made {
			continue
		}
		if err := durable.Remove(filepath.Join(k.cfg.Dir, f.name())); err != nil {
			return err
		}
		left--
	}
	return nil
}

// interruptible is a writer that fails when its context has ended, so that stopping does not wait for a large snapshot.
type interruptible struct {
	ctx context.Context
	w   io.Writer
}

// Write implements io.Writer.
func (i *interruptible) Write(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(b)
}
