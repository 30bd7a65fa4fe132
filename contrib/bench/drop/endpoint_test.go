//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestMain is an endpoint's process when an endpoint starts it.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-endpoint" {
		fail(listen(os.Args[2]))
	}
	os.Exit(m.Run())
}

func TestEndpointListensUntilItIsKilled(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	e := &endpoint{address: free.Addr().String(), pidFile: filepath.Join(t.TempDir(), "pid")}
	if err := e.start(); err != nil {
		t.Fatal(err)
	}
	if pid, err := os.ReadFile(e.pidFile); err != nil || string(pid) != strconv.Itoa(e.cmd.Process.Pid) {
		t.Errorf("pid file says %q, %v", pid, err)
	}
	held, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	died, err := e.kill()
	if err != nil || time.Since(died) < 0 || e.cmd != nil {
		t.Errorf("killed at %v, %v", died, err)
	}
	if err := held.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection to a killed endpoint ends with %v", err)
	}
}

func TestEndpointThatCannotListenSaysSo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	e := &endpoint{address: taken.Addr().String(), pidFile: filepath.Join(t.TempDir(), "pid")}
	if err := e.start(); err == nil {
		t.Error("it started on a port that is taken")
	}
	if _, err := e.kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}
