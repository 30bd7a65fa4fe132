package consensus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/catalog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

func TestRestoreReachesEveryMember(t *testing.T) {
	for _, dir := range []bool{true, false} {
		t.Run(fmt.Sprintf("disk=%v", dir), func(t *testing.T) {
			c := newCluster(t, calm)
			for range 3 {
				if dir {
					c.add(t.TempDir())
				} else {
					c.add("")
				}
			}
			c.bootstrap()
			l := c.leader()
			put(t, l.Replica, keys("old", 30)...)
			saved := dump(t, l.state)
			put(t, l.Replica, keys("new", 30)...)
			before := l.CommitIndex()
			_, mark := l.state.Snapshot().Pairs("")
			if err := l.Restore(within(t), bytes.NewReader(saved)); err != nil {
				t.Fatal(err)
			}
			put(t, l.Replica, "after")
			c.expect(c.members, append(keys("old", 30), "after")...)
			for _, m := range c.members {
				until(t, "all have the same state", func() bool { return m.state.Applied() == l.state.Applied() })
				if !bytes.Equal(dump(t, m.state), dump(t, l.state)) {
					t.Error("the members differ")
				}
				if p, _ := m.state.Snapshot().Pair("new/00000"); p != nil {
					t.Error("a key outlived the restore")
				}
			}
			if at := l.state.Applied(); at <= before {
				t.Errorf("the index went from %d to %d", before, at)
			}
			select {
			case <-mark.Changed:
			default:
				t.Error("who waited was not told")
			}
			if _, now := l.state.Snapshot().Pairs(""); now.Index <= mark.Index {
				t.Errorf("the mark went from %d to %d", mark.Index, now.Index)
			}
			if _, err := l.Read(within(t), catalog.Consistent); err != nil {
				t.Error(err)
			}
			if !dir {
				return
			}
			// The state is the same after a restart, from the snapshot and the log.
			want := dump(t, l.state)
			f := c.others(l)[0]
			for _, m := range []*member{f, l} {
				c.restart(m)
				until(t, "it is ready", m.Ready)
				if got := dump(t, m.state); !bytes.Equal(got, want) {
					t.Error("the state differs after a restart")
				}
			}
		})
	}
}

func TestRestoreIntoANewCluster(t *testing.T) {
	source, from := leader(t, config(t, ""))
	put(t, source, keys("a", 200)...)
	saved := dump(t, from)
	r, state := leader(t, config(t, t.TempDir()))
	put(t, r, "gone")
	if err := r.Restore(within(t), bytes.NewReader(saved)); err != nil {
		t.Fatal(err)
	}
	expectKeys(t, state, keys("a", 200)...)
	if state.Applied() <= from.Applied() {
		t.Errorf("the index is %d, not past the %d of what was restored", state.Applied(), from.Applied())
	}
	put(t, r, "b")
}

func TestDamagedRestoreChangesNothing(t *testing.T) {
	r, state := leader(t, config(t, t.TempDir()))
	put(t, r, keys("a", 30)...)
	good := dump(t, state)
	forged := bytes.Clone(good)
	binary.BigEndian.PutUint64(forged[len("muster\x00\x01"):], 1<<63)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for _, tc := range []struct {
		name string
		in   io.Reader
	}{
		{"nothing", strings.NewReader("")},
		{"foreign", strings.NewReader("\x1f\x8b\x08 a gzip file of somebody's")},
		{"truncated", bytes.NewReader(good[:len(good)-5])},
		{"a bit is wrong", bytes.NewReader(flipped)},
		{"another index", bytes.NewReader(forged)},
		{"the upload breaks off", io.MultiReader(bytes.NewReader(good[:20]), brokenReader{errors.New("reset")})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := r.Restore(within(t), tc.in); catalog.CodeOf(err) != catalog.Invalid {
				t.Errorf("Restore: %v", err)
			}
			if !bytes.Equal(good, dump(t, state)) {
				t.Error("the state changed")
			}
		})
	}
	put(t, r, "b")
}

// An index that is forged together with the checksum must not leave raft without indexes.
func TestRestoreRefusesIndexesOutOfRange(t *testing.T) {
	s := catalog.New()
	s.Advance(maxRestoredIndex + 1)
	if _, _, err := examine(bytes.NewReader(dump(t, s))); catalog.CodeOf(err) != catalog.Invalid || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("examine: %v", err)
	}
}

// sink is a snapshot store that fails to give back what it has been given.
type sink struct {
	raft.SnapshotStore
	open error
	read error
}

func (s *sink) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if s.open != nil {
		return nil, nil, s.open
	}
	meta, rc, err := s.SnapshotStore.Open(id)
	if err == nil && s.read != nil {
		rc = io.NopCloser(brokenReader{s.read})
	}
	return meta, rc, err
}

// Raft panics when the state it has just stored cannot be loaded.
func TestUnreadableRestoreStopsTheReplicaOnly(t *testing.T) {
	broken := errors.New("broken")
	for name, fault := range map[string]sink{"open": {open: broken}, "read": {read: broken}} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(cfg *Config) { cfg.Bootstrap = true })
			store := &sink{SnapshotStore: raft.NewInmemSnapshotStore()}
			c.stores = func(string) (*stores, error) {
				s := openMemory()
				s.snapshots = store
				return s, nil
			}
			m := c.add("")
			awaitLead(t, m.Replica, true)
			put(t, m.Replica, "a")
			saved := dump(t, m.state)
			store.open, store.read = fault.open, fault.read
			if err := m.Restore(within(t), bytes.NewReader(saved)); catalog.CodeOf(err) != catalog.Unavailable {
				t.Errorf("Restore: %v", err)
			}
			<-m.Failed()
			if err := m.Err(); !errors.Is(err, broken) {
				t.Errorf("Err: %v", err)
			}
			expectKeys(t, m.state, "a")
		})
	}
}

// snapshotCluster is three members that keep next to no log, and their snapshots on
// disk. The log on disk would not do: it still gives what was cut off it until a segment is full.
func snapshotCluster(t *testing.T) (c *cluster, dirs map[string]string) {
	dirs = map[string]string{}
	logs := map[string]*raft.InmemStore{}
	c = newCluster(t, func(cfg *Config) {
		calm(cfg)
		cfg.SnapshotInterval, cfg.SnapshotThreshold, cfg.TrailingLogs = 10*time.Millisecond, 20, 5
	})
	c.stores = func(id string) (*stores, error) {
		if logs[id] == nil {
			logs[id], dirs[id] = raft.NewInmemStore(), t.TempDir()
		}
		snapshots, err := openSnapshots(dirs[id], hclog.NewNullLogger())
		return &stores{logs: logs[id], stable: logs[id], snapshots: snapshots, close: func() error { return nil }}, err
	}
	for range 3 {
		c.add("")
	}
	c.bootstrap()
	return c, dirs
}

// behind writes until the leader's log no longer reaches back to what was there before.
func (c *cluster) behind(l *member, prefix string) []string {
	c.t.Helper()
	was := l.CommitIndex()
	names := keys(prefix, 100)
	put(c.t, l.Replica, names...)
	until(c.t, "a snapshot shortens the log", func() bool {
		first, err := l.Replica.stores.logs.FirstIndex()
		return err == nil && first > was+1
	})
	return names
}

func TestFollowerFarBehindGetsASnapshot(t *testing.T) {
	c, _ := snapshotCluster(t)
	l := c.leader()
	f := c.others(l)[0]
	put(t, l.Replica, "first")
	c.expect([]*member{f}, "first")
	c.kill(f)
	all := c.behind(l, "a")
	c.rise(f)
	c.expect([]*member{f}, all...)
	until(t, "it is ready", f.Ready)
	if !strings.Contains(f.log.String(), "Installed remote snapshot") {
		t.Error("it was not sent a snapshot")
	}
	put(t, l.Replica, "last")
	c.expect([]*member{f}, "last")
	if !bytes.Equal(dump(t, f.state), dump(t, l.state)) {
		t.Error("the states differ")
	}
}

// What a follower has confirmed it must not forget: with its newest snapshot rotten, it
// starts only if snapshot and log before make up for it.
func TestFollowerWithARottenSnapshot(t *testing.T) {
	c, dirs := snapshotCluster(t)
	l := c.leader()
	f := c.others(l)[0]
	put(t, l.Replica, "first")
	c.expect([]*member{f}, "first")
	until(t, "it has a snapshot", func() bool { return f.Snapshot(within(t)) == nil })
	c.kill(f)
	all := c.behind(l, "a")
	adjust := c.adjust
	c.adjust = func(cfg *Config) {
		adjust(cfg)
		cfg.SnapshotInterval = time.Hour // the one it is sent stays the newest
	}
	c.rise(f)
	c.expect([]*member{f}, all...)
	c.kill(f)
	f.Close()
	list, err := f.Replica.stores.snapshots.List()
	if err != nil || len(list) < 2 {
		t.Fatalf("%d snapshots, %v", len(list), err)
	}
	// As right after a snapshot was installed: no log.
	first, _ := f.Replica.stores.logs.FirstIndex()
	last, _ := f.Replica.stores.logs.LastIndex()
	if err := f.Replica.stores.logs.DeleteRange(first, last); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dirs[f.cfg.ID], "snapshots", list[0].ID, "state.bin"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}

	refused := f.cfg
	refused.Transport = listen(t)
	r, err := open(refused, catalog.New(), func(hclog.Logger) (*stores, error) { return c.stores(f.cfg.ID) })
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); !errors.Is(err, errGap) {
		t.Errorf("Start: %v", err)
	}
	r.Close()

	// As the error says.
	if err := l.RemoveServer(within(t), f.cfg.ID); err != nil {
		t.Fatal(err)
	}
	f.cfg.ID = id(7)
	c.rise(f)
	if err := l.AddServer(within(t), Server{ID: f.cfg.ID, Address: f.cfg.Address}); err != nil {
		t.Fatal(err)
	}
	c.expect([]*member{f}, all...)
}
