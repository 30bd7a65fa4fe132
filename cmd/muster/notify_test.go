package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// nobody is a service manager that does not exist.
func nobody() *manager {
	return &manager{every: time.Hour, log: slog.New(slog.DiscardHandler), send: func(string) (bool, error) { return false, nil }}
}

// TestWatchdogIsServedByTheLiving: pings end while the agent hangs or fails, and not before.
func TestWatchdogIsServedByTheLiving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		m := nobody()
		m.every, m.guard = 10*time.Second, true
		m.send = func(state string) (bool, error) { sent = append(sent, state); return true, nil }
		hang, stop, looks := make(chan struct{}), make(chan struct{}), 0
		go m.watch(stop, func() (string, error) {
			switch looks++; looks {
			case 3:
				return "", errors.New("disk broken")
			case 5:
				<-hang
			}
			return fmt.Sprintf("index %d", looks/2), nil
		})
		<-time.After(time.Hour)
		synctest.Wait()
		want := []string{"WATCHDOG=1\nSTATUS=index 0", "WATCHDOG=1\nSTATUS=index 1", "WATCHDOG=1\nSTATUS=index 2"}
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q, want %q", sent, want)
		}
		close(hang)
		close(stop)
	})
}

// TestTellsSystemd runs an agent as systemd would, and reads what it says.
func TestTellsSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	next := func(want func(string) bool) string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for buf := make([]byte, 4096); ; {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if text := string(buf[:n]); want(text) {
				return text
			}
		}
	}
	begins := func(prefix string) func(string) bool {
		return func(text string) bool { return strings.HasPrefix(text, prefix) }
	}
	cmd := exec.Command(binary(t), "agent", "-dev", "-http-port", "0", "-dns-port", "0", "-server-port", "0",
		"-serf-lan-port", "0", "-serf-wan-port", "0")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=3000000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	next(begins("READY=1"))
	next(begins("WATCHDOG=1\nSTATUS=server of dc1, "))
	next(func(text string) bool { return strings.Contains(text, "leads; index ") })
	_ = cmd.Process.Signal(syscall.SIGHUP)
	_, after, _ := strings.Cut(strings.TrimSpace(next(begins("RELOADING=1\n"))), "MONOTONIC_USEC=")
	if n, err := strconv.ParseInt(after, 10, 64); err != nil || n <= 0 {
		t.Errorf("reloading since %q: %v", after, err)
	}
	next(begins("READY=1"))
	_ = cmd.Process.Signal(syscall.SIGTERM)
	next(begins("STOPPING=1"))
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSocketActivation hands the real binary the two sockets of an address, as systemd does.
func TestSocketActivation(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skipf("the port is not free over UDP: %v", err)
	}
	defer c.Close()
	// Who is started learns from its own number that the sockets are meant for it.
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=dns:dns exec "$0" "$@"`, binary(t),
		"agent", "-dev", "-http-port", "0", "-dns-port", "0", "-server-port", "0", "-serf-lan-port", "0", "-serf-wan-port", "0")
	for _, s := range []interface{ File() (*os.File, error) }{l.(*net.TCPListener), c.(*net.UDPConn)} {
		f, err := s.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	for _, way := range [][]string{nil, {"-tcp"}} {
		eventually(t, fmt.Sprint("an answer ", way), func() (bool, string) {
			args := append([]string{"query", "-server", host, "-port", port}, way...)
			out, err := exec.Command(binary(t), append(args, "consul.service.consul")...).CombinedOutput()
			return err == nil && strings.Contains(string(out), "127.0.0.1"), string(out)
		})
	}
}
