package resolver

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestListenersOfThisProcess finds sockets of its own in the kernel's tables.
func TestListenersOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/net/udp"); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	for _, host := range []string{"127.82.3.4", "::1", "0.0.0.0", "::"} {
		udp, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			if strings.Contains(host, ":") {
				t.Logf("SKIPPED %s: %v", host, err)
				continue
			}
			t.Fatal(err)
		}
		defer udp.Close()
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer tcp.Close()
		for protocol, address := range map[string]string{"udp": udp.LocalAddr().String(), "tcp": tcp.Addr().String()} {
			want := netip.MustParseAddrPort(address)
			found, err := Listeners(want.Port())
			if err != nil {
				t.Fatal(err)
			}
			var l *Listener
			for i := range found {
				if found[i].Protocol == protocol && found[i].Addr == want {
					l = &found[i]
				}
			}
			if l == nil || l.PID != os.Getpid() || l.Program != programOf("/proc", os.Getpid()) || l.User == "" {
				t.Errorf("%s %s: found %+v", protocol, want, found)
			}
		}
	}
}

// TestListenersOfOthers reads tables as the kernel of a little-endian machine writes them, and has no right to see the owner of one.
func TestListenersOfOthers(t *testing.T) {
	proc := t.TempDir()
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	line := func(address, state string, inode int) string {
		return fmt.Sprintf("  12: %s 00000000:0000 %s 00000000:00000000 00:00000000 00000000  4294967  0 %d 2 0000000000000000 0\n", address, state, inode)
	}
	for name, text := range map[string]string{
		"net/udp":  head + line("3500007F:0035", "07", 41) + line("3500007F:0035", "07", 47) + line("0100007F:0035", "01", 42) + line("0100007F:2198", "07", 43) + "junk\n",
		"net/tcp":  head + line("3500007F:0035", "0A", 44) + line("0100007F:0035", "01", 45),
		"net/udp6": head + line("00000000000000000000000001000000:0035", "07", 46),
		"512/comm": "systemd-resolve\n", "77/comm": "other\n",
	} {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"512/fd/12": "socket:[41]", "512/fd/13": "socket:[46]", "512/fd/14": "socket:[47]", "77/fd/3": "socket:[99]", "77/fd/4": "/dev/null"} {
		path := filepath.Join(proc, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	found, err := listeners(proc, 53)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found {
		got = append(got, fmt.Sprintf("%s %s %s", l.Protocol, l.Addr, &l))
	}
	want := "tcp 127.0.0.53:53 a process of user 4294967 (only root sees which)\n" +
		"udp 127.0.0.53:53 systemd-resolve (pid 512)\n" +
		"udp [::1]:53 systemd-resolve (pid 512)"
	if strings.Join(got, "\n") != want {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
