package local

import (
	"context"
	"log/slog"
	"math/bits"
	"math/rand/v2"
	"sync"
	"time"

	"muster/catalog"
)

// Applier puts a command into the raft log. When it returns nil the command has
// been applied; an error leaves open whether it has been or will be.
type Applier interface {
	Apply(ctx context.Context, c catalog.Command) (catalog.Result, error)
}

// SyncConfig says how a Syncer works. Store, Applier and Snapshot must be set.
type SyncConfig struct {
	Store   *Store
	Applier Applier
	// Snapshot returns the catalog as this agent knows it, which may lag behind what Applier did.
	Snapshot func() *catalog.Snapshot
	// Interval is the longest time between two comparisons, varied by a tenth so
	// that agents do not march in step. 0: a minute. It grows with the cluster, as
	// all agents compare against the same few servers; see Agents.
	Interval time.Duration
	// Agents returns how many agents there are. Each doubling beyond 128 adds one
	// Interval to the time between comparisons. Nil: a few.
	Agents func() int
	// Logger is told of trouble, once for each streak of it. Nil: nobody.
	Logger *slog.Logger
	// Observe is told, for each check that turned critical, the time from its
	// verdict to the commit in the catalog. Nil: nobody.
	Observe func(seenToApplied time.Duration)
	// InLine is told when all that the store holds has come to the catalog for the
	// first time, when it has not for a while, and when it has again. It must not block. Nil: nobody.
	InLine func(bool)
}

const (
	defaultInterval = time.Minute
	// applyTimeout is when a command's outcome is given up on; it is sent again.
	applyTimeout = 5 * time.Second
	// reapEvery is how late a service critical for too long may be deregistered, and maintenance end.
	reapEvery = 5 * time.Second
	// outOfLine is how long nothing may get through before this agent no longer says that
	// the catalog is in line with it. An election takes less.
	outOfLine = 3 * time.Second
	// Bounds of the pause after a failure.
	minPause = 50 * time.Millisecond
	maxPause = time.Second
)

// Syncer brings this node's rows in the catalog in line with a Store.
type Syncer struct {
	cfg SyncConfig
	// sent holds rows that were written and have not been seen in a snapshot
	// since; a nil row was removed. Until then a snapshot that agrees with the
	// store may do so by being old.
	sent rows
	// told is what owners last wished for their tags, by service id, as far as the
	// catalog's copy has shown that it was told; see [demand].
	told map[string][]string
	// all makes the next pass register everything again.
	all bool
	// checks makes it register every check again. The first pass does: the copy of the
	// catalog that an agent starts with may be of any age, and a check that is
	// critical in it may still be passing for all others.
	checks bool
	// flushed is when outputs were last sent for their own sake.
	flushed time.Time
	held    bool
	pace    pace
	trouble int // failures in a row
	inLine  bool
	unsent  time.Time // since when passes have not got through; zero: the last one has
}

// NewSyncer returns a Syncer; Run runs it.
func NewSyncer(cfg SyncConfig) *Syncer {
	if cfg.Interval <= 0 {
		cfg.Interval = defaultInterval
	}
	if cfg.Agents == nil {
		cfg.Agents = func() int { return 1 }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Observe == nil {
		cfg.Observe = func(time.Duration) {}
	}
	if cfg.InLine == nil {
		cfg.InLine = func(bool) {}
	}
	return &Syncer{cfg: cfg, sent: newRows(), checks: true}
}

// Run compares and sends until ctx ends: at once, after each change here or of this
// node's rows in the catalog, and every Interval. It also has the store reap services critical for too long. It
// leaves the catalog as it is when it returns. Call it once.
func (y *Syncer) Run(ctx context.Context) {
	var reaper sync.WaitGroup
	defer reaper.Wait()
	// Apart, because it writes to disk, and a stuck disk must not hold up verdicts.
	reaper.Go(func() { y.reap(ctx) })
	y.flushed = time.Now()
	for {
		wake := wakes{urgent: y.cfg.Store.urgent.wait(), news: y.cfg.Store.news.wait(),
			behind: y.cfg.Snapshot().NodeMark(y.cfg.Store.cfg.Node().Name).Changed}
		sent, err := y.pass(ctx, time.Now())
		if ctx.Err() != nil {
			return
		}
		y.tellInLine(sent, time.Now())
		pause := y.takeNote(err)
		if err != nil {
			wake = wakes{} // a change makes a failing catalog no better
		}
		if !rest(ctx, wake, pause, &y.pace) {
			return
		}
	}
}

// tellInLine tells whether the catalog is in line with the store, if that is new.
func (y *Syncer) tellInLine(sent bool, now time.Time) {
	is := y.inLine
	switch {
	case sent:
		is, y.unsent = true, time.Time{}
	case y.unsent.IsZero():
		y.unsent = now
	case now.Sub(y.unsent) >= outOfLine:
		is = false
	}
	if is != y.inLine {
		y.inLine = is
		y.cfg.InLine(is)
	}
}

// takeNote takes note of how a pass went and returns how long to rest.
func (y *Syncer) takeNote(err error) time.Duration {
	if err == nil {
		if y.trouble > 0 {
			y.cfg.Logger.Info("catalog is in line with this node again", "failures", y.trouble)
		}
		y.trouble = 0
		pause := jitter(spaced(y.cfg.Interval, y.cfg.Agents()), 0.1)
		if every := y.cfg.Store.cfg.UpdateInterval; y.held {
			pause = min(pause, max(every-time.Since(y.flushed), coalesce))
		}
		return pause
	}
	if y.trouble == 0 {
		y.cfg.Logger.Warn("catalog could not be brought in line with this node, trying again", "error", err)
	}
	pause := min(minPause<<min(y.trouble, 16), maxPause)
	y.trouble++
	return jitter(pause, 0.25)
}

// spaced is the time between comparisons in a cluster of a size.
func spaced(interval time.Duration, agents int) time.Duration {
	const few = 128
	return interval * time.Duration(1+bits.Len(uint(max(agents-1, 0)/few)))
}

// reap has the store deregister what was critical for too long, until ctx ends.
func (y *Syncer) reap(ctx context.Context) {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			y.cfg.Store.Reap(now)
		}
	}
}

// jitter varies d by up to the given share either way.
func jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 + share*(2*rand.Float64()-1)))
}
