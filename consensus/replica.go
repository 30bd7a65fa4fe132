package consensus

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/fs"
)

// Replica is one raft member with its copy of the state. Its methods are safe for concurrent use.
type Replica struct {
	cfg    Config // with defaults
	log    *slog.Logger
	hc     hclog.Logger // the same, for the libraries
	state  *catalog.State
	stores *stores
	fuse   *fuse
	lock   io.Closer // of Dir; nil in memory

	raft     atomic.Pointer[raft.Raft] // nil before Start
	stream   *stream
	wire     *wire // nil before Start
	watchdog *watchdog
	started  time.Time

	led      atomic.Uint64 // the term in which this replica leads and has applied all earlier terms; 0: none
	handing  atomic.Int32  // hand-overs of leadership under way
	beacon   *beacon
	turned   chan struct{} // the disk has stalled, or answers again
	ready    atomic.Bool
	goal     atomic.Uint64 // index to be ready at; 0: not known yet
	told     atomic.Uint64 // commit index in the last message of a leader
	progress chan struct{} // the goal may have been reached
	settled  atomic.Uint64 // see reach
	leading  chan bool     // holds the latest value nobody has taken yet; sent to by announce only
	said     bool          // what announce said last

	restoring atomic.Int32 // calls of Restore that raft has taken in

	failOnce sync.Once
	failed   chan struct{} // closed when err is set
	err      error

	calls     sync.Mutex // guards closing, and inflight.Add against its Wait
	closing   bool
	inflight  sync.WaitGroup
	stop      chan struct{} // closed by Close
	watching  sync.WaitGroup
	haltOnce  sync.Once
	dead      chan struct{} // closed when raft has ended
	closeOnce sync.Once
	closeErr  error
}

// New opens the stores, and bootstraps or recovers when that is asked for and due. The
// state must be empty; from now on only the replica may change it.
func New(cfg Config, state *catalog.State) (*Replica, error) {
	return open(cfg, state, func(logger hclog.Logger) (*stores, error) {
		if cfg.Dir == "" {
			return openMemory(), nil
		}
		return openDisk(cfg.Dir, fs.New(), logger)
	})
}

func open(cfg Config, state *catalog.State, openStores func(hclog.Logger) (*stores, error)) (*Replica, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Replica{
		cfg: cfg, log: cfg.Logger, hc: bridge(cfg.Logger), state: state,
		beacon: newBeacon(), turned: make(chan struct{}, 1), progress: make(chan struct{}, 1),
		leading: make(chan bool, 1), failed: make(chan struct{}), stop: make(chan struct{}), dead: make(chan struct{}),
	}
	r.watchdog = newWatchdog(cfg.DiskTimeout, r.withdraw)
	if cfg.Dir != "" {
		if err := privateDir(cfg.Dir); err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
		if r.lock, err = lockDir(cfg.Dir); err != nil {
			return nil, err
		}
	}
	if r.stores, err = openStores(r.hc); err != nil {
		return nil, errors.Join(err, r.release())
	}
	r.stores.snapshots = labelled{r.stores.snapshots, r.isRestoring}
	if err := claim(cfg, r.stores); err != nil {
		return nil, errors.Join(err, r.release())
	}
	if err := bootstrap(cfg, r.stores); err != nil {
		return nil, errors.Join(fmt.Errorf("bootstrap: %w", err), r.release())
	}
	if err := recoverCluster(cfg, r.stores); err != nil {
		return nil, errors.Join(err, r.release())
	}
	r.stream = newStream(cfg, r.refused)
	r.fuse = &fuse{logs: r.stores.logs, stable: r.stores.stable, watchdog: r.watchdog, blow: r.fail}
	return r, nil
}

// release closes the stores and gives the directory back.
func (r *Replica) release() error {
	var errs []error
	if r.stores != nil {
		errs = append(errs, r.stores.close())
	}
	if r.lock != nil {
		errs = append(errs, r.lock.Close())
	}
	return errors.Join(errs...)
}

// Close lets calls that are under way finish, stops raft, and closes transport
// and stores. It may be called more than once, and without Start.
func (r *Replica) Close() error {
	r.closeOnce.Do(func() {
		close(r.stop)
		r.halt()
		r.watching.Wait()
		r.announce(false)
		r.closeErr = errors.Join(r.stream.Close(), r.release())
	})
	return r.closeErr
}
