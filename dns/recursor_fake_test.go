package dns_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
)

// upstream is a resolver on loopback that answers as told. It serves until the test ends.
type upstream struct {
	addr  string
	asked atomic.Int32 // over UDP and TCP
	tcp   atomic.Int32
	rd    atomic.Bool
}

// newUpstream makes an upstream that sends the reply as answer changed it; with id 0, none.
func newUpstream(t *testing.T, answer func(network string, reply *mdns.Msg)) *upstream {
	t.Helper()
	return newScripted(t, func(network string, w mdns.ResponseWriter, _, reply *mdns.Msg) {
		answer(network, reply)
		if reply.Id != 0 {
			_ = w.WriteMsg(reply)
		}
	})
}

// newScripted makes an upstream that sends whatever serve writes. reply echoes the query.
func newScripted(t *testing.T, serve func(network string, w mdns.ResponseWriter, query, reply *mdns.Msg)) *upstream {
	t.Helper()
	u := &upstream{}
	l, pc := listenBoth(t)
	u.addr = l.Addr().String()
	for network, s := range map[string]*mdns.Server{"tcp": {Listener: l}, "udp": {PacketConn: pc}} {
		s.Handler = mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
			u.asked.Add(1)
			if network == "tcp" {
				u.tcp.Add(1)
			}
			u.rd.Store(q.RecursionDesired)
			reply := new(mdns.Msg)
			reply.SetReply(q)
			serve(network, w, q, reply)
		})
		started, done := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() {
			defer close(done)
			_ = s.ActivateAndServe()
		}()
		<-started
		t.Cleanup(func() {
			_ = s.Shutdown()
			<-done
		})
	}
	return u
}

// listenBoth finds a port that is free over both transports.
func listenBoth(t *testing.T) (net.Listener, net.PacketConn) {
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		pc, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			return l, pc
		}
		_ = l.Close()
	}
	t.Fatal("no port is free over UDP and TCP")
	return nil, nil
}

// deadAddr is an address where nobody listens.
func deadAddr(t *testing.T) string {
	t.Helper()
	l, pc := listenBoth(t)
	_, _ = l.Close(), pc.Close()
	return l.Addr().String()
}

func rr(t *testing.T, text string) mdns.RR {
	t.Helper()
	r, err := mdns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func withRecursors(addrs ...string) func(*dns.Config) {
	return func(c *dns.Config) {
		c.Recursors = addrs
		c.RecursorTimeout = 10 * time.Second
	}
}

// forwarder is a handler that makes no second tries because a reply is late.
func forwarder(t *testing.T, src dns.Source, change func(*dns.Config)) *dns.Handler {
	t.Helper()
	return handler(t, src, change).WithoutHedges()
}

// always answers every question with one address.
func always(t *testing.T, ttl string) func(string, *mdns.Msg) {
	return func(_ string, m *mdns.Msg) {
		m.Answer = []mdns.RR{rr(t, m.Question[0].Name+" "+ttl+" A 192.0.2.1")}
	}
}
