package consensus

import (
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// segmentFiles are the files of the log. The wal, up to its version 0.4.0, marks a
// segment as sealed when it cuts entries off the end of the log, but writes no index
// into it, and then cannot read it after a restart (raft-wal issue 31). A follower cuts
// off what a deposed leader left it, so this happens in every other election. Such a
// segment is read here as what it is, one that was never sealed.
type segmentFiles struct{ *segment.Filer }

// Open implements types.SegmentFiler.
func (f segmentFiles) Open(info types.SegmentInfo) (types.SegmentReader, error) {
	if info.IndexStart != 0 {
		return f.Filer.Open(info)
	}
	whole, err := f.RecoverTail(info)
	if err != nil {
		return nil, err
	}
	return cutSegment{whole, info}, nil
}

// cutSegment is a segment with more in its file than belongs to the log.
type cutSegment struct {
	types.SegmentReader
	info types.SegmentInfo
}

// GetLog implements types.SegmentReader.
func (s cutSegment) GetLog(index uint64) (*types.PooledBuffer, error) {
	if index < s.info.MinIndex || index > s.info.MaxIndex {
		return nil, types.ErrNotFound
	}
	return s.SegmentReader.GetLog(index)
}
