package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"muster/probes/child"
)

const (
	execGrace     = 5 * time.Second
	execFlush     = 250 * time.Millisecond
	execChunk     = 32 << 10
	maxExecOutput = 256 << 10 // of one node: all of it goes through the log of the servers
)

// argv is how a job is run, and what is to be done afterwards. An allow list has programs with
// their arguments; what a shell or a script would do cannot be held against it.
func (j *execJob) argv(allow []string) (argv []string, cleanup func(), err error) {
	cleanup = func() {}
	switch {
	case len(j.Args) > 0 && (len(allow) == 0 || allowed(allow, j.Args)):
		return j.Args, cleanup, nil
	case len(allow) > 0:
		return nil, cleanup, errors.New("remote_exec_allow of this agent does not have the command")
	case len(j.Script) > 0:
		return j.script()
	case j.Command == "":
		return nil, cleanup, errors.New("there is no command")
	}
	return []string{"/bin/sh", "-c", j.Command}, cleanup, nil
}

// script puts a script where it can be run, by the program that its first line names or else by a shell.
func (j *execJob) script() (argv []string, cleanup func(), err error) {
	f, err := os.CreateTemp("", "muster-exec-")
	if err != nil {
		return nil, func() {}, err
	}
	cleanup = func() { _ = os.Remove(f.Name()) } // what is left is for whoever cleans up there
	_, err = f.Write(j.Script)
	if err = errors.Join(err, f.Chmod(0o700), f.Close()); err != nil {
		cleanup()
		return nil, func() {}, err
	}
	if bytes.HasPrefix(j.Script, []byte("#!")) {
		return []string{f.Name()}, cleanup, nil
	}
	return []string{"/bin/sh", f.Name()}, cleanup, nil
}

// run runs a program until it ends, its time is up, or the caller has gone, and tells the caller.
func (e *execution) run(ctx context.Context, argv []string, timeout time.Duration) (code int, err error) {
	running, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(timeout, func() { cancel(fmt.Errorf("killed after %v", timeout)) })
	defer timer.Stop()
	var helpers sync.WaitGroup
	out := &execOutput{put: func(name string, text []byte) error { return e.put(ctx, name, text) }}
	helpers.Go(func() { e.whileWanted(running, cancel) })
	helpers.Go(func() { out.flushing(running) })
	end, err := child.Run(running, child.Command{Args: argv, Stdout: out, Stderr: out, Grace: execGrace})
	cancel(nil)
	helpers.Wait()
	code = end.Code()
	if errors.Is(err, errExecGone) {
		return code, err // nobody is left to tell
	}
	if err != nil {
		if code == 0 {
			code = 127 // it was not started
		}
		_, _ = fmt.Fprintf(out, "%v\n", err)
	}
	out.flush()
	return code, errors.Join(err, out.err, e.put(ctx, "exit", []byte(strconv.Itoa(code))))
}

// whileWanted ends a run when its session does, or when nobody can say for long.
func (e *execution) whileWanted(ctx context.Context, cancel context.CancelCauseFunc) {
	last := time.Now()
	for index := uint64(0); ctx.Err() == nil; {
		_, at, err := e.caller(ctx, index)
		if errors.Is(err, errExecGone) || err != nil && time.Since(last) > execPatience {
			cancel(errExecGone)
			return
		}
		if err == nil {
			last = time.Now()
		}
		if err != nil || at == index {
			rest(ctx, execRetry)
		}
		index = at
	}
}

// execOutput writes output into keys, piece by piece.
type execOutput struct {
	put func(name string, text []byte) error

	mu    sync.Mutex
	buf   []byte
	total int
	next  int
	err   error // why no more is written
}

// Write implements io.Writer. It takes everything, and drops what is over the limit.
func (o *execOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := max(0, maxExecOutput-o.total)
	if o.total += len(p); room > 0 {
		o.buf = append(o.buf, p[:min(room, len(p))]...)
		if len(p) > room {
			o.buf = append(o.buf, fmt.Sprintf("\n(more than %d bytes, the rest is left out)\n", maxExecOutput)...)
		}
	}
	for len(o.buf) >= execChunk && o.err == nil {
		o.send(execChunk)
	}
	return len(p), nil
}

// send writes the first n bytes.
func (o *execOutput) send(n int) {
	if o.err = o.put(fmt.Sprintf("out/%05d", o.next), o.buf[:n]); o.err == nil {
		o.buf, o.next = bytes.Clone(o.buf[n:]), o.next+1
	}
}

func (o *execOutput) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) > 0 && o.err == nil {
		o.send(len(o.buf))
	}
}

// flushing writes what there is now and then.
func (o *execOutput) flushing(ctx context.Context) {
	tick := time.NewTicker(execFlush)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			o.flush()
		}
	}
}
