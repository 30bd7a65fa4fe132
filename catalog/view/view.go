package view

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// Config says whom a View follows and where it keeps its copy.
type Config struct {
	// File is the copy on disk; its directory must exist. File+".seen" stands beside it. Empty: none.
	File string
	// Datacenter the catalog belongs to; a file of another one is not used.
	Datacenter string
	// Open returns a server's feed of what follows index since, as [Serve] writes it; 0
	// asks for everything. It picks another server each time it is called after a
	// failure. ctx lasts as long as the reader is in use. If the reader has a method
	// Server() string, its answer becomes Status.Server. Close must end a Read in progress.
	Open func(ctx context.Context, since uint64) (io.ReadCloser, error)
	// MaxStale is the age beyond which the copy is not Ready. 0: no limit.
	MaxStale time.Duration
	Logger   *slog.Logger
	Metrics  *metrics.View // nil: none
}

// Status tells how good the copy is.
type Status struct {
	Index     uint64        // raft index the rows are at
	Behind    uint64        // entries that the server heard last was ahead of that; 0 without any
	Age       time.Duration // since they were last known to be current; 0 without any
	Ready     bool          // there is a copy, no older than MaxStale
	Connected bool          // a server's feed is open and not silent
	FromDisk  bool          // the rows come from the disk, and no server has confirmed or replaced them yet
	Leader    string        // host:port of the leader as the last server heard knew it; "" none
	Server    string        // whose feed it is, if Open's reader tells; "" when not connected
	Resyncs   uint64        // snapshots that replaced a copy
}

// View follows a server. Run is called once; everything else is for all.
type View struct {
	cfg   Config
	state *catalog.State
	saver *saver // nil: no file

	mu       sync.Mutex
	standing standing
}

// standing is what a View knows about its rows.
type standing struct {
	status    Status    // without Index, Behind, Age and Ready
	source    uint64    // index of the server heard last
	has       bool      // there are rows
	current   time.Time // when a server last knew them to be current; zero until one says so
	onDisk    time.Time // the same, as the file has it, on the wall clock
	began     time.Time // when the rows came
	revisions uint64    // grows with each change of rows
}

// New loads the copy on disk. One that is damaged is told of, moved aside and not
// used; one that cannot be read at all is an error.
func New(cfg Config) (*View, error) {
	if cfg.Open == nil || cfg.Logger == nil {
		return nil, errors.New("view: Open and Logger are required")
	}
	v := &View{cfg: cfg, state: catalog.New()}
	if cfg.File == "" {
		return v, nil
	}
	v.saver = newSaver(v)
	if err := v.load(); err != nil {
		return nil, err
	}
	return v, nil
}

// State returns the copy. It stays the same one for good, and belongs to the View: nobody else applies anything to it.
func (v *View) State() *catalog.State { return v.state }

// Status tells how good the copy is now.
func (v *View) Status() Status {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.standing.status
	s.Index = v.state.Applied()
	s.Behind = max(v.standing.source, s.Index) - s.Index
	s.Age = v.standing.age()
	s.Ready = v.standing.has && (v.cfg.MaxStale == 0 || s.Age <= v.cfg.MaxStale)
	return s
}

// age is counted by the monotonic clock since the rows came, and for the time before, while
// the machine may have been off, by the wall clock. If that was set back since, so that it says less than
// the monotonic one, it is not believed.
func (s *standing) age() time.Duration {
	switch {
	case !s.has:
		return 0
	case !s.current.IsZero():
		return time.Since(s.current)
	}
	return max(time.Since(s.began), time.Now().Round(0).Sub(s.onDisk))
}

// Source returns the copy for others to follow: servers pass on what they hold of other datacenters.
func (v *View) Source() Source {
	return Source{
		State:  v.state,
		Age:    func() time.Duration { return v.Status().Age },
		Leader: func() string { return v.Status().Leader },
		Ready:  func() bool { return v.Status().Ready },
	}
}

// Run follows servers until ctx ends, and then saves the copy.
func (v *View) Run(ctx context.Context) {
	defer v.cfg.Metrics.Watch(func() metrics.ViewReading {
		s := v.Status()
		return metrics.ViewReading{Index: s.Index, Age: s.Age, Connected: s.Connected}
	})()
	var saving sync.WaitGroup
	if v.saver != nil {
		saving.Go(func() { v.saver.run(ctx) })
	}
	v.follow(ctx)
	saving.Wait()
	if v.saver != nil {
		v.saver.save(true)
	}
}

// connected notes that the feed of a server at an index speaks to us.
func (v *View) connected(server string, index uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.standing.status.Connected, v.standing.status.Server = true, server
	v.standing.source = index
}

func (v *View) disconnected() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.standing.status.Connected, v.standing.status.Server = false, ""
}

// confirm notes that the rows were current at a time.
func (v *View) confirm(current time.Time, leader string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.standing
	s.status.Leader, s.status.FromDisk = leader, false
	if current.After(s.current) {
		s.current = current
	}
}

// changed notes that rows changed.
func (v *View) changed() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.standing.revisions++
}

// replaced notes that the rows are others now, and reports whether there were any before.
func (v *View) replaced() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.standing
	again := s.has
	if again {
		s.status.Resyncs++
		v.cfg.Metrics.Resynced()
	}
	if !again {
		s.began = time.Now()
		s.onDisk = s.began.Round(0)
	}
	s.has, s.revisions = true, s.revisions+1
	return again
}

func (v *View) holdsRows() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.standing.has
}
