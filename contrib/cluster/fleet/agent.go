//go:build linux

package fleet

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// Agent is one muster process. Its address stays the same over restarts.
type Agent struct {
	Name   string
	IP     string
	args   []string
	muster string
	dir    string

	up    atomic.Bool
	epoch atomic.Uint64

	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// DNS is host:port of the agent's DNS.
func (a *Agent) DNS() string { return a.IP + ":8600" }

// HTTP is the URL of the agent's HTTP API, without a path.
func (a *Agent) HTTP() string { return "http://" + a.IP + ":8500" }

// Up reports whether the agent owes answers: from the first it gave until it is told to stop.
func (a *Agent) Up() bool { return a.up.Load() }

// Epoch rises with each change of Up, so that a question sent before one is told from one sent after.
func (a *Agent) Epoch() uint64 { return a.epoch.Load() }

// Running reports whether the process was started and not ended.
func (a *Agent) Running() bool { return a.cmd != nil }

// Start starts the process.
func (a *Agent) Start() error {
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
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	a.gone = make(chan struct{})
	go func(cmd *exec.Cmd, gone chan struct{}) {
		defer close(gone)
		_ = cmd.Wait() // that it was killed is no news
	}(a.cmd, a.gone)
	return nil
}

// End sends a signal and waits for the process to end.
func (a *Agent) End(sig syscall.Signal) error {
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
		return fmt.Errorf("%s: %w", a.Name, err)
	}
	select {
	case <-a.gone:
		a.cmd = nil
		return nil
	case <-time.After(20 * time.Second):
		_ = a.cmd.Process.Kill()
		<-a.gone
		a.cmd = nil
		return fmt.Errorf("%s did not stop within 20 s of %s", a.Name, sig)
	}
}

func (a *Agent) setUp(up bool) {
	a.up.Store(up)
	a.epoch.Add(1)
}
