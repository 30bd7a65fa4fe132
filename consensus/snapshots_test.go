package consensus

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestSnapshotShortensTheLog(t *testing.T) {
	dir := t.TempDir()
	cfg := config(t, dir)
	cfg.TrailingLogs = 1
	r, state := leader(t, cfg)
	first := keys("a", 100)
	put(t, r, first...)
	for range 2 { // the second finds nothing new
		if err := r.Snapshot(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if at, err := r.stores.logs.FirstIndex(); err != nil || at < 100 {
		t.Fatalf("log begins at %d, %v", at, err)
	}
	put(t, r, "b")
	before := dump(t, state)
	expectPrivate(t, dir)
	r.Close()

	cfg.Transport = listen(t)
	_, state = leader(t, cfg)
	expectKeys(t, state, append(first, "b")...)
	if !bytes.Equal(before, dump(t, state)) {
		t.Error("the state differs after a restart")
	}
}

// expectPrivate checks that nobody but the owner may read anything under dir.
func expectPrivate(t *testing.T, dir string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		seen++
		return nil
	})
	if err != nil || seen < 8 {
		t.Fatalf("%d files seen, %v", seen, err)
	}
}

func TestSnapshotsAreTakenWhenDue(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.SnapshotInterval, cfg.SnapshotThreshold, cfg.TrailingLogs = 5*time.Millisecond, 20, 5
	r, _ := leader(t, cfg)
	put(t, r, keys("a", 100)...)
	until(t, "a snapshot shortens the log", func() bool {
		first, err := r.stores.logs.FirstIndex()
		return err == nil && first > 50
	})
}

func TestUnreadableSnapshot(t *testing.T) {
	for _, tc := range []struct {
		name     string
		trailing uint64
		wantErr  string // "": the older snapshot and the log make up for it
	}{
		{"log reaches back", 1000, ""},
		{"log does not reach back", 1, "has a gap"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := config(t, dir)
			cfg.TrailingLogs = tc.trailing
			r, _ := leader(t, cfg)
			for _, k := range []string{"a", "b"} {
				put(t, r, keys(k, 20)...)
				if err := r.Snapshot(within(t)); err != nil {
					t.Fatal(err)
				}
			}
			newest, err := r.stores.snapshots.List()
			if err != nil || len(newest) != 2 {
				t.Fatalf("%d snapshots, %v", len(newest), err)
			}
			r.Close()
			if err := os.WriteFile(filepath.Join(dir, "snapshots", newest[0].ID, "state.bin"), []byte("rubbish"), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg.Transport = listen(t)
			if tc.wantErr == "" {
				_, state := leader(t, cfg)
				expectKeys(t, state, append(keys("a", 20), keys("b", 20)...)...)
				return
			}
			r, err = New(cfg, catalog.New())
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := r.Start(); err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Fatalf("Start: %v", err)
			}
		})
	}
}
