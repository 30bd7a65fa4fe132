package consensus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/types"
)

// brokenDisk is a file system whose fsync fails once it has been told to, and
// then works again, as a kernel's does that has dropped the dirty pages. Told that
// it is full it makes files that have no room.
type brokenDisk struct {
	types.VFS
	fail, full atomic.Bool
}

func (d *brokenDisk) Create(dir, name string, size uint64) (types.WritableFile, error) {
	f, err := d.VFS.Create(dir, name, size)
	if err == nil && d.full.Load() {
		f.Close()
		return nil, errors.Join(syscall.ENOSPC, os.Truncate(filepath.Join(dir, name), 0))
	}
	return brokenFile{f, d}, err
}

func (d *brokenDisk) OpenWriter(dir, name string) (types.WritableFile, error) {
	f, err := d.VFS.OpenWriter(dir, name)
	return brokenFile{f, d}, err
}

type brokenFile struct {
	types.WritableFile
	disk *brokenDisk
}

func (f brokenFile) Sync() error {
	if f.disk.fail.CompareAndSwap(true, false) {
		return syscall.EIO
	}
	return f.WritableFile.Sync()
}

// onDisk opens a replica on a file system that the test may break.
func onDisk(t *testing.T, cfg Config, disk *brokenDisk) (*Replica, *catalog.State) {
	t.Helper()
	state := catalog.New()
	r, err := open(cfg, state, func(logger hclog.Logger) (*stores, error) {
		return openDisk(cfg.Dir, disk, logger)
	})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, r), state
}

func TestFailedSyncStopsTheReplica(t *testing.T) {
	cfg := config(t, t.TempDir())
	log := &logged{}
	cfg.Logger = log.logger()
	disk := &brokenDisk{VFS: fs.New()}
	r, state := onDisk(t, cfg, disk)
	awaitLead(t, r, true)

	// Writers go on until they are refused, as clients would.
	var mu sync.Mutex
	var acked []string
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			for i := 0; ; i++ {
				k := fmt.Sprintf("%d/%d", w, i)
				_, err := r.Apply(within(t), set(k))
				if err != nil {
					if catalog.CodeOf(err) != catalog.Unavailable {
						t.Errorf("Apply: %v", err)
					}
					return
				}
				mu.Lock()
				acked = append(acked, k)
				if len(acked) == 200 {
					disk.fail.Store(true)
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	expectStopped(t, r, syscall.EIO)
	awaitLead(t, r, false)
	if n := strings.Count(log.String(), "replica has stopped"); n != 1 {
		t.Errorf("said %d times that it has stopped", n)
	}
	expectKeys(t, state, acked...)
	r.Close()

	cfg.Transport = listen(t)
	r, state = leader(t, cfg)
	expectKeys(t, state, acked...)
	put(t, r, "well again")
}

func TestFullDiskStopsTheReplica(t *testing.T) {
	cfg := config(t, t.TempDir())
	disk := &brokenDisk{VFS: fs.New()}
	r, _ := onDisk(t, cfg, disk)
	awaitLead(t, r, true)
	disk.full.Store(true)
	// What has room in the first segment is written, then the next cannot be made.
	value := make([]byte, catalog.MaxValueBytes)
	acked := 0
	for ; ; acked++ {
		_, err := r.Apply(within(t), &catalog.SetKey{Key: fmt.Append(nil, acked), Value: value})
		if err != nil {
			if !errors.Is(err, catalog.ErrOutcomeUnknown) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Apply: %v", err)
			}
			break
		}
		if acked*len(value) > 4*segmentBytes {
			t.Fatal("a full disk takes everything")
		}
	}
	expectStopped(t, r, syscall.ENOSPC)
	awaitLead(t, r, false)
	r.Close()

	cfg.Transport = listen(t)
	r, state := leader(t, cfg)
	for i := range acked {
		if p, _ := state.Snapshot().Pair(fmt.Sprint(i)); p == nil || len(p.Value) != len(value) {
			t.Fatalf("acknowledged write %d of %d is lost", i, acked)
		}
	}
	put(t, r, "well again")
}

// expectStopped checks what a replica does that cannot go on.
func expectStopped(t *testing.T, r *Replica, cause error) {
	t.Helper()
	<-r.Failed()
	if err := r.Err(); !errors.Is(err, cause) {
		t.Errorf("Err: %v, want %v", err, cause)
	}
	if _, err := r.Apply(within(t), set("late")); catalog.CodeOf(err) != catalog.Unavailable || errors.Is(err, catalog.ErrOutcomeUnknown) || !errors.Is(err, cause) {
		t.Errorf("Apply: %v", err)
	}
	for _, mode := range []catalog.Consistency{catalog.Default, catalog.Consistent} {
		if _, err := r.Read(within(t), mode); catalog.CodeOf(err) != catalog.Unavailable {
			t.Errorf("Read in mode %v: %v", mode, err)
		}
	}
	if f, err := r.Read(within(t), catalog.Stale); err != nil || f.KnownLeader {
		t.Errorf("stale Read: %+v, %v", f, err)
	}
	if r.Leader() != "" || r.IsLeader() {
		t.Errorf("leader is %q", r.Leader())
	}
	if got := r.Stats()["failure"]; !strings.Contains(got, cause.Error()) {
		t.Errorf("Stats say %q", got)
	}
}

// flaky is a store in memory whose writes fail on demand.
type flaky struct {
	*raft.InmemStore
	logErr    atomic.Pointer[error]
	stableErr func(key string) error // asked before each write of a term or vote, if not nil
	refused   atomic.Int32           // writes that failed
	gate      chan struct{}          // if not nil, each StoreLogs takes a token
	arrived   atomic.Int32           // calls of StoreLogs
}

func (f *flaky) logWrite(do func() error) error {
	if err := f.logErr.Load(); err != nil {
		f.refused.Add(1)
		return *err
	}
	return do()
}

func (f *flaky) stableWrite(key []byte, do func() error) error {
	if f.stableErr != nil {
		if err := f.stableErr(string(key)); err != nil {
			f.refused.Add(1)
			return err
		}
	}
	return do()
}

func (f *flaky) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

func (f *flaky) StoreLogs(l []*raft.Log) error {
	f.arrived.Add(1)
	if f.gate != nil {
		<-f.gate
	}
	return f.logWrite(func() error { return f.InmemStore.StoreLogs(l) })
}

func (f *flaky) DeleteRange(first, last uint64) error {
	return f.logWrite(func() error { return f.InmemStore.DeleteRange(first, last) })
}

func (f *flaky) SetUint64(k []byte, v uint64) error {
	return f.stableWrite(k, func() error { return f.InmemStore.SetUint64(k, v) })
}

func (f *flaky) Set(k, v []byte) error {
	return f.stableWrite(k, func() error { return f.InmemStore.Set(k, v) })
}

// inMemory opens a replica on flaky stores.
func inMemory(t *testing.T, cfg Config, f *flaky) (*Replica, *catalog.State) {
	t.Helper()
	state := catalog.New()
	r, err := open(cfg, state, func(hclog.Logger) (*stores, error) {
		s := openMemory()
		s.logs, s.stable = f, f
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, state
}

func TestFirstFailureIsTheLastWrite(t *testing.T) {
	full := error(syscall.ENOSPC)
	for _, tc := range []struct {
		name string
		hurt func(t *testing.T, r *Replica, f *flaky)
	}{
		{"log", func(t *testing.T, r *Replica, f *flaky) {
			f.logErr.Store(&full)
			_, err := r.Apply(within(t), set("b"))
			if catalog.CodeOf(err) != catalog.Unavailable || !errors.Is(err, catalog.ErrOutcomeUnknown) || !errors.Is(err, full) {
				t.Errorf("Apply: %v", err)
			}
		}},
		{"truncation", func(t *testing.T, r *Replica, f *flaky) {
			put(t, r, keys("more", 10)...)
			f.logErr.Store(&full)
			if err := r.Snapshot(within(t)); err == nil {
				t.Error("snapshot succeeded")
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &flaky{InmemStore: raft.NewInmemStore()}
			cfg := config(t, "")
			cfg.TrailingLogs = 1
			r, state := inMemory(t, cfg, f)
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
			awaitLead(t, r, true)
			put(t, r, "a")
			tc.hurt(t, r, f)
			expectStopped(t, r, full)
			awaitLead(t, r, false)
			expectKeys(t, state, "a")
			if p, _ := state.Snapshot().Pair("b"); p != nil {
				t.Error("an unwritten command was applied")
			}
			if n := f.refused.Load(); n != 1 {
				t.Errorf("%d writes were tried after the disk failed, want 1", n)
			}
		})
	}
}

// When raft cannot store a term it panics, and would take every other agent of the process with it.
func TestFailedVoteSparesTheProcess(t *testing.T) {
	full := error(syscall.ENOSPC)
	for _, key := range []string{keyRaftTerm, "LastVoteTerm", "LastVoteCand"} {
		t.Run(key, func(t *testing.T) {
			f := &flaky{InmemStore: raft.NewInmemStore()}
			r, _ := inMemory(t, config(t, ""), f)
			terms := 0
			f.stableErr = func(k string) error {
				if k == keyRaftTerm {
					terms++
				}
				if k == key && terms == 2 { // the first is the known term, written as raft loads it
					return full
				}
				return nil
			}
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
			expectStopped(t, r, full)
		})
	}
}

func TestApplyGivesUpOnASlowDisk(t *testing.T) {
	f := &flaky{InmemStore: raft.NewInmemStore()}
	r, state := inMemory(t, config(t, ""), f)
	f.gate = make(chan struct{})
	open := sync.OnceFunc(func() { close(f.gate) })
	t.Cleanup(open) // or raft could not end
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the no-op of the election and the barrier
		f.gate <- struct{}{}
	}
	awaitLead(t, r, true)
	before := f.arrived.Load()
	ctx, cancel := context.WithCancelCause(within(t))
	enough := errors.New("had enough")
	answer := make(chan error)
	go func() {
		_, err := r.Apply(ctx, set("slow"))
		answer <- err
	}()
	until(t, "the write is under way", func() bool { return f.arrived.Load() > before })
	cancel(enough)
	if err := <-answer; !errors.Is(err, catalog.ErrOutcomeUnknown) || !errors.Is(err, enough) || catalog.CodeOf(err) != catalog.Unavailable {
		t.Errorf("Apply: %v", err)
	}
	open()
	until(t, "the write comes about all the same", func() bool {
		p, _ := state.Snapshot().Pair("slow")
		return p != nil
	})
}
