//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// agent is one muster process. Its address stays the same over restarts.
type agent struct {
	name   string
	ip     string
	args   []string
	muster string
	dir    string

	// up says that the agent owes answers: from the first it gave until it is told
	// to stop. epoch rises with each change, so that a question sent before one is told from one sent after.
	up    atomic.Bool
	epoch atomic.Uint64

	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

func (a *agent) dns() string  { return a.ip + ":8600" }
func (a *agent) http() string { return "http://" + a.ip + ":8500" }

func (a *agent) start() error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(a.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own descriptor
	a.cmd = exec.Command(a.muster, a.args...)
	a.cmd.Stdout, a.cmd.Stderr = log, log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := a.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	a.gone = make(chan struct{})
	go func(cmd *exec.Cmd, gone chan struct{}) {
		defer close(gone)
		_ = cmd.Wait() // that it was killed is no news
	}(a.cmd, a.gone)
	return nil
}

// end sends a signal and waits for the process to end.
func (a *agent) end(sig syscall.Signal) error {
	a.setUp(false)
	if a.cmd == nil {
		return nil
	}
	select {
	case <-a.gone:
		a.cmd = nil
		return nil
	default:
	}
	if err := a.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	select {
	case <-a.gone:
		a.cmd = nil
		return nil
	case <-time.After(20 * time.Second):
		_ = a.cmd.Process.Kill()
		<-a.gone
		a.cmd = nil
		return fmt.Errorf("%s did not stop within 20 s of %s", a.name, sig)
	}
}

func (a *agent) setUp(up bool) {
	a.up.Store(up)
	a.epoch.Add(1)
}
