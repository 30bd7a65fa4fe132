package compat

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// TestLockCommand: `muster lock` and the client's Lock and Semaphore take turns at one prefix.
func TestLockCommand(t *testing.T) {
	flows(t, map[string]func(*flow){
		"command first":   commandFirst,
		"client first":    clientFirst,
		"lock shared":     func(f *flow) { shared(f, 1) },
		"places shared":   func(f *flow) { shared(f, 2) },
		"flags disagree":  lockOrSemaphore,
		"semaphore first": semaphoreFirst,
	})
}

// locker is a `muster lock` whose command says that it runs and ends when it is told to.
type locker struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *strings.Builder
}

// lockCommand runs `muster lock` with flags and a shell line under it.
func (f *flow) lockCommand(line string, flags ...string) *locker {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), startWithin)
	f.Cleanup(cancel)
	args := append([]string{"lock", "-http-addr", f.agent.http(), "-pass-stdin", "-child-exit-code"}, flags...)
	l := &locker{Cmd: exec.CommandContext(ctx, theWorld.binary, append(args, f.key("p"), line)...), stderr: &strings.Builder{}}
	l.Stderr = l.stderr
	var err error
	l.stdin, err = l.StdinPipe()
	f.ok(err)
	out, err := l.StdoutPipe()
	f.ok(err)
	l.stdout = bufio.NewReader(out)
	f.ok(l.Start())
	return l
}

// holding is a line under a lock that lasts until its input ends.
const holding = "echo held; cat"

// held returns once the command runs.
func (l *locker) held(f *flow) {
	f.Helper()
	if line, err := l.stdout.ReadString('\n'); err != nil || line != "held\n" {
		f.Fatalf("the command said %q, %v: %s", line, err, l.stderr)
	}
}

func (l *locker) end(f *flow) {
	f.Helper()
	f.ok(l.stdin.Close())
	if err := l.Wait(); err != nil {
		f.Fatalf("%v: %s", err, l.stderr)
	}
}

// refused wants a command not to get a place within its time.
func (l *locker) refused(f *flow, why string) {
	f.Helper()
	_ = l.stdin.Close() // it may be gone
	if err := l.Wait(); err == nil || !strings.Contains(l.stderr.String(), why) {
		f.Errorf("%v, said %q, want %q", err, l.stderr, why)
	}
}

const inTime = "not to be had in time"

func commandFirst(f *flow) {
	holder := f.lockCommand(holding)
	holder.held(f)
	impatient, err := f.LockOpts(&api.LockOptions{Key: f.key("p") + "/.lock", LockTryOnce: true, LockWaitTime: 200 * time.Millisecond})
	f.ok(err)
	lost, err := impatient.Lock(nil)
	f.ok(err)
	f.is("got what the command holds", lost != nil, false)
	patient, err := f.LockKey(f.key("p") + "/.lock")
	f.ok(err)
	got := make(chan error, 1)
	go func() {
		_, err := patient.Lock(nil)
		got <- err
	}()
	holder.end(f)
	f.ok(soon(f, "the command's lock", got))
	f.lockCommand(holding, "-try", "200ms").refused(f, inTime)
	f.ok(patient.Unlock())
}

func clientFirst(f *flow) {
	lock, err := f.LockKey(f.key("p") + "/.lock")
	f.ok(err)
	lost, err := lock.Lock(nil)
	f.ok(err)
	next := f.lockCommand(holding)
	f.lockCommand(holding, "-try", "200ms").refused(f, inTime)
	select {
	case <-lost:
		f.Error("the client lost its lock to a command")
	default:
	}
	f.ok(lock.Unlock())
	next.held(f)
	next.end(f)
}

func semaphoreFirst(f *flow) {
	s, err := f.SemaphorePrefix(f.key("p"), 2)
	f.ok(err)
	_, err = s.Acquire(nil)
	f.ok(err)
	second := f.lockCommand(holding, "-n", "2")
	second.held(f)
	f.lockCommand(holding, "-n", "2", "-try", "200ms").refused(f, inTime)
	f.lockCommand(holding, "-n", "3", "-try", "2s").refused(f, "is a lock for 2, not for 3")
	third, err := f.SemaphorePrefix(f.key("p"), 2)
	f.ok(err)
	got := make(chan error, 1)
	go func() {
		_, err := third.Acquire(nil)
		got <- err
	}()
	second.end(f)
	f.ok(soon(f, "the command's place", got))
	f.ok(third.Release())
	f.ok(s.Release())
}

// lockOrSemaphore: a prefix is one of the two, and neither side takes it for the other.
func lockOrSemaphore(f *flow) {
	holder := f.lockCommand(holding)
	holder.held(f)
	s, err := f.SemaphorePrefix(f.key("p"), 2)
	f.ok(err)
	_, err = s.Acquire(nil)
	f.is("a semaphore where a lock is", err, api.ErrSemaphoreConflict)
	holder.end(f)
}

// shared has commands and clients contend for places that are directories: to make one that is there fails.
func shared(f *flow, places int) {
	const each = 3
	dir := f.TempDir()
	var try []string
	for i := range places {
		try = append(try, fmt.Sprintf("{ d=%s/%d; mkdir $d 2>/dev/null; }", dir, i))
	}
	line := "{ " + strings.Join(try, " || ") + "; } && sleep 0.05 && rmdir $d"
	ended := make(chan error, 2*each)
	for range each {
		l := f.lockCommand(line, "-n", strconv.Itoa(places))
		go func() {
			err := l.Wait()
			if err != nil {
				err = fmt.Errorf("a command: %w: %s", err, l.stderr)
			}
			ended <- err
		}()
		take, leave := f.place(places)
		go func() { ended <- turn(take, leave, dir, places) }()
	}
	for range 2 * each {
		f.ok(soon(f, "a turn", ended))
	}
}

// place is how the client gets one of some places, and gives it back.
func (f *flow) place(places int) (take func(<-chan struct{}) (<-chan struct{}, error), leave func() error) {
	if places > 1 {
		s, err := f.SemaphorePrefix(f.key("p"), places)
		f.ok(err)
		return s.Acquire, s.Release
	}
	lock, err := f.LockKey(f.key("p") + "/.lock")
	f.ok(err)
	return lock.Lock, lock.Unlock
}

func turn(take func(<-chan struct{}) (<-chan struct{}, error), leave func() error, dir string, places int) error {
	if _, err := take(nil); err != nil {
		return fmt.Errorf("a client: %w", err)
	}
	var err error
	for i := range places {
		at := filepath.Join(dir, strconv.Itoa(i))
		if err = os.Mkdir(at, 0o700); err == nil {
			<-time.After(50 * time.Millisecond) // for an intruder to come
			err = os.Remove(at)
			break
		}
	}
	if err != nil {
		return fmt.Errorf("all %d places are taken: %w", places, err)
	}
	return leave()
}
