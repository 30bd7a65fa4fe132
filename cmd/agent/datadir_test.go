package agent

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDataDirIsPrivate has a server and a client write all that they keep, into
// directories that everybody may read or write: what is in them is theirs alone.
func TestDataDirIsPrivate(t *testing.T) {
	const warning = "data directory can be written to by others"
	dirs := map[string]os.FileMode{"s1": 0o755, "c1": 0o777}
	c := &testCluster{t: t, by: map[string]*testAgent{}}
	for _, name := range []string{"s1", "c1"} {
		dir := t.TempDir()
		if err := os.Chmod(dir, dirs[name]); err != nil { // whatever the umask
			t.Fatal(err)
		}
		c.start(setup{name: name, client: name == "c1", expect: 1, dataDir: dir, tweak: func(cfg *Config) {
			cfg.Gossip.Key, cfg.RaftSnapshotThreshold = make([]byte, 32), 8
		}})
	}
	c.settled()
	c.writeKeys("k", 20)
	for name, a := range c.by {
		a.want("PUT", "/v1/agent/service/register", `{"Name":"`+name+`","Check":{"TTL":"10s"}}`, 200, "")
		if warned := strings.Contains(a.log.String(), warning); warned != (name == "c1") {
			t.Errorf("%s: warned %t", name, warned)
		}
	}
	for name, a := range c.by {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		seen := privateBelow(t, a.dataDir, dirs[name])
		t.Logf("%s: %s", name, strings.Join(seen, " "))
		for _, part := range map[string][]string{
			"s1": {"node-id", "raft/wal/", "gossip/keyring.json", "gossip-wan/", "local/"}, "c1": {"node-id", "view/dc1", "gossip/keyring.json", "local/"},
		}[name] {
			if !strings.Contains(strings.Join(seen, " "), part) {
				t.Errorf("%s wrote no %s", name, part)
			}
		}
	}
}

// privateBelow checks the mode of a directory and of all in it, and returns that.
func privateBelow(t *testing.T, dir string, mode os.FileMode) (seen []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if path == dir {
			want = mode
		} else if seen = append(seen, strings.TrimPrefix(path, dir+"/")); entry.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return seen
}

func TestDataDirOfConsulIsRefused(t *testing.T) {
	for _, name := range consulsState {
		dir := t.TempDir()
		if err := prepareDataDir(dir, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := prepareDataDir(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "Consul's ("+name+")") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
