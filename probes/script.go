package probes

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"muster/catalog"
)

// pipeGrace is how long the output pipe may stay open once a script and its
// process group are gone. Only a process that left the group can hold it that long.
const pipeGrace = 250 * time.Millisecond

// probeScript runs one program, without a shell, in a process group of its own.
// Exit status 0 is passing, 1 a warning, any other end critical.
//
// The whole group is killed when time is up, and also once the script has ended:
// whatever it left in the background would otherwise pile up with every interval.
func probeScript(ctx context.Context, def *catalog.CheckDefinition) Result {
	what := fmt.Sprintf("script %q", def.Args[0])
	r, w, err := os.Pipe()
	if err != nil {
		return failure(ctx, what, err)
	}
	defer r.Close()
	cmd := exec.CommandContext(ctx, def.Args[0], def.Args[1:]...)
	// Files rather than writers: Wait then returns when the script ends, whoever still holds the pipe.
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd) }
	err = cmd.Start()
	w.Close()
	if err != nil {
		return failure(ctx, what, err)
	}
	said := make(chan string, 1)
	go func() { said <- readTail(r, outputLimit(def)) }()
	err = cmd.Wait()
	killed := context.Cause(ctx)
	killGroup(cmd) // an error means that nobody is left to kill
	if late := r.SetReadDeadline(time.Now().Add(pipeGrace)); late != nil {
		return failure(ctx, what, late)
	}
	return scriptResult(killed, err, <-said)
}

// killGroup kills the script and all its children, unless they left its process
// group. The group's id is not given to others while anybody is in it, and right
// after Wait there was no time to.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// readTail reads until the pipe is closed or its deadline has passed. Neither is
// an error: the output then ends where it ends.
func readTail(r io.Reader, limit int) string {
	t := &tail{keep: limit}
	io.Copy(t, r)
	return t.text()
}

// scriptResult judges how a script ended and what it said until then. killed says
// why it was not given more time, nil when it ended by itself.
func scriptResult(killed, err error, output string) Result {
	if killed != nil && err != nil {
		return Result{catalog.Critical, fmt.Sprintf("killed: %v. Output: %s", killed, output)}
	}
	if err == nil {
		return Result{catalog.Passing, output}
	}
	status := catalog.Critical
	exit, exited := err.(*exec.ExitError)
	if exited && exit.ExitCode() == 1 {
		status = catalog.Warning
	}
	if output == "" || !exited || exit.ExitCode() < 0 {
		output = fmt.Sprintf("%v. Output: %s", err, output) // the script itself did not get to say what happened
	}
	return Result{status, output}
}
