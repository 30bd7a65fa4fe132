package view

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// loaded returns a View of what is on disk, that follows nobody, and what it logged.
func loaded(t *testing.T, cfg Config) (*View, string) {
	t.Helper()
	var logged bytes.Buffer
	cfg.Open, cfg.Logger = (&cluster{}).open, slog.New(slog.NewTextHandler(&logged, nil))
	v, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v, logged.String()
}

// copyOf writes a copy of a state as of a time, and returns where.
func copyOf(t testing.TB, state *catalog.State, current time.Time) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "view")
	l := label{Datacenter: "dc1", Rows: 1, Index: state.Applied(), Current: current}
	var b bytes.Buffer
	if err := writeCopy(&b, l, state.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func labelOf(t *testing.T, path string) label {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := readLabel(f)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestReboot starts a View with no server in reach: it answers from the disk and knows how old that is.
func TestReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 20))
		cfg := Config{File: filepath.Join(t.TempDir(), "view"), Datacenter: "dc1", MaxStale: 2 * time.Hour}
		v, _, stop := following(t, cfg, a)
		time.Sleep(6 * time.Second)
		stop()
		if info, err := os.Stat(cfg.File); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info.Mode(), err)
		}
		off := time.Now()
		for _, later := range []time.Duration{time.Hour, 3 * time.Hour} {
			time.Sleep(later - time.Since(off))
			again, _ := loaded(t, cfg)
			sameRows(t, again.State(), v.State())
			s := again.Status()
			if !s.FromDisk || s.Ready != (later < 2*time.Hour) || s.Age < later || s.Age > later+heartbeat || s.Index != 20 {
				t.Errorf("after %v: %+v", later, s)
			}
		}
		add(t, a.state, registration(50))
		again, c, stop := following(t, cfg, a)
		time.Sleep(time.Second)
		sameRows(t, again.State(), a.state)
		if s := again.Status(); s.FromDisk || !s.Ready || s.Age > heartbeat || s.Resyncs > 0 {
			t.Errorf("on a server again: %+v", s)
		}
		if got := c.requests(); len(got) != 1 || got[0] != "a 20" {
			t.Errorf("asked for %q", got)
		}
		stop()
	})
}

// TestSaving looks at the disk while a View runs, as if the machine lost its power then.
func TestSaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", filled(t, 20))
		cfg := Config{File: filepath.Join(t.TempDir(), "view"), Datacenter: "dc1"}
		_, _, stop := following(t, cfg, a)
		defer stop()
		time.Sleep(saveEvery + time.Second)
		first := labelOf(t, cfg.File)
		saves := map[int64]bool{}
		for i := range 100 { // changes all the time
			add(t, a.state, registration(50+i))
			time.Sleep(300 * time.Millisecond)
			saves[labelOf(t, cfg.File).Rows] = true
		}
		if len(saves) < 4 || len(saves) > 8 {
			t.Errorf("%d saves in 30 s", len(saves))
		}
		time.Sleep(10 * time.Second)
		settled := labelOf(t, cfg.File)
		for range 60 { // nothing but keys
			add(t, a.state, &catalog.SetKey{Key: []byte("k")})
			time.Sleep(2 * time.Second)
		}
		if now := labelOf(t, cfg.File); now != settled || settled.Rows == first.Rows {
			t.Errorf("rows did not change, yet they were saved: %+v, %+v", now, settled)
		}
		v, _ := loaded(t, cfg)
		if s := v.Status(); s.Age > seenEvery+saveEvery+time.Second || s.Index < a.state.Applied()-20 || s.Index <= settled.Index {
			t.Errorf("index %d of %d, age %v", s.Index, a.state.Applied(), s.Age)
		}
		if rows(t, v.State()) != rows(t, a.state) {
			t.Error("rows differ")
		}
		// A label that is not of these rows is of no account.
		add(t, a.state, registration(1))
		if err := os.WriteFile(cfg.File+".seen", mangled(t, cfg.File+".seen", 3), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, log := loaded(t, cfg); v.Status().Index != settled.Index || !strings.Contains(log, "may be less than it seems") {
			t.Errorf("damaged label: index %d, %s", v.Status().Index, log)
		}
	})
}

func mangled(t *testing.T, path string, at int) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 0x41
	return data
}

func TestSeenOfOtherRows(t *testing.T) {
	now := time.Now()
	path := copyOf(t, filled(t, 3), now.Add(-time.Hour))
	for _, l := range []label{{"dc1", 2, 9, now}, {"dc1", 1, 2, now}} {
		var b bytes.Buffer
		if err := l.write(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".seen", b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		v, _ := loaded(t, Config{File: path, Datacenter: "dc1"})
		if s := v.Status(); s.Index != 3 || s.Age < time.Hour {
			t.Errorf("%+v was believed: %+v", l, s)
		}
	}
}

// TestClockSetBack loads a copy from the future: its age is counted from now on, until the clock is right.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := copyOf(t, filled(t, 3), time.Now().Add(time.Hour))
		v, log := loaded(t, Config{File: path, Datacenter: "dc1"})
		if !strings.Contains(log, "clock was set back") {
			t.Errorf("logged %s", log)
		}
		began := time.Now()
		for _, age := range []time.Duration{0, time.Minute, 30 * time.Minute} {
			time.Sleep(age - time.Since(began))
			if s := v.Status(); s.Age != age || !s.Ready {
				t.Errorf("after %v: %+v", age, s)
			}
		}
	})
}

// TestDamagedFile flips every byte and cuts at every length: what is not whole is moved aside.
func TestDamagedFile(t *testing.T) {
	path := copyOf(t, filled(t, 1), time.Now())
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, data []byte, cfg Config) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		v, log := loaded(t, cfg)
		if s := v.Status(); s.Ready || s.FromDisk || s.Index != 0 || len(v.State().Snapshot().InstancesOf("service-00000")) > 0 {
			t.Fatalf("%s: %+v", what, s)
		}
		aside, err := os.ReadFile(path + ".damaged")
		if err != nil || !bytes.Equal(aside, data) || !strings.Contains(log, "level=ERROR") {
			t.Fatalf("%s: %v, logged %s", what, err, log)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s: the file is still there: %v", what, err)
		}
	}
	cfg := Config{File: path, Datacenter: "dc1"}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x41
		refuse("flipped", bad, cfg)
		refuse("cut", good[:i], cfg)
	}
	refuse("of another datacenter", good, Config{File: path, Datacenter: "dc2"})
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if v, _ := loaded(t, cfg); !v.Status().Ready {
		t.Error("the good one is not ready")
	}
}

func TestFileThatCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if _, err := New(Config{File: dir, Open: (&cluster{}).open, Logger: slog.New(slog.DiscardHandler)}); err == nil {
			t.Error("a directory was read as a copy")
		}
		var logged bytes.Buffer
		a := newServer("a", filled(t, 3))
		log := slog.New(slog.NewTextHandler(&logged, nil))
		v, _, stop := following(t, Config{File: filepath.Join(dir, "missing", "view"), Logger: log}, a)
		time.Sleep(4 * saveEvery)
		if s := v.Status(); !s.Ready || !s.Connected {
			t.Errorf("%+v", s)
		}
		stop()
		if n := strings.Count(logged.String(), "catalog cannot be saved"); n != 1 {
			t.Errorf("told %d times that it cannot be saved", n)
		}
	})
}

func FuzzFile(f *testing.F) {
	var b bytes.Buffer
	if err := writeCopy(&b, label{Datacenter: "dc1", Rows: 1, Index: 3}, filled(f, 3).Snapshot()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		state := catalog.New()
		if l, err := readCopy(bytes.NewReader(data), "dc1", state); err == nil && (state.Applied() != l.Index || l.Datacenter != "dc1") {
			t.Fatalf("%+v was taken for the label of a state at %d", l, state.Applied())
		}
	})
}
