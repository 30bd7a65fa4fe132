package consensus

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// restoredMagic begins a raft snapshot that a user asked to be restored. What
// follows is a state to be loaded as a new fact at the snapshot's index; any other
// snapshot is a state to be loaded as it is.
const restoredMagic = "muster restored\x01"

// maxRestoredIndex keeps a forged index from leaving raft no indexes to go on with.
const maxRestoredIndex = 1 << 62

// Restore replaces the state of the whole cluster by one that [catalog.Snapshot.Persist]
// wrote, and returns when a quorum has it. Input that is damaged, truncated or foreign is
// refused with Invalid before anything changes; it is held in memory. Indexes do not
// run back: to readers it looks as if all had changed at once. Writes under way fail, and count
// as not written. The error is Unavailable unless this replica leads, and when the outcome is unknown.
func (r *Replica) Restore(ctx context.Context, saved io.Reader) error {
	if err := r.mustLead(ctx); err != nil {
		return err
	}
	data, index, err := examine(saved)
	if err != nil {
		return err
	}
	err = r.await(ctx, func(m *raft.Raft) error {
		r.restoring.Add(1)
		defer r.restoring.Add(-1)
		meta := &raft.SnapshotMeta{Version: raft.SnapshotVersionMax, Index: index, Size: int64(len(data))}
		return m.Restore(meta, bytes.NewReader(data), 0)
	})
	if err == nil {
		err = r.Err() // the fsm halts when it cannot load what was examined before
	}
	if err != nil {
		return catalog.Errorf(catalog.Unavailable, "restore: %w", err)
	}
	return nil
}

func (r *Replica) isRestoring() bool { return r.restoring.Load() > 0 }

// examine reads a persisted state and decodes it for a test. It returns the bytes of
// the raft snapshot, and the state's index.
func examine(saved io.Reader) (data []byte, index uint64, err error) {
	spool := bytes.NewBufferString(restoredMagic)
	if _, err := spool.ReadFrom(saved); err != nil {
		return nil, 0, catalog.Errorf(catalog.Invalid, "restore: %w", err)
	}
	scratch := catalog.New()
	if err := scratch.Restore(bytes.NewReader(spool.Bytes()[len(restoredMagic):])); err != nil {
		return nil, 0, catalog.Errorf(catalog.Invalid, "%w", err)
	}
	if scratch.Applied() > maxRestoredIndex {
		return nil, 0, catalog.Errorf(catalog.Invalid, "restore: index %d is out of range", scratch.Applied())
	}
	return spool.Bytes(), scratch.Applied(), nil
}

// Restore implements raft.FSM. What was Persist'ed here keeps its own index, which may lie
// a little below the snapshot's: entries that raft keeps to itself are no part of the
// state, and every replica's state must have the same index.
func (f *fsm) Restore(rc io.ReadCloser) error {
	defer rc.Close()
	if f.err != nil {
		return f.err
	}
	err := f.load(rc)
	if err != nil && f.restoring != nil && f.restoring() {
		// Raft would panic. It may go on instead: nothing more is applied, and it is about to be stopped.
		f.err = fmt.Errorf("restore: %w", err)
		f.fail(f.err)
		return nil
	}
	return err
}

func (f *fsm) load(rc io.ReadCloser) error {
	index, err := indexOf(rc)
	if err != nil {
		return err
	}
	if f.admit != nil {
		if f.refusal = f.admit(index); f.refusal != nil {
			return f.refusal
		}
	}
	in := bufio.NewReader(rc)
	head, err := in.Peek(len(restoredMagic))
	if err != nil || string(head) != restoredMagic {
		return f.state.Restore(in) // knows what to say of a short read
	}
	in.Discard(len(restoredMagic)) // it was peeked at
	return f.state.RestoreAt(in, index)
}
