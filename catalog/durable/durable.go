// Package durable replaces and removes files so that a crash or a power
// cut leaves either the old state or the new one, never a part.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tempPrefix marks files that are being written, and by whom.
const tempPrefix = ".tmp-muster-"

// Sweep removes what a death in the middle of a Replace left behind in a directory.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range entries {
		if !strings.HasPrefix(f.Name(), tempPrefix) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Replace makes data the content of a file, which need not exist, readable by its
// owner alone. When it returns nil the data is on the disk.
func Replace(path string, data []byte) error {
	return ReplaceBy(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Publish is Replace for a file that everybody may read.
func Publish(path string, data []byte) error {
	return replaceBy(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// ReplaceBy is Replace for content that write makes piece by piece. When write fails
// the file stays what it was, and that error comes back.
func ReplaceBy(path string, write func(io.Writer) error) error {
	return replaceBy(path, ownerOnly, write)
}

// ownerOnly is the mode that temporary files are made with.
const ownerOnly = 0o600

func replaceBy(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeTemp(f))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if mode != ownerOnly {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// removeTemp closes and removes a temporary file that may be closed, or renamed, already.
func removeTemp(f *os.File) error {
	err := f.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil
	}
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// Remove removes a file for good. One that is not there is removed already.
func Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
