package view

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// basePatience is how long a feed is kept that makes our rows no more current. Each such
	// feed doubles it: if all servers are like this, there is no point in going round.
	basePatience = 3 * time.Second
	maxPatience  = time.Minute
	// staleSource is the age of a server's rows beyond which another one is tried.
	staleSource = 5 * time.Second
	// otherHistory is how long a server that says it is current may be behind us. One that
	// is for longer has another history: its cluster was restored, or built anew.
	otherHistory = 10 * time.Second
)

// errResync marks why the rows must come anew, as a snapshot.
var errResync = errors.New("the copy must be fetched anew")

// errUseless ends a stream that is of no use; another server may be better.
var errUseless = errors.New("the server's own state is not current")

// stream is the feed that a View is at, and what is remembered from one to the next.
type stream struct {
	view     *View
	resync   bool          // ask for a snapshot
	patience time.Duration // with feeds that are not current
	reached  time.Time     // when our index last moved
	lost     *loss         // why there is no feed that works, or nil

	// Of the present feed:
	server  string
	resumed bool      // it was asked for what follows our rows
	at      uint64    // index that the feed has led us to; 0 before a snapshot that was asked for
	has     bool      // our rows are those at that index
	ready   bool      // the server said so: its rows count
	foreign bool      // the server's lineage is not ours
	useful  time.Time // when the feed last told that we are current
}

// run follows one feed to its end and returns why it ended.
func (s *stream) run(ctx context.Context) error {
	s.resumed = s.view.holdsRows() && !s.resync
	s.at, s.has = 0, s.resumed
	if s.has {
		s.at = s.view.state.Applied()
	}
	if s.reached.IsZero() {
		s.reached = time.Now()
	}
	s.ready, s.foreign, s.useful = false, false, time.Now()
	r, server, end, err := s.view.open(ctx, s.at)
	if err != nil {
		return err
	}
	defer end()
	s.server = server
	in := newFrames(r)
	if err := in.begin(); err != nil {
		return err
	}
	for {
		k, payload, err := in.next()
		if err != nil {
			return err
		}
		if err := s.take(k, payload, in); err != nil {
			return err
		}
	}
}

// take acts on one message.
func (s *stream) take(k kind, payload []byte, in *frames) error {
	switch k {
	case kindStatus:
		return s.status(payload)
	case kindSteps:
		return s.steps(payload)
	case kindSnapshotBegin:
		return s.snapshot(payload, in)
	}
	return fmt.Errorf("%w: a message of kind %d is out of place", errInvalid, k)
}

func (s *stream) status(payload []byte) error {
	m, err := parseStatus(payload)
	if err != nil {
		return err
	}
	s.view.connected(s.server, m.index)
	if m.sent != s.at {
		return fmt.Errorf("%w: the server believes us at %d, we are at %d", errInvalid, m.sent, s.at)
	}
	s.ready = s.ready || m.ready
	if !m.ready || !s.has {
		return s.wait()
	}
	if ours := s.view.state.Snapshot().Lineage(); m.lineage != ours {
		// Once it may be a snapshot that is on its way, or a lineage that was just set.
		if s.foreign {
			return fmt.Errorf("%w: the server's lineage is %v, ours %v", errResync, m.lineage, ours)
		}
		s.foreign = true
		return nil
	}
	s.foreign = false
	current := time.Now().Add(-m.age)
	if m.index < m.sent {
		if current.Sub(s.reached) > otherHistory {
			return fmt.Errorf("%w: the server is current at index %d, we were at %d before", errResync, m.index, m.sent)
		}
		return s.wait()
	}
	s.view.confirm(current, m.leader)
	if m.age > staleSource {
		return s.wait()
	}
	s.useful, s.patience = time.Now(), basePatience
	s.works()
	return nil
}

// wait gives up on a feed that has been of no use for too long.
func (s *stream) wait() error {
	if time.Since(s.useful) <= s.patience {
		return nil
	}
	s.patience = min(2*s.patience, maxPatience)
	return errUseless
}

func (s *stream) steps(payload []byte) error {
	m, err := parseSteps(payload)
	if err != nil {
		return err
	}
	switch {
	case !s.has || !s.ready:
		return fmt.Errorf("%w: steps before there is anything to apply them to", errInvalid)
	case m.from != s.at:
		return fmt.Errorf("%w: steps from %d, we are at %d", errInvalid, m.from, s.at)
	case s.foreign:
		return fmt.Errorf("%w: the server's lineage is not ours", errResync)
	case len(m.list) == 0:
		return nil
	}
	for i, a := range s.view.state.ApplyAll(m.list) {
		if a.Err != nil {
			return fmt.Errorf("%w: step %d, which the server applied, fails here: %w", errResync, m.list[i].Index, a.Err)
		}
	}
	s.arrive(m.to)
	if m.rows {
		s.view.changed()
		s.view.cfg.Metrics.Applied()
	}
	return nil
}

// snapshot reads a snapshot and puts it in the place of what we have.
func (s *stream) snapshot(payload []byte, in *frames) error {
	if !s.ready || len(payload) < 8 {
		return fmt.Errorf("%w: a snapshot of a server that is not ready, or without index", errInvalid)
	}
	index := binary.BigEndian.Uint64(payload)
	began, before := time.Now(), s.view.state.Applied()
	chunks := &chunkReader{in: in, log: s.view.cfg.Logger, told: began}
	all := bufio.NewReaderSize(chunks, 64<<10) // Restore reads from this very one
	if err := s.view.state.Restore(all); err != nil {
		return err
	}
	if rest, err := io.Copy(io.Discard, all); err != nil || rest > 0 || s.view.state.Applied() != index {
		return errors.Join(errResync, err, fmt.Errorf("%w: a snapshot of index %d has index %d, and %d bytes follow it",
			errInvalid, index, s.view.state.Applied(), rest))
	}
	s.has, s.resync, s.foreign = true, false, false
	s.arrive(index)
	counts := s.view.state.Snapshot().Counts()
	log := s.view.cfg.Logger.Info
	if s.view.replaced() && index < before {
		log = s.view.cfg.Logger.Warn // the cluster was restored or built anew
	}
	log("catalog received", "server", s.server, "index", index, "index_before", before, "nodes", counts.Nodes,
		"instances", counts.Instances, "bytes", chunks.total, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

func (s *stream) arrive(index uint64) { s.at, s.reached = index, time.Now() }
