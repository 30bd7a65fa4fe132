package archive

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// keeping is a keeper under test, in time that costs nothing.
type keeping struct {
	*testing.T
	dir     string
	state   *catalog.State
	leading atomic.Bool
	retain  int
	log     lockedBuffer
	stop    context.CancelFunc
}

// lockedBuffer is a log that is read while it may be written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// run starts a keeper with an interval of an hour. Between its turns everything may be changed.
func (k *keeping) run() {
	k.Helper()
	keeper, err := NewKeeper(KeeperConfig{
		Dir: k.dir, Interval: time.Hour, Retain: k.retain, Snapshot: k.state.Snapshot,
		Leading: k.leading.Load, About: func() About { return About{Node: "n1"} },
		Logger: slog.New(slog.NewTextHandler(&k.log, nil)),
	})
	if err != nil {
		k.Fatal(err)
	}
	ctx, cancel := context.WithCancel(k.Context())
	done := make(chan struct{})
	go func() { defer close(done); keeper.Run(ctx) }()
	k.stop = func() { cancel(); <-done }
}

// expect lets time pass and compares what is in the directory then.
func (k *keeping) expect(what string, pass time.Duration, want ...string) {
	k.Helper()
	if pass > 0 {
		time.Sleep(pass) // of the bubble's time
	}
	synctest.Wait()
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		k.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		k.Errorf("%s: %q, want %q", what, got, want)
	}
}

// inBubble runs a test that begins at midnight of 1 January 2000.
func inBubble(t *testing.T, test func(k *keeping)) {
	dir := filepath.Join(t.TempDir(), "a", "snapshots")
	synctest.Test(t, func(t *testing.T) {
		k := &keeping{T: t, dir: dir, state: sample(t), retain: 2}
		k.leading.Store(true)
		k.run()
		defer func() { k.stop() }()
		test(k)
	})
}

func (k *keeping) change() { apply(k, k.state, &catalog.SetKey{Key: []byte("key")}) }

func TestKeeperKeepsTheNewest(t *testing.T) {
	inBubble(t, func(k *keeping) {
		foreign := []string{"muster-1-19990101T000000Z.snap.bak", "my.snap", "muster-007-19990101T000000Z.snap", "muster-1-19991301T000000Z.snap"}
		for _, name := range foreign {
			if err := os.WriteFile(filepath.Join(k.dir, name), nil, 0o600); err != nil {
				k.Fatal(err)
			}
		}
		const folder = "muster-1-19990101T000000Z.snap"
		if err := os.Mkdir(filepath.Join(k.dir, folder), 0o700); err != nil {
			k.Fatal(err)
		}
		foreign = append(foreign, folder)
		with := func(own ...string) []string { return append(own, foreign...) }

		k.expect("at the start", 0, with()...)
		k.expect("just before the first", time.Hour-time.Second, with()...)
		k.expect("the first", time.Second, with("muster-6-20000101T010000Z.snap")...)
		k.expect("nothing has moved", time.Hour, with("muster-6-20000101T010000Z.snap")...)
		k.change()
		k.expect("the second", time.Hour, with("muster-6-20000101T010000Z.snap", "muster-7-20000101T030000Z.snap")...)
		k.change()
		k.leading.Store(false)
		k.expect("not leading", 5*time.Hour, with("muster-6-20000101T010000Z.snap", "muster-7-20000101T030000Z.snap")...)
		k.leading.Store(true)
		k.expect("the third", time.Hour, with("muster-7-20000101T030000Z.snap", "muster-8-20000101T090000Z.snap")...)
	})
}

func TestKeeperWritesPrivateArchives(t *testing.T) {
	inBubble(t, func(k *keeping) {
		time.Sleep(time.Hour)
		synctest.Wait()
		path := filepath.Join(k.dir, "muster-6-20000101T010000Z.snap")
		file, err := os.Open(path)
		if err != nil {
			k.Fatal(err)
		}
		defer file.Close()
		m, err := Verify(file, nil)
		if err != nil || m.Index != 6 || m.Node != "n1" || !m.Created.Equal(time.Now()) {
			k.Errorf("%+v, %v", m, err)
		}
		for path, want := range map[string]os.FileMode{path: 0o600, k.dir: os.ModeDir | 0o700} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				k.Errorf("%s: mode %v, %v", path, info.Mode(), err)
			}
		}
	})
}

// A restart neither puts the next snapshot off nor makes one before its time.
func TestKeeperGoesOnAfterRestarts(t *testing.T) {
	inBubble(t, func(k *keeping) {
		k.expect("the first", time.Hour, "muster-6-20000101T010000Z.snap")
		k.change()
		for range 3 {
			k.stop()
			k.run()
			k.expect("after a restart", 15*time.Minute, "muster-6-20000101T010000Z.snap")
		}
		k.stop()
		k.run()
		k.expect("in its time", 15*time.Minute, "muster-6-20000101T010000Z.snap", "muster-7-20000101T020000Z.snap")
		k.change()
		k.stop()
		time.Sleep(5 * time.Hour)
		left := filepath.Join(k.dir, ".tmp-muster-123")
		if err := os.WriteFile(left, nil, 0o600); err != nil {
			k.Fatal(err)
		}
		k.run()
		k.expect("overdue, and what a crash left behind is gone", 0, "muster-7-20000101T020000Z.snap", "muster-8-20000101T070000Z.snap")
	})
}

// A clock that went back makes the new snapshot look like the oldest. It is kept.
func TestKeeperWithAClockSetBack(t *testing.T) {
	inBubble(t, func(k *keeping) {
		future := []string{"muster-4-20300101T000000Z.snap", "muster-5-20310101T000000Z.snap"}
		for _, name := range future {
			if err := os.WriteFile(filepath.Join(k.dir, name), nil, 0o600); err != nil {
				k.Fatal(err)
			}
		}
		k.stop()
		k.run()
		k.expect("within an interval", time.Hour, "muster-5-20310101T000000Z.snap", "muster-6-20000101T010000Z.snap")
	})
}

func TestKeeperTellsOfFailuresAndGoesOn(t *testing.T) {
	inBubble(t, func(k *keeping) {
		if err := os.Remove(k.dir); err != nil {
			k.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if !strings.Contains(k.log.String(), "periodic snapshot failed") {
			k.Errorf("log: %s", &k.log)
		}
		if err := os.Mkdir(k.dir, 0o700); err != nil {
			k.Fatal(err)
		}
		k.expect("an interval later", time.Hour, "muster-6-20000101T020000Z.snap")
	})
}

func TestKeeperConfig(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for why, cfg := range map[string]KeeperConfig{
		"directory is missing": {Interval: time.Hour, Retain: 1},
		"interval of 0s":       {Dir: t.TempDir(), Retain: 1},
		"the least is 1":       {Dir: t.TempDir(), Interval: time.Hour},
		"not a directory":      {Dir: taken, Interval: time.Hour, Retain: 1},
	} {
		if _, err := NewKeeper(cfg); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

func TestInterruptedWritesFail(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &interruptible{ctx, io.Discard}
	if _, err := Write(w, sample(t).Snapshot(), about); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := Write(w, sample(t).Snapshot(), about); err == nil || ctx.Err() == nil {
		t.Error("a snapshot was written to its end")
	}
}
