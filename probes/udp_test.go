package probes

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
)

// datagrams returns the address of a socket at which answer is asked for a reply
// to each datagram; nil: there is none.
func datagrams(t *testing.T, answer func(packet []byte) []byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := answer(buf[:n]); reply != nil {
				conn.WriteTo(reply, from)
			}
		}
	})
	t.Cleanup(func() {
		conn.Close()
		wg.Wait()
	})
	return conn.LocalAddr().String()
}

func silent([]byte) []byte { return nil }

func TestUDP(t *testing.T) {
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	echo := datagrams(t, func(p []byte) []byte { return append([]byte("got:"), p...) })
	for _, c := range []struct {
		name    string
		def     catalog.CheckDefinition
		timeout time.Duration
		status  catalog.Status
		want    string
	}{
		{"refused", catalog.CheckDefinition{UDP: closed.LocalAddr().String()}, long, catalog.Critical, "refused, nobody listens"},
		{"refused, though an answer is expected", catalog.CheckDefinition{UDP: closed.LocalAddr().String(), Send: "a", Expect: "a"}, long, catalog.Critical, "refused"},
		{"silence", catalog.CheckDefinition{UDP: datagrams(t, silent)}, soon, catalog.Passing, "not refused"},
		{"silence where an answer is expected", catalog.CheckDefinition{UDP: datagrams(t, silent), Expect: "a"}, soon, catalog.Critical, "no answer within 200ms"},
		{"an empty datagram is sent", catalog.CheckDefinition{UDP: echo}, long, catalog.Passing, "Success Output: got:"},
		{"answer", catalog.CheckDefinition{UDP: echo, Send: "x", Expect: "^got:x$"}, long, catalog.Passing, "Output: got:x"},
		{"another answer", catalog.CheckDefinition{UDP: echo, Send: "x", Expect: "^x"}, long, catalog.Critical, `does not match "^x". Output: got:x`},
		{"huge answer", catalog.CheckDefinition{UDP: datagrams(t, func([]byte) []byte { return make([]byte, 60000) }), Expect: "x"}, long, catalog.Critical, "does not match"},
		{"no such host", catalog.CheckDefinition{UDP: "no-such-host.invalid:1"}, long, catalog.Critical, "no-such-host.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openUDP, c.def, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}
