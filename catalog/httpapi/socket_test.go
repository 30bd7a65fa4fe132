package httpapi

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestSocketFile: who may use a unix socket is whom its file's mode and owner let in, by default nobody else.
func TestSocketFile(t *testing.T) {
	own, none := os.Getgid(), 1<<30
	for _, c := range []struct {
		file SocketFile
		mode fs.FileMode // 0: it cannot be made
	}{
		{SocketFile{}, 0o600},
		{SocketFile{Mode: 0o660}, 0o660},
		{SocketFile{Mode: 0o660, GID: &own}, 0o660},
		{SocketFile{UID: &none, GID: &none}, 0},
	} {
		if c.mode == 0 && os.Getuid() == 0 {
			continue // root may give files to anybody
		}
		path := filepath.Join(t.TempDir(), "s")
		ln, err := listen("unix://"+path, c.file)
		if c.mode == 0 {
			if _, left := os.Stat(path); err == nil || left == nil {
				t.Errorf("%+v: %v, and it is there: %v", c.file, err, left == nil)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != c.mode || info.Sys().(*syscall.Stat_t).Gid != uint32(own) {
			t.Errorf("%+v: %v, %v", c.file, info, err)
		}
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}
}
