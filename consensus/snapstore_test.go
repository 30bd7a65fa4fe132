package consensus

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

func TestIndexOf(t *testing.T) {
	inner := snapshotReader{io.NopCloser(strings.NewReader("")), 7}
	if got, err := indexOf(wrapped{wrapped{inner}}); got != 7 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := indexOf(io.NopCloser(strings.NewReader(""))); err == nil {
		t.Error("a plain reader has an index")
	}
}

type wrapped struct{ io.ReadCloser }

func (w wrapped) WrappedReadCloser() io.ReadCloser { return w.ReadCloser }

func TestComplete(t *testing.T) {
	for _, tc := range []struct {
		name        string
		snapshots   []uint64
		first, last uint64 // of the log; 0: empty
		index       uint64
		ok          bool
	}{
		{"the newest", []uint64{10, 20}, 21, 25, 20, true},
		{"the newest, no log", []uint64{10, 20}, 0, 0, 20, true},
		{"the older, the log goes on from it", []uint64{10, 20}, 11, 25, 10, true},
		{"the older, the log overlaps", []uint64{10, 20}, 5, 20, 10, true},
		{"the older, a gap behind it", []uint64{10, 20}, 12, 25, 10, false},
		{"the older, the log ends too soon", []uint64{10, 20}, 5, 19, 10, false},
		{"the older, no log", []uint64{10, 20}, 0, 0, 10, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &stores{logs: raft.NewInmemStore(), snapshots: listing(tc.snapshots)}
			for i := tc.first; i > 0 && i <= tc.last; i++ {
				if err := s.logs.StoreLog(&raft.Log{Index: i}); err != nil {
					t.Fatal(err)
				}
			}
			if err := complete(s)(tc.index); (err == nil) != tc.ok || err != nil && err != errGap {
				t.Errorf("%v", err)
			}
		})
	}
}

// listing is a snapshot store with snapshots of these indexes.
type listing []uint64

func (l listing) List() ([]*raft.SnapshotMeta, error) {
	var out []*raft.SnapshotMeta
	for _, i := range l {
		out = append(out, &raft.SnapshotMeta{Index: i})
	}
	return out, nil
}
func (listing) Open(string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	return nil, nil, errors.ErrUnsupported
}
func (listing) Create(raft.SnapshotVersion, uint64, uint64, raft.Configuration, uint64, raft.Transport) (raft.SnapshotSink, error) {
	return nil, errors.ErrUnsupported
}
