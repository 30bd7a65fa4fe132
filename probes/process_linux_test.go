package probes

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
)

// sleeper starts a process that does nothing. end kills it, and reaps it when asked to.
func sleeper(t *testing.T) (pid int, end func(reap bool)) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reaped := sync.OnceFunc(func() { cmd.Wait() })
	end = func(reap bool) {
		cmd.Process.Kill()
		if reap {
			reaped()
		}
	}
	t.Cleanup(func() { end(true) })
	return cmd.Process.Pid, end
}

func writePid(t *testing.T, name string, pid int) {
	t.Helper()
	if err := os.WriteFile(name, []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watched runs a check of an hour's interval whose probes see P, then C.
func watched(t *testing.T, change func(*catalog.CheckDefinition)) (*Runner, *owner) {
	o := &owner{}
	r := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin = time.Millisecond })
	r.pretend(scripted("PC"))
	def := tcpCheck("c", time.Hour)
	change(&def)
	r.Reconcile([]catalog.CheckDefinition{def}, nil)
	return r, o
}

func TestPidWakes(t *testing.T) {
	for _, reap := range []bool{false, true} {
		pid, end := sleeper(t)
		r, o := watched(t, func(d *catalog.CheckDefinition) { d.Pid = pid })
		var got []said
		eventually(t, "the first probe", func() bool { got = append(got, o.take()...); return len(got) == 1 })
		end(reap)
		eventually(t, "a probe, an hour early", func() bool { got = append(got, o.take()...); return len(got) == 2 })
		if got[1].status != catalog.Critical {
			t.Errorf("reported %v", got)
		}
		r.Close()
		end(true)
	}
}

func TestPidThatIsDeadAlready(t *testing.T) {
	pid, end := sleeper(t)
	end(true)
	o := &owner{}
	r := newRunner(t, o, nil, func(cfg *Config) { cfg.FirstWithin = time.Hour })
	r.pretend(scripted("C"))
	def := tcpCheck("c", time.Hour)
	def.Pid = pid
	r.Reconcile([]catalog.CheckDefinition{def}, nil)
	eventually(t, "a probe without delay", func() bool { return o.statuses() == "critical" })
	r.Close()
}

func TestPidFileIsFollowed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pid")
	count := 0
	r, o := watched(t, func(d *catalog.CheckDefinition) { d.PidFile = name })
	probed := func(want int) func() bool {
		return func() bool { count += len(o.take()); return count >= want }
	}
	eventually(t, "the first probe", probed(1))
	for round := 2; round <= 3; round++ {
		pid, end := sleeper(t)
		writePid(t, name, pid)
		eventually(t, "the process of the file is open", func() bool { return opened(t, pid) })
		end(true)
		eventually(t, "a probe for each process", probed(round))
	}
	r.Close()
	if count != 3 {
		t.Errorf("%d probes for two processes, want 3", count)
	}
}

// opened reports whether this test's process has a handle of another one.
func opened(t *testing.T, pid int) bool {
	t.Helper()
	infos, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range infos {
		text, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(text), "\nPid:\t"+strconv.Itoa(pid)+"\n") {
			return true
		}
	}
	return false
}

// A process that is dead but not reaped, or whose file was left behind, is told of once.
func TestProcessWatchTellsOnce(t *testing.T) {
	pid, end := sleeper(t)
	other, endOther := sleeper(t)
	endOther(true)
	current, wakes := pid, 0
	w := &processWatch{wake: func() { wakes++ }, pid: func() (int, error) { return current, nil }}
	defer w.letGo()
	steps := func(want int) {
		t.Helper()
		for range 3 {
			if err := w.step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if wakes != want {
			t.Errorf("%d wakes, want %d", wakes, want)
		}
	}
	end(false)
	steps(1) // dead, not reaped
	end(true)
	steps(1) // reaped
	current = other
	steps(2)
	current = os.Getpid()
	steps(2)
	if w.seen == nil || w.seen.pid != os.Getpid() {
		t.Error("a process that runs is not watched")
	}
}

func TestProcessNotWatchedIsLogged(t *testing.T) {
	var log bytes.Buffer
	var mu sync.Mutex
	o := &owner{}
	r := newRunner(t, o, nil, func(cfg *Config) {
		cfg.FirstWithin = time.Millisecond
		cfg.Logger = slog.New(slog.NewTextHandler(&locked{mu: &mu, to: &log}, nil))
	})
	r.pretend(scripted("P"))
	def := tcpCheck("c", time.Hour)
	def.PidFile = filepath.Join(t.TempDir(), "none")
	r.Reconcile([]catalog.CheckDefinition{def}, nil)
	eventually(t, "a line in the log", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(log.String(), "process not watched")
	})
	r.Close()
	if n := strings.Count(log.String(), "process not watched"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// locked is a writer for several goroutines.
type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
