package consensus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/types"
)

// countedDisk counts the log's fsyncs.
type countedDisk struct {
	types.VFS
	syncs atomic.Int64
}

func (d *countedDisk) Create(dir, name string, size uint64) (types.WritableFile, error) {
	f, err := d.VFS.Create(dir, name, size)
	return countedFile{f, d}, err
}

type countedFile struct {
	types.WritableFile
	disk *countedDisk
}

func (f countedFile) Sync() error {
	f.disk.syncs.Add(1)
	return f.WritableFile.Sync()
}

// BenchmarkApply writes keys of 100 bytes from several goroutines. What /op means is one acknowledged write.
func BenchmarkApply(b *testing.B) {
	for _, dir := range []bool{true, false} {
		for _, writers := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("disk=%v/writers=%d", dir, writers), func(b *testing.B) {
				disk := &countedDisk{VFS: fs.New()}
				cfg := config(b, "")
				if dir {
					cfg.Dir = b.TempDir()
				}
				state := catalog.New()
				r, err := open(cfg, state, func(logger hclog.Logger) (*stores, error) {
					if dir {
						return openDisk(cfg.Dir, disk, logger)
					}
					return openMemory(), nil
				})
				if err != nil {
					b.Fatal(err)
				}
				run(b, r)
				awaitLead(b, r, true)
				write(b, r, writers, disk)
			})
		}
	}
}

func write(b *testing.B, r *Replica, writers int, disk *countedDisk) {
	value := make([]byte, 100)
	var next atomic.Int64
	var work sync.WaitGroup
	disk.syncs.Store(0)
	b.ResetTimer()
	for range writers {
		work.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				c := &catalog.SetKey{Key: fmt.Appendf(nil, "bench/%d", n%1000), Value: value}
				if _, err := r.Apply(context.Background(), c); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	b.StopTimer()
	b.ReportMetric(float64(disk.syncs.Load())/float64(b.N), "fsync/op")
}
