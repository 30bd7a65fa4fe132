package probes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"muster/catalog"
	"muster/probes/child"
)

func TestScript(t *testing.T) {
	sh := func(script string) []string { return []string{"/bin/sh", "-c", script} }
	for _, c := range []struct {
		name    string
		args    []string
		timeout time.Duration
		status  catalog.Status
		want    string // the output, or its beginning if it ends in "..."
	}{
		{"exit 0", sh("echo fine"), long, catalog.Passing, "fine\n"},
		{"exit 1", sh("echo hot; exit 1"), long, catalog.Warning, "hot\n"},
		{"exit 2", sh("echo down; exit 2"), long, catalog.Critical, "down\n"},
		{"exit 255", sh("exit 255"), long, catalog.Critical, "exit status 255. Output: "},
		{"both streams, in order", sh("echo a; echo b >&2; echo c"), long, catalog.Passing, "a\nb\nc\n"},
		{"killed by a signal", sh("echo oh; kill -TERM $$"), long, catalog.Critical, "signal: terminated. Output: oh\n"},
		{"arguments are not for a shell", []string{"/bin/echo", "$HOME", "; exit 2"}, long, catalog.Passing, "$HOME ; exit 2\n"},
		{"standard input is empty", []string{"/bin/cat"}, long, catalog.Passing, ""},
		{"no such program", []string{"/no/such/program"}, long, catalog.Critical, `script "/no/such/program": ...`},
		{"out of time", sh("echo begun; sleep 1000"), enough, catalog.Critical, "killed: no answer within 2s. Output: begun\n"},
		{"deaf to polite signals", sh("trap '' TERM INT; echo begun; while :; do sleep 1; done"), enough, catalog.Critical, "killed: ..."},
		{"much output", sh("head -c 100000 /dev/zero | tr '\\0' x; echo END"), long, catalog.Passing, "(the end of 100004 bytes)\nxxx..."},
		{"no text", sh(`printf 'a\377b'`), long, catalog.Passing, "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			res := lookOnce(t, sharesNothing(probeScript), catalog.CheckDefinition{Args: c.args}, c.timeout)
			begin, open := strings.CutSuffix(c.want, "...")
			if res.Status != c.status || !strings.HasPrefix(res.Output, begin) || !open && res.Output != c.want {
				t.Errorf("got %s %q, want %s %q", res.Status, res.Output, c.status, c.want)
			}
			if len(res.Output) > catalog.MaxCheckOutput || !utf8.ValidString(res.Output) {
				t.Errorf("output has %d bytes, or is no UTF-8", len(res.Output))
			}
		})
	}
}

func TestScriptLeavesNothingBehind(t *testing.T) {
	for _, c := range []struct {
		name    string
		script  string // prints the pid of its child
		timeout time.Duration
		status  catalog.Status
	}{
		{"child of a script that ran out of time", "sleep 1000 & echo $!; wait", enough, catalog.Critical},
		{"child that outlives its parent and holds the pipe", "sleep 1000 & echo $!", long, catalog.Passing},
		{"child that outlives its parent and let go of the pipe", "sleep 1000 >/dev/null 2>&1 & echo $!", long, catalog.Passing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			res := lookOnce(t, sharesNothing(probeScript), catalog.CheckDefinition{Args: []string{"/bin/sh", "-c", c.script}}, c.timeout)
			if res.Status != c.status || time.Since(start) > long/2 {
				t.Errorf("got %s %q after %v, want %s soon", res.Status, res.Output, time.Since(start), c.status)
			}
			_, text, found := strings.Cut(res.Output, "Output: ")
			if !found {
				text = res.Output
			}
			waitGone(t, text)
		})
	}
}

// TestScriptChildThatLeftTheGroup cannot be killed with its group, and must not hold up the probe.
func TestScriptChildThatLeftTheGroup(t *testing.T) {
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Skip("NO setsid(1) HERE: children that leave their process group are not tested")
	}
	file := filepath.Join(t.TempDir(), "pid")
	script := fmt.Sprintf(`%s /bin/sh -c 'echo $$ >%s.new; mv %s.new %s; exec sleep 1000' & while [ ! -s %s ]; do sleep 0.01; done; echo begun`,
		setsid, file, file, file, file)
	start := time.Now()
	res := lookOnce(t, sharesNothing(probeScript), catalog.CheckDefinition{Args: []string{"/bin/sh", "-c", script}}, long)
	if res.Status != catalog.Passing || res.Output != "begun\n" || time.Since(start) > long/2 {
		t.Errorf("got %s %q after %v", res.Status, res.Output, time.Since(start))
	}
	if err := syscall.Kill(readPid(t, file), syscall.SIGKILL); err != nil {
		t.Errorf("kill the child: %v", err)
	}
}

// A script may end at the very moment its time does: what counts is that it succeeded.
func TestScriptEndsWithItsTime(t *testing.T) {
	done, err := child.Run(t.Context(), child.Command{Args: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	for end, want := range map[child.End]catalog.Status{done: catalog.Passing, {}: catalog.Critical} {
		if got := scriptResult(context.DeadlineExceeded, end, ""); got.Status != want {
			t.Errorf("%v: %s, want %s", end, got.Status, want)
		}
	}
}

func TestCloseKillsScripts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	o := &owner{}
	r := newRunner(t, o, nil, func(c *Config) { c.FirstWithin = time.Millisecond })
	r.Reconcile([]catalog.CheckDefinition{{
		ID: "s", Interval: time.Hour,
		Args: []string{"/bin/sh", "-c", fmt.Sprintf("sleep 1000 & echo $! >%s.new; mv %s.new %s; wait", file, file, file)},
	}}, nil)
	eventually(t, "the script runs", func() bool { _, err := os.Stat(file); return err == nil })
	r.Close()
	waitGone(t, strconv.Itoa(readPid(t, file)))
	if got := o.take(); len(got) > 0 {
		t.Errorf("a script cut short by Close was reported: %v", got)
	}
}

func readPid(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// waitGone waits until a process is dead. One that nobody reaps is dead too.
func waitGone(t *testing.T, text string) {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("%q is no pid", text)
	}
	eventually(t, fmt.Sprintf("process %d is gone", pid), func() bool {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return true
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") Z ")
	})
}
