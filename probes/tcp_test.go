package probes

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/catalog"
)

func TestTCP(t *testing.T) {
	open := listen(t, func(c *net.TCPConn) { c.Read(make([]byte, 1)) })
	_, port, _ := net.SplitHostPort(open)
	secure := strings.TrimPrefix(serveHTTP(t, true, nil).URL, "https://")
	for _, c := range []struct {
		name    string
		def     catalog.CheckDefinition
		timeout time.Duration
		status  catalog.Status
		want    string // part of the output
	}{
		{"open", catalog.CheckDefinition{TCP: open}, long, catalog.Passing, "TCP connect " + open + ": Success"},
		{"host name", catalog.CheckDefinition{TCP: "localhost:" + port}, long, catalog.Passing, "Success"},
		{"nobody listens", catalog.CheckDefinition{TCP: nobody(t)}, long, catalog.Critical, "refused"},
		{"no such host", catalog.CheckDefinition{TCP: "no-such-host.invalid:80"}, long, catalog.Critical, "no-such-host.invalid"},
		{"TLS, not verified", catalog.CheckDefinition{TCP: secure, TCPUseTLS: true, TLSSkipVerify: true}, long, catalog.Passing, "TCP+TLS connect"},
		{"TLS, certificate nobody trusts", catalog.CheckDefinition{TCP: secure, TCPUseTLS: true}, long, catalog.Critical, "certificate"},
		{"TLS to one that resets", catalog.CheckDefinition{TCP: listen(t, reset), TCPUseTLS: true}, long, catalog.Critical, ""},
		{"TLS to one that speaks something else", catalog.CheckDefinition{TCP: listen(t, answers("220 mail ESMTP\r\n")), TCPUseTLS: true}, long, catalog.Critical, "TLS"},
		{"TLS never answered", catalog.CheckDefinition{TCP: listen(t, nil), TCPUseTLS: true}, soon, catalog.Critical, "no answer within 200ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openTCP, c.def, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

func TestTCPExpect(t *testing.T) {
	echo := listen(t, func(c *net.TCPConn) { io.Copy(c, c) })
	ssh := listen(t, func(c *net.TCPConn) { io.WriteString(c, "SSH-2.0-x\r\n"); c.Read(make([]byte, 1)) })
	for _, c := range []struct {
		name    string
		def     catalog.CheckDefinition
		timeout time.Duration
		status  catalog.Status
		want    string // part of the output
	}{
		{"banner", catalog.CheckDefinition{TCP: ssh, Expect: "^SSH-2"}, long, catalog.Passing, ": Success Output: SSH-2.0-x"},
		{"answer", catalog.CheckDefinition{TCP: echo, Send: "PING\n", Expect: "(?i)ping"}, long, catalog.Passing, "Output: PING"},
		{"sent, none expected", catalog.CheckDefinition{TCP: echo, Send: "PING\n"}, long, catalog.Passing, "Success"},
		{"another answer, then silence", catalog.CheckDefinition{TCP: ssh, Expect: "^220"}, soon, catalog.Critical, "no answer within 200ms. Output: SSH-2.0-x"},
		{"silence", catalog.CheckDefinition{TCP: listen(t, nil), Expect: "a"}, soon, catalog.Critical, "no answer within 200ms"},
		{"closed without an answer", catalog.CheckDefinition{TCP: listen(t, func(*net.TCPConn) {}), Expect: "a"}, long, catalog.Critical, "closed without an answer"},
		{"reset", catalog.CheckDefinition{TCP: listen(t, reset), Expect: "a"}, long, catalog.Critical, ""},
		{"in pieces", catalog.CheckDefinition{TCP: listen(t, func(c *net.TCPConn) {
			c.SetNoDelay(true)
			for _, b := range []byte("220 mail") {
				c.Write([]byte{b})
			}
			c.Read(make([]byte, 1))
		}), Expect: "^220 mail$"}, long, catalog.Passing, "220 mail"},
		{"endless", catalog.CheckDefinition{TCP: listen(t, func(c *net.TCPConn) {
			for _, err := io.WriteString(c, "x"); err == nil; {
				_, err = io.WriteString(c, strings.Repeat("x", 1000))
			}
		}), Expect: "y"}, long, catalog.Critical, `the first 4096 bytes do not match "y"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openTCP, c.def, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

// TestTCPHalfOpen probes a listener whose queue is full: the kernel drops the
// handshake, which looks like a host that is gone.
func TestTCPHalfOpen(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	syscall.CloseOnExec(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*syscall.SockaddrInet4).Port}).String()
	for range 64 {
		c, err := net.DialTimeout("tcp", addr, soon)
		if err != nil {
			res := lookOnce(t, openTCP, catalog.CheckDefinition{TCP: addr}, soon)
			if res.Status != catalog.Critical {
				t.Errorf("got %s %q, want critical", res.Status, res.Output)
			}
			return
		}
		defer c.Close()
	}
	t.Skip("THIS KERNEL NEVER FILLS A LISTENER'S QUEUE: half-open connections are not tested")
}
