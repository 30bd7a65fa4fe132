package child

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		script, stdin string
		out, errs     string
		code          int
	}{
		{script: "echo out; echo err >&2", out: "out\n", errs: "err\n"},
		{script: "exit 3", code: 3},
		{script: "kill -9 $$", code: 137},
		{script: "cat", stdin: "fed", out: "fed"},
		{script: "exec <&-; echo deaf", stdin: strings.Repeat("x", 1<<20), out: "deaf\n"},
		{script: "echo $MUSTER_TEST", out: "v\n"},
		{script: "sleep 600 & echo left a child", out: "left a child\n"},
	} {
		var out, errs bytes.Buffer
		c := Command{Args: []string{"/bin/sh", "-c", tc.script}, Env: []string{"MUSTER_TEST=v"}, Stdout: &out, Stderr: &errs}
		if tc.stdin != "" {
			c.Stdin = strings.NewReader(tc.stdin)
		}
		end, err := Run(t.Context(), c)
		if err != nil || end.Code() != tc.code || out.String() != tc.out || errs.String() != tc.errs {
			t.Errorf("%s: code %d, out %q, err %q, %v", tc.script, end.Code(), &out, &errs, err)
		}
	}
}

func TestRunCannotStart(t *testing.T) {
	if _, err := Run(t.Context(), Command{Args: []string{"/no/such/program"}, Stdout: &bytes.Buffer{}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestRunEnded ends a program that has children, one that obeys SIGTERM and one that does not.
func TestRunEnded(t *testing.T) {
	for _, tc := range []struct {
		trap string
		code int
	}{{"", 128 + 15}, {"trap '' TERM;", 128 + 9}} {
		pidFile := filepath.Join(t.TempDir(), "pid")
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		done := make(chan struct{})
		var out Tail
		out.Keep = 100
		go func() {
			defer close(done)
			script := tc.trap + "sleep 600 & echo $! > " + pidFile + ".new; mv " + pidFile + ".new " + pidFile + "; wait; sleep 600"
			end, err := Run(ctx, Command{Args: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &out, Grace: 200 * time.Millisecond})
			if end.Code() != tc.code || !errors.Is(err, cause) {
				t.Errorf("%q: code %d, %v", tc.trap, end.Code(), err)
			}
		}()
		pid := waitForPid(t, pidFile)
		cancel(cause)
		<-done
		for end := time.Now().Add(10 * time.Second); alive(pid); {
			if time.Now().After(end) {
				t.Fatalf("%q: a child outlived its group", tc.trap)
			}
		}
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") // dead, and its parent has yet to notice
}

func waitForPid(t *testing.T, file string) int {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if text, err := os.ReadFile(file); err == nil {
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the program did not start")
	return 0
}
