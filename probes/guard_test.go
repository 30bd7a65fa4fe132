package probes

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
)

// Whatever the kind and however the address is written, a target that is not allowed
// is not sent to, and nothing is said of its health.
func TestGuard(t *testing.T) {
	asked := map[netip.Addr]bool{}
	no := func(a netip.Addr) error { asked[a] = true; return errors.New("not allowed here") }
	at, heard := forbidden(t)
	for name, def := range map[string]catalog.CheckDefinition{
		"http":  {HTTP: "http://" + at + "/"},
		"https": {HTTP: "https://" + at + "/"},
		"http2": {HTTP: "http://" + at + "/", HTTP2: true},
		"tcp":   {TCP: at},
		"name":  {TCP: strings.Replace(at, "127.0.0.1", "localhost", 1)},
		"tls":   {TCP: at, TCPUseTLS: true},
		"udp":   {UDP: at},
		"grpc":  {GRPC: at},
		"dns":   {DNS: at, DNSName: "example.com"},
		"icmp":  {ICMP: "127.0.0.1"},
		"v4in6": {TCP: strings.Replace(at, "127.0.0.1", "[::ffff:127.0.0.1]", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			def.Interval = time.Second
			open := map[catalog.Kind]opener{
				catalog.KindHTTP: openHTTP, catalog.KindTCP: openTCP, catalog.KindUDP: openUDP,
				catalog.KindGRPC: openGRPC, catalog.KindDNS: openDNS, catalog.KindICMP: openICMP,
			}[def.Kind()]
			look, done := open(&def, newBudget(10, no))
			defer done()
			if res := look(t.Context(), &def); res.Status != "" || !strings.Contains(res.Output, "not allowed here") {
				t.Errorf("%+v", res)
			}
		})
	}
	if !asked[netip.MustParseAddr("127.0.0.1")] {
		t.Errorf("asked for %v", asked)
	}
	if n := heard(); n != 0 {
		t.Errorf("%d connections came all the same", n)
	}
}

// forbidden listens where nobody is to come, and tells how many did.
func forbidden(t *testing.T) (at string, heard func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			conn.Close()
		}
	}()
	return l.Addr().String(), func() int { l.Close(); <-done; return int(n.Load()) }
}
