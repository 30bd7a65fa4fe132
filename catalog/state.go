package catalog

import (
	"sync"
	"sync/atomic"
)

// State is the replicated state: a deterministic machine that turns commands
// into rows. Apply and Restore are for one goroutine at a time (raft's); everything else is safe for all.
type State struct {
	current atomic.Pointer[Snapshot]
	applied atomic.Uint64
	changes atomic.Pointer[Changes]
	batch   uint64 // the last one begun, committed or not
	watches watches

	mu      sync.Mutex
	advance chan struct{} // closed and replaced when applied moves; nil while nobody waits
}

// New returns an empty state at index 0.
func New() *State {
	s := &State{}
	s.current.Store(&Snapshot{tables: newTables(), moment: Moment{state: s}})
	s.changes.Store(newChanges(s.current.Load()))
	return s
}

// Applied returns the raft index of the last command applied, 0 before the first.
func (s *State) Applied() uint64 { return s.applied.Load() }

// Advance records that index was reached by a log entry that holds no command.
func (s *State) Advance(index uint64) { s.advanceTo(index, nil) }

// commit makes the rows of a batch those of the state, as of a raft index, in place
// of rows that they did not come from.
func (s *State) commit(next *tables, index uint64, tell func()) {
	s.publish(next, tell)
	s.changes.Swap(newChanges(s.begun(index))).end()
	s.wake()
}

// publish begins a commit, which keeps three promises by its order: who is woken by a watch
// finds the new rows; who sees the new moment finds the watches fired, of what he
// read before; who sees the index finds all of that.
func (s *State) publish(next *tables, tell func()) {
	was := s.current.Load()
	s.current.Store(&Snapshot{tables: next, Index: was.Index, moment: was.moment})
	tell()
}

// advanceTo begins a new moment, of the present rows, at a raft index. The
// changes are those that led there.
func (s *State) advanceTo(index uint64, changes []*Change) {
	s.changes.Load().add(changes, s.begun(index))
	s.wake()
}

// begun returns the snapshot of a new moment.
func (s *State) begun(index uint64) *Snapshot {
	was := s.current.Load()
	now := &Snapshot{tables: was.tables, Index: index, moment: was.moment.next()}
	s.current.Store(now)
	s.applied.Store(index)
	return now
}

// wake has those look who wait for an index.
func (s *State) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.advance != nil {
		close(s.advance)
		s.advance = nil
	}
}

// Reached returns a channel that is closed once the applied index may be at least index.
// Callers check Applied again: the channel tells of movement, not of arrival.
func (s *State) Reached(index uint64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.applied.Load() >= index {
		return closed
	}
	if s.advance == nil {
		s.advance = make(chan struct{})
	}
	return s.advance
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
