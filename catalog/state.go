package catalog

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-memdb"
)

// State is the replicated state: a deterministic machine that turns commands
// into rows. Apply and Restore are for one goroutine at a time (raft's); everything else is safe for all.
type State struct {
	db      *memdb.MemDB
	applied atomic.Uint64
	graves  int                      // rows of the graves table
	version atomic.Uint64            // of the current Moment
	latest  atomic.Pointer[Snapshot] // the last one taken, as long as it is current

	mu      sync.Mutex
	advance chan struct{} // closed and replaced when applied moves; nil while nobody waits
}

// New returns an empty state at index 0.
func New() *State {
	db, err := memdb.NewMemDB(schema())
	if err != nil {
		panic(fmt.Sprintf("catalog: schema: %v", err)) // the schema is a constant
	}
	return &State{db: db}
}

// Applied returns the raft index of the last command applied, 0 before the first.
func (s *State) Applied() uint64 { return s.applied.Load() }

// Advance records that index was reached by a log entry that holds no command.
func (s *State) Advance(index uint64) { s.advanceTo(index) }

func (s *State) advanceTo(index uint64) {
	s.pass()
	s.applied.Store(index)
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

// tx is a write transaction at a raft index.
type tx struct {
	*memdb.Txn
	state *State
	index uint64
}

// put writes a row. An error means that schema and rows disagree, which is a bug and stops the replica.
func (t *tx) put(table string, row any) {
	if err := t.Insert(table, row); err != nil {
		panic(fmt.Sprintf("catalog: insert into %s: %v", table, err))
	}
}

// remove deletes a row that is known to exist.
func (t *tx) remove(table string, row any) {
	if err := t.Delete(table, row); err != nil {
		panic(fmt.Sprintf("catalog: delete from %s: %v", table, err))
	}
}

// touch records that resources changed at this index, and so wakes whoever waits for them.
func (t *tx) touch(resources ...string) {
	for _, r := range resources {
		t.put(tableVersions, &version{Resource: r, Index: t.index})
	}
}

// first returns the row at key of a unique index, or nil.
func first[T any](txn *memdb.Txn, table, index, key string) *T {
	row, err := txn.First(table, index, key)
	if err != nil {
		panic(fmt.Sprintf("catalog: read %s: %v", table, err)) // schema and query disagree
	}
	r, _ := row.(*T)
	return r
}

// rows calls yield for every row of an index whose key begins with prefix, in key order.
func rows[T any](txn *memdb.Txn, table, index, prefix string) func(yield func(*T) bool) {
	return func(yield func(*T) bool) {
		it, err := txn.Get(table, index, prefix)
		if err != nil {
			panic(fmt.Sprintf("catalog: read %s: %v", table, err))
		}
		for row := it.Next(); row != nil; row = it.Next() {
			if !yield(row.(*T)) {
				return
			}
		}
	}
}
