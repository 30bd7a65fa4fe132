// Package child runs a program for somebody who has to be able to end it with all it started.
package child

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command is a program to run, in a process group of its own.
type Command struct {
	Args []string // program and arguments; no shell looks at them
	Env  []string // "NAME=value", beside the environment of this process
	// Stdin is copied to the program until it ends. It may be read beyond that, once. Nil: nothing.
	Stdin io.Reader
	// Stdout and Stderr take what the program writes. They may be the same, which is then
	// written to by one goroutine. Nil: it is lost.
	Stdout, Stderr io.Writer
	// Grace is how long after SIGTERM the group is killed. 0: it is killed at once.
	Grace time.Duration
}

// outputGrace is how long output may stay open once the group is gone. Only a process that left it can hold it that long.
const outputGrace = 250 * time.Millisecond

// Run runs a program to its end, or until ctx ends: the group then gets SIGTERM, and after the
// grace SIGKILL. Whatever the program left in the background is killed as well. It returns how the
// program ended. The error is that it could not be started, or why ctx ended.
func Run(ctx context.Context, c Command) (end End, err error) {
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := attach(cmd, c)
	if err != nil {
		return End{}, err
	}
	defer out.finish()
	if err := ctx.Err(); err != nil {
		return End{}, context.Cause(ctx)
	}
	if err := out.start(cmd, c.Stdin); err != nil {
		return End{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
		stop(cmd, c.Grace, ended)
	}
	kill(cmd, syscall.SIGKILL) // whatever it left behind
	return End{cmd.ProcessState}, err
}

// stop ends the group and returns when the program has ended.
func stop(cmd *exec.Cmd, grace time.Duration, ended <-chan error) {
	if grace > 0 {
		kill(cmd, syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ended:
			return
		case <-timer.C:
		}
	}
	kill(cmd, syscall.SIGKILL)
	<-ended
}

// kill signals the group. An error means that nobody is left. The group's id is not given to
// others while anybody is in it, and right after Wait there was no time to.
func kill(cmd *exec.Cmd, sig syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, sig) }

// End is how a program ended. Zero: it was not started.
type End struct{ state *os.ProcessState }

// Code is the exit code, 128 and the signal's number for a program that ended by a signal, as a shell
// has it, and 0 for one that was not started.
func (e End) Code() int {
	switch sig := e.Signal(); {
	case e.state == nil:
		return 0
	case sig != 0:
		return 128 + int(sig)
	}
	return e.state.ExitCode()
}

// Success reports whether the program was started and ended with exit code 0.
func (e End) Success() bool { return e.state != nil && e.state.Success() }

// Signal is the signal that ended the program, 0 if none did.
func (e End) Signal() syscall.Signal {
	if e.state == nil {
		return 0
	}
	if w, ok := e.state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal()
	}
	return 0
}

// String says it in words: "exit status 3", "signal: killed".
func (e End) String() string { return e.state.String() }

// pipes carry output. Files rather than writers of package exec: Wait then returns when the program ends, whoever holds them.
type pipes struct {
	ours, theirs []*os.File
	to           []io.Writer
	copied       chan struct{}
	started      int
}

func attach(cmd *exec.Cmd, c Command) (*pipes, error) {
	p := &pipes{copied: make(chan struct{}, 2)}
	open := func(to io.Writer) (*os.File, error) {
		if to == nil {
			return nil, nil
		}
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		p.ours, p.theirs, p.to = append(p.ours, r), append(p.theirs, w), append(p.to, to)
		return w, nil
	}
	out, err := open(c.Stdout)
	if err != nil {
		return nil, err
	}
	errs := out
	if c.Stderr != c.Stdout {
		if errs, err = open(c.Stderr); err != nil {
			p.finish()
			return nil, err
		}
	}
	if out != nil {
		cmd.Stdout = out
	}
	if errs != nil {
		cmd.Stderr = errs
	}
	return p, nil
}

func (p *pipes) start(cmd *exec.Cmd, stdin io.Reader) error {
	var in io.WriteCloser
	if stdin != nil {
		var err error
		if in, err = cmd.StdinPipe(); err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if in != nil {
		go func() {
			_, _ = io.Copy(in, stdin) // a program need not read all it is given
			_ = in.Close()
		}()
	}
	for _, w := range p.theirs {
		_ = w.Close() // the program has its own
	}
	p.theirs = nil
	for i, r := range p.ours {
		p.started++
		go func() {
			if _, err := io.Copy(p.to[i], r); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				_, _ = io.Copy(io.Discard, r) // a writer that fails must not hold up the program
			}
			p.copied <- struct{}{}
		}()
	}
	return nil
}

// finish waits for the rest of the output and closes everything.
func (p *pipes) finish() {
	for _, r := range p.ours {
		_ = r.SetReadDeadline(time.Now().Add(outputGrace))
	}
	for range p.started {
		<-p.copied
	}
	for _, f := range append(p.ours, p.theirs...) {
		_ = f.Close()
	}
}
