package consensus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// stores is where a replica keeps what it must not forget.
type stores struct {
	logs      raft.LogStore
	stable    raft.StableStore
	snapshots raft.SnapshotStore
	close     func() error
}

// retainSnapshots is how many snapshots are kept: the newest, and one to fall
// back on should the newest be unreadable.
const retainSnapshots = 2

// segmentBytes is the size a log file is made with. A smaller one is sealed and
// replaced more often, a larger one is disk space that an idle agent holds.
const segmentBytes = 16 << 20

func openMemory() *stores {
	s := raft.NewInmemStore()
	return &stores{logs: s, stable: s, snapshots: raft.NewInmemSnapshotStore(), close: func() error { return nil }}
}

// openDisk opens or makes the stores under dir: wal/ and snapshots/. The file
// system is an argument for the sake of tests that break it.
func openDisk(dir string, files types.VFS, logger hclog.Logger) (*stores, error) {
	walDir := filepath.Join(dir, "wal")
	for _, d := range []string{walDir, filepath.Join(dir, "snapshots")} {
		if err := privateDir(d); err != nil {
			return nil, err
		}
	}
	private := &privateFiles{VFS: files}
	// The wal closes neither its meta store when it is closed nor when it fails to open.
	meta := &metadb.BoltMetaDB{}
	log, err := wal.Open(walDir,
		wal.WithMetaStore(meta),
		wal.WithSegmentFiler(segmentFiles{segment.NewFiler(walDir, private)}),
		wal.WithSegmentSize(segmentBytes),
		wal.WithLogger(logger.Named("wal")))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("raft log %s: %w", walDir, err), meta.Close())
	}
	closeLog := func() error { return errors.Join(log.Close(), meta.Close()) }
	if err := os.Chmod(filepath.Join(walDir, metadb.FileName), 0o600); err != nil {
		return nil, errors.Join(err, closeLog())
	}
	snapshots, err := openSnapshots(dir, logger.Named("snapshot"))
	if err != nil {
		return nil, errors.Join(err, closeLog())
	}
	return &stores{logs: diskLog{log, private}, stable: log, snapshots: snapshots, close: closeLog}, nil
}

// privateDir makes a directory for the owner alone, or makes an existing one so.
func privateDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return os.Chmod(path, 0o700)
}

// diskLog is the log on disk. It adds to an error what made it come: when there
// is no room for the next segment the wal says so in its log only, and fails the
// next append for want of a segment.
type diskLog struct {
	*wal.WAL
	files *privateFiles
}

// StoreLogs implements raft.LogStore.
func (l diskLog) StoreLogs(logs []*raft.Log) error {
	err := l.WAL.StoreLogs(logs)
	if cause := l.files.failure.Load(); err != nil && cause != nil && !errors.Is(err, *cause) {
		return fmt.Errorf("%w: %w", err, *cause)
	}
	return err
}

// privateFiles gives the log's files to their owner alone, and remembers why one could not be made.
type privateFiles struct {
	types.VFS
	failure atomic.Pointer[error]
}

// Create implements types.VFS.
func (p *privateFiles) Create(dir, name string, size uint64) (types.WritableFile, error) {
	f, err := p.VFS.Create(dir, name, size)
	if err == nil {
		if err = os.Chmod(filepath.Join(dir, name), 0o600); err == nil {
			return f, nil
		}
		f.Close() // the error to tell is the first
	}
	err = fmt.Errorf("make log file %s: %w", name, err)
	p.failure.Store(&err)
	return nil, err
}
