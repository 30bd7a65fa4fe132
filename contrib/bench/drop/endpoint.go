//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// endpoint is a process that listens and says nothing: what instances run.
type endpoint struct {
	address string // host:port
	pidFile string
	cmd     *exec.Cmd // nil: it does not run
	since   time.Time // when it was last started
}

// listen is what an endpoint's process does, until it is killed.
func listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(io.Discard, conn) // until the prober hangs up, however it does
		}()
	}
}

// start starts the process and returns once it listens.
func (e *endpoint) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-endpoint", e.address)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	e.cmd, e.since = cmd, time.Now()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fmt.Errorf("endpoint %s does not listen: %w", e.address, err)
	}
	// Renamed into place: an agent never reads half of it.
	next := filepath.Join(filepath.Dir(e.pidFile), "next.pid")
	if err := os.WriteFile(next, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		return err
	}
	return os.Rename(next, e.pidFile)
}

// kill ends the process, if it runs, and returns the moment just before.
func (e *endpoint) kill() (time.Time, error) {
	at := time.Now()
	if e.cmd == nil {
		return at, nil
	}
	err := e.cmd.Process.Kill()
	if err == nil {
		_ = e.cmd.Wait() // that it was killed is no news
	}
	e.cmd = nil
	return at, err
}

// settled waits until the process has run for a while: an agent has found it by
// then, and holds on to it.
func (e *endpoint) settled(ctx context.Context, age time.Duration) {
	rest(ctx, time.Until(e.since.Add(age)))
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
