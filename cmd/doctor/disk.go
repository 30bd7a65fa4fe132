package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
)

// diskFacts are what the data directory is like.
type diskFacts struct {
	dir       string
	err       error // it could not be looked into
	mode      fs.FileMode
	strangers []string // what is in it and belongs to another user than the directory itself
	free      uint64   // bytes
	size      uint64   // of the file system; 0: not known
	syncs     []time.Duration
	syncErr   error // nothing could be written
}

func lookAtDisk(ctx context.Context, c *chart) []Finding {
	switch {
	case c.set.DataDir == "":
		return skip("everything is kept in memory")
	case c.self != nil && !filepath.IsAbs(c.set.DataDir):
		return skip("the agent's data_dir, %s, is relative to where it was started", c.set.DataDir)
	}
	return seeDisk(ctx, c.set.DataDir).judge()
}

func seeDisk(ctx context.Context, dir string) diskFacts {
	f := diskFacts{dir: dir}
	info, err := os.Stat(dir)
	if err != nil {
		f.err = err
		return f
	}
	f.mode = info.Mode().Perm()
	f.strangers, f.err = strangers(dir, info)
	if usage, err := disk.UsageWithContext(ctx, dir); err == nil {
		f.free, f.size = usage.Free, usage.Total
	}
	f.syncs, f.syncErr = timeSyncs(ctx, dir)
	return f
}

// strangers looks at the directory and one level below it, where an agent keeps what it must be able to write.
func strangers(dir string, of fs.FileInfo) ([]string, error) {
	owner, known := ownerOf(of)
	if !known {
		return nil, nil
	}
	var out []string
	for _, pattern := range []string{"*", "*/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			info, err := os.Lstat(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // the agent is at work
			}
			if err != nil {
				return nil, err
			}
			if uid, _ := ownerOf(info); uid != owner {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

func ownerOf(info fs.FileInfo) (uid uint32, known bool) {
	s, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return s.Uid, true
}

const (
	syncWrites = 8
	syncBytes  = 4 << 10
)

// timeSyncs writes as raft does, a little and then all the way to the disk, to a file that it deletes
// before: none stays behind when the disk hangs, or doctor is ended.
func timeSyncs(ctx context.Context, dir string) (took []time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	for range syncWrites {
		if ctx.Err() != nil {
			return took, nil // what was seen until now says enough
		}
		began := time.Now()
		if _, err := f.Write(make([]byte, syncBytes)); err != nil {
			return took, err
		}
		if err := f.Sync(); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

const (
	lowSpace  = 1 << 30
	noSpace   = 128 << 20
	slowSync  = 50 * time.Millisecond
	stuckSync = 1500 * time.Millisecond // a server withdraws when a write takes that long
)

func (f diskFacts) judge() []Finding {
	switch {
	case errors.Is(f.err, fs.ErrNotExist):
		return warn("the agent makes it at its first start, if it may", "%s does not exist", f.dir)
	case errors.Is(f.err, fs.ErrPermission), errors.Is(f.syncErr, fs.ErrPermission):
		return warn("run doctor as root, or as the user that the agent runs as", "%s cannot be looked into", f.dir)
	case f.err != nil:
		return fail("look at the disk", "%s: %v", f.dir, f.err)
	case f.syncErr != nil:
		return fail("look at the disk", "%s cannot be written to: %v", f.dir, f.syncErr)
	}
	var out []Finding
	if len(f.strangers) > 0 {
		out = append(out, warn("chown them to the owner of "+f.dir+": the agent may not be able to write them",
			"other users own %s", some(f.strangers))...)
	}
	if f.mode&0o022 != 0 {
		out = append(out, warn("chmod go-w "+f.dir, "others may write to %s (mode %04o) and replace what the agent trusts", f.dir, f.mode)...)
	}
	switch {
	case f.size == 0:
	case f.free < noSpace:
		out = append(out, fail("make room", "%s has %s left", f.dir, mebibytes(f.free))...)
	case f.free < lowSpace || f.free < f.size/20:
		out = append(out, warn("make room", "%s has %s left of %s", f.dir, mebibytes(f.free), mebibytes(f.size))...)
	}
	out = append(out, f.judgeSyncs()...)
	if len(out) == 0 {
		return ok("%s has %s left, a write gets to the disk in %s", f.dir, mebibytes(f.free), f.median().Round(10*time.Microsecond))
	}
	return out
}

func (f diskFacts) median() time.Duration {
	if len(f.syncs) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(f.syncs))[len(f.syncs)/2]
}

func (f diskFacts) judgeSyncs() []Finding {
	if len(f.syncs) == 0 {
		return nil
	}
	worst, median := slices.Max(f.syncs).Round(time.Millisecond), f.median().Round(time.Millisecond)
	switch {
	case worst >= stuckSync:
		return fail("give the agent a disk that is not shared with what is busy", "a write took %s to get to the disk: a server withdraws from the cluster by then", worst)
	case median >= slowSync:
		return warn("give servers a faster disk: each change of the catalog waits for it", "a write takes %s to get to the disk", median)
	}
	return nil
}

// mebibytes writes a number of bytes for people.
func mebibytes(n uint64) string {
	if n >= 10<<30 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
