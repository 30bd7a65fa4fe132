package probes

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/catalog"
)

// inOwnNetwork calls do in a network of its own, which has a loopback and nothing else.
func inOwnNetwork(t *testing.T, do func()) {
	t.Helper()
	done := make(chan string)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock it: the thread ends with this goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- "NO NETWORK NAMESPACES HERE: " + err.Error()
			return
		}
		if err := loopbackUp(); err != nil {
			done <- "NO LOOPBACK IN A NEW NETWORK: " + err.Error()
			return
		}
		do()
	}()
	if reason := <-done; reason != "" {
		t.Skip(reason)
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// sysctl sets what holds in the network of the calling thread.
func sysctl(t *testing.T, name, value string) {
	if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func TestICMP(t *testing.T) {
	inOwnNetwork(t, func() {
		for _, c := range []struct {
			name, host string
			groups     string // who may ping
			mute       string // 1: the kernel answers none
			timeout    time.Duration
			status     catalog.Status
			want       string
		}{
			{"not allowed", "127.0.0.1", "1 0", "0", long, catalog.Critical, "net.ipv4.ping_group_range"},
			{"alive", "127.0.0.1", "0 2147483647", "0", long, catalog.Passing, "ICMP echo 127.0.0.1: answer from 127.0.0.1 in"},
			{"alive, IPv6", "::1", "0 2147483647", "0", long, catalog.Passing, "answer from ::1 in"},
			{"silent", "127.0.0.1", "0 2147483647", "1", soon, catalog.Critical, "no answer within 200ms"},
			{"no way there", "192.0.2.1", "0 2147483647", "0", long, catalog.Critical, "unreachable"},
			{"no such host", "no-such-host.invalid", "0 2147483647", "0", long, catalog.Critical, "no-such-host.invalid"},
		} {
			sysctl(t, "ping_group_range", c.groups)
			sysctl(t, "icmp_echo_ignore_all", c.mute)
			res := lookOnce(t, openICMP, catalog.CheckDefinition{ICMP: c.host}, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("%s: got %s %q, want %s, saying %q", c.name, res.Status, res.Output, c.status, c.want)
			}
		}
	})
}
