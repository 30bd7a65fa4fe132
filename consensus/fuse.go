package consensus

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// fuse stands between raft and its log and stable store. It blows at the first
// write that fails, and lets no write through after that.
//
// After a failed fsync nobody knows what is on disk: the kernel may have dropped
// the pages and report success next time. Raft by itself would stand for election
// again and go on writing, so that later entries could be acknowledged on top of a hole.
type fuse struct {
	logs     raft.LogStore
	stable   raft.StableStore
	watchdog *watchdog
	blow     func(error) // called once, from the writing goroutine
	// live is set once raft's goroutines use the store; see setOrQuit.
	live atomic.Bool

	mu  sync.Mutex
	err error
}

func (f *fuse) write(op string, do func() error) error {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if err := f.watchdog.guard(do); err != nil {
		return f.burn(fmt.Errorf("%s: %w", op, err))
	}
	return nil
}

// burn keeps the first error and tells of it.
func (f *fuse) burn(err error) error {
	f.mu.Lock()
	first := f.err == nil
	if first {
		f.err = err
	}
	err = f.err
	f.mu.Unlock()
	if first {
		f.blow(err)
	}
	return err
}

// setOrQuit writes to the stable store. Raft answers an error there with a panic
// that would take down the whole process; only this replica has to stop. The
// caller is raft's main goroutine: it ends here, its deferred calls answer
// whoever waits for it, and the replica, told by blow, shuts down the rest.
func (f *fuse) setOrQuit(do func() error) error {
	err := f.write("write term or vote", do)
	if err != nil && f.live.Load() {
		runtime.Goexit()
	}
	return err
}

// Set implements raft.StableStore.
func (f *fuse) Set(key, val []byte) error {
	return f.setOrQuit(func() error { return f.stable.Set(key, val) })
}

// SetUint64 implements raft.StableStore.
func (f *fuse) SetUint64(key []byte, val uint64) error {
	return f.setOrQuit(func() error { return f.stable.SetUint64(key, val) })
}

// Get implements raft.StableStore.
func (f *fuse) Get(key []byte) ([]byte, error) { return f.stable.Get(key) }

// GetUint64 implements raft.StableStore.
func (f *fuse) GetUint64(key []byte) (uint64, error) { return f.stable.GetUint64(key) }

// FirstIndex implements raft.LogStore.
func (f *fuse) FirstIndex() (uint64, error) { return f.logs.FirstIndex() }

// LastIndex implements raft.LogStore.
func (f *fuse) LastIndex() (uint64, error) { return f.logs.LastIndex() }

// GetLog implements raft.LogStore.
func (f *fuse) GetLog(index uint64, l *raft.Log) error { return f.logs.GetLog(index, l) }

// StoreLog implements raft.LogStore.
func (f *fuse) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (f *fuse) StoreLogs(logs []*raft.Log) error {
	return f.write("write log", func() error { return f.logs.StoreLogs(logs) })
}

// DeleteRange implements raft.LogStore.
func (f *fuse) DeleteRange(first, last uint64) error {
	return f.write("truncate log", func() error { return f.logs.DeleteRange(first, last) })
}

// IsMonotonic implements raft.MonotonicLogStore: raft must know whether the store
// inside refuses gaps, or it would leave one after a restored snapshot.
func (f *fuse) IsMonotonic() bool {
	m, ok := f.logs.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}
