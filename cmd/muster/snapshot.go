package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"muster/catalog/archive"
)

func (s *shell) snapshotCommand() *cli.Command {
	return &cli.Command{
		Name:  "snapshot",
		Usage: "save, restore and look into the state of the cluster",
		Subcommands: []*cli.Command{
			s.snapshotInspectCommand(), s.snapshotRestoreCommand(), s.snapshotSaveCommand(), s.snapshotVerifyCommand(),
		},
	}
}

// interruptible is a context that ends when the user has enough, so that nothing half-done stays behind.
func interruptible(c *cli.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
}

// snapshotFile is a snapshot on disk.
type snapshotFile struct {
	*os.File
	size int64
}

func openSnapshot(path string) (*snapshotFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a plain file", path)
	}
	if err != nil {
		_ = f.Close() // the first error tells
		return nil, err
	}
	return &snapshotFile{f, info.Size()}, nil
}

// reader reads the file until ctx ends, and lets p know.
func (f *snapshotFile) reader(ctx context.Context, p *progress) io.Reader {
	return &watched{ctx, io.TeeReader(f, p)}
}

// verify reads all of the file and goes back to its beginning.
func (f *snapshotFile) verify(ctx context.Context, p *progress) (archive.Meta, error) {
	m, err := archive.Verify(f.reader(ctx, p), nil)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return archive.Meta{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return m, nil
}

// watched is a reader that fails when its context has ended.
type watched struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (w *watched) Read(b []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	return w.r.Read(b)
}

func (s *shell) snapshotVerifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "make sure that a snapshot can be restored, without an agent",
		ArgsUsage: "FILE",
		Action:    s.snapshotVerify,
	}
}

func (s *shell) snapshotVerify(c *cli.Context) error {
	if err := arguments(c, 1, 1, "FILE"); err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	f, err := openSnapshot(c.Args().First())
	if err != nil {
		return err
	}
	defer f.Close()
	p := s.progress("Verifying", f.size)
	m, err := f.verify(ctx, p)
	p.end()
	if err != nil {
		return err
	}
	n := m.Counts
	fmt.Fprintf(s.stdout, "Verified snapshot to index %d (nodes %d, services %d, checks %d, keys %d)\n",
		m.Index, n.Nodes, n.Instances, n.Checks, n.Keys)
	return nil
}
