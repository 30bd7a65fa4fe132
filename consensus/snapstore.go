package consensus

import (
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"
)

// labelled is a snapshot store whose snapshots know their index, which raft does not
// tell the fsm.
type labelled struct {
	raft.SnapshotStore
	restoring func() bool
}

// snapshotReader is an open snapshot.
type snapshotReader struct {
	io.ReadCloser
	index uint64
}

// Open implements raft.SnapshotStore.
func (l labelled) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	meta, rc, err := l.SnapshotStore.Open(id)
	if err != nil {
		if !l.restoring() {
			return nil, nil, err
		}
		// Raft would panic; the fsm knows what to do when it cannot read.
		return &raft.SnapshotMeta{ID: id}, snapshotReader{io.NopCloser(brokenReader{err}), 0}, nil
	}
	return meta, snapshotReader{rc, meta.Index}, nil
}

// brokenReader fails with an error.
type brokenReader struct{ err error }

// Read implements io.Reader.
func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// indexOf returns the index of a snapshot out of a labelled store, which raft has wrapped.
func indexOf(rc io.ReadCloser) (uint64, error) {
	for {
		switch r := rc.(type) {
		case snapshotReader:
			return r.index, nil
		case raft.ReadCloserWrapper:
			rc = r.WrappedReadCloser()
		default:
			return 0, fmt.Errorf("snapshot comes in a %T", rc)
		}
	}
}

// errGap is what to do about a log that does not reach back to the newest snapshot that can be read.
var errGap = errors.New("has a gap between the newest readable snapshot and the log: restore the directory from a backup, " +
	"or, if other servers hold the data, remove this server from the cluster and let it come back with an empty directory and a new node id")

// complete returns a function that admits a snapshot at an index only if nothing is
// missing between it and what the stores once held. Raft falls back on an older
// snapshot when the newest is unreadable. It must not forget by that what this
// member has confirmed: others count on it.
func complete(s *stores) func(index uint64) error {
	return func(index uint64) error {
		all, err := s.snapshots.List()
		if err != nil {
			return err
		}
		first, err := s.logs.FirstIndex()
		if err != nil {
			return err
		}
		last, err := s.logs.LastIndex()
		if err != nil {
			return err
		}
		for _, meta := range all {
			if meta.Index > index && (first == 0 || first > index+1 || last < meta.Index) {
				return errGap
			}
		}
		return nil
	}
}
