package dns_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// upstream is a resolver on loopback that answers as told. It serves until the test ends.
type upstream struct {
	addr  string
	asked atomic.Int32
	rd    atomic.Bool
}

func newUpstream(t *testing.T, answer func(network string, reply *mdns.Msg)) *upstream {
	t.Helper()
	u := &upstream{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.addr = l.Addr().String()
	pc, err := net.ListenPacket("udp", u.addr)
	if err != nil {
		t.Fatal(err)
	}
	for network, s := range map[string]*mdns.Server{"tcp": {Listener: l}, "udp": {PacketConn: pc}} {
		s.Handler = mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
			u.asked.Add(1)
			u.rd.Store(q.RecursionDesired)
			reply := new(mdns.Msg)
			reply.SetReply(q)
			answer(network, reply)
			if reply.Id != 0 { // 0: stay silent
				_ = w.WriteMsg(reply)
			}
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

func TestForward(t *testing.T) {
	good := newUpstream(t, func(network string, m *mdns.Msg) {
		q := m.Question[0]
		m.Authoritative, m.AuthenticatedData = true, true
		switch {
		case q.Name == "big.example.com." && network == "udp":
			m.Truncated = true
		case q.Name == "none.example.com.", q.Name == "outside.example.com.":
			m.Rcode = mdns.RcodeNameError
			m.Ns = []mdns.RR{rr(t, "example.com. 60 SOA ns.example.com. h.example.com. 1 2 3 4 5")}
		case q.Name == "www.example.com." && q.Qtype == mdns.TypeAAAA:
			m.Answer = []mdns.RR{rr(t, "www.example.com. 300 CNAME cdn.example.net."), rr(t, "cdn.example.net. 200 AAAA 2001:db8::5"),
				rr(t, "stray.example.org. 9 AAAA 2001:db8::6"), rr(t, "cdn.example.net. 9 A 192.0.2.9")}
		default:
			m.Answer = []mdns.RR{rr(t, q.Name+" 300 A 192.0.2.1")}
		}
		m.Extra = append(m.Extra, &mdns.OPT{Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeOPT}})
	})
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), withRecursors(good.addr))
	consul := soa("consul.", "consul.", state)
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "exAmple.com. A", With: "rd", Flags: "rd ra", Answer: "exAmple.com. 300 A 192.0.2.1"},
		{Ask: "example.com. A", With: "rd", EDNS: "1232 do", TCP: true, Flags: "rd ra", Answer: "example.com. 300 A 192.0.2.1"},
		{Name: "cut short over UDP", Ask: "big.example.com. A", With: "rd", Flags: "rd ra", Answer: "big.example.com. 300 A 192.0.2.1"},
		{Name: "no such name", Ask: "none.example.com. A", With: "rd", Rcode: "NXDOMAIN", Flags: "rd ra",
			Ns: "example.com. 60 SOA ns.example.com. h.example.com. 1 2 3 4 5"},
		{Name: "no recursion desired", Ask: "example.com. A", Rcode: "REFUSED", Flags: "ra"},
		{Name: "a stranger", Ask: "example.com. A", From: "203.0.113.9", With: "rd", EDNS: "1232", Rcode: "REFUSED", Flags: "rd", EDE: "18"},
		{Name: "a reverse name not ours", Ask: "9.9.9.9.in-addr.arpa. PTR", With: "rd", Flags: "rd ra", Answer: "9.9.9.9.in-addr.arpa. 300 A 192.0.2.1"},
		{Name: "own names stay own", Ask: "nope.service.consul. A", With: "rd", Rcode: "NXDOMAIN", Flags: "aa rd ra", Ns: consul},

		{Name: "the type asked is chased", Ask: "far.service.consul. AAAA", With: "rd", Flags: "aa rd ra",
			Answer: `far.service.consul. CNAME www.example.com.
				www.example.com. 300 CNAME cdn.example.net.
				cdn.example.net. 200 AAAA 2001:db8::5`},
		{Name: "the end decides the rcode", Ask: "host-node.node.consul. A", With: "rd", Rcode: "NXDOMAIN", Flags: "aa rd ra",
			Answer: "host-node.node.consul. CNAME outside.example.com.", Ns: "example.com. 60 SOA ns.example.com. h.example.com. 1 2 3 4 5"},
		{Name: "not for a stranger", Ask: "far.service.consul. AAAA", From: "203.0.113.9", With: "rd", Flags: "aa rd",
			Answer: "far.service.consul. CNAME www.example.com."},
	})
	if !good.rd.Load() {
		t.Error("upstream was asked without rd")
	}
}

func TestRecursorsFail(t *testing.T) {
	broken := newUpstream(t, func(_ string, m *mdns.Msg) { m.Rcode = mdns.RcodeServerFailure })
	refuses := newUpstream(t, func(_ string, m *mdns.Msg) { m.Rcode = mdns.RcodeRefused })
	good := newUpstream(t, func(_ string, m *mdns.Msg) { m.Answer = []mdns.RR{rr(t, "example.com. 300 A 192.0.2.1")} })
	silent := newUpstream(t, func(_ string, m *mdns.Msg) { m.Id = 0 })
	forger := newUpstream(t, func(_ string, m *mdns.Msg) { m.Question[0].Name = "EXAMPLE.com." })
	src := current(dnstest.Catalog(t, world))
	ask := dnstest.Case{Ask: "example.com. A", With: "rd", Flags: "rd ra", Answer: "example.com. 300 A 192.0.2.1"}

	dnstest.Run(t, handler(t, src, withRecursors(broken.addr, refuses.addr, good.addr)), []dnstest.Case{ask})
	if broken.asked.Load() != 1 || refuses.asked.Load() != 1 {
		t.Error("recursors were not asked in sequence")
	}
	fails := dnstest.Case{Ask: "example.com. A", With: "rd", EDNS: "1232", From: "10.9.9.9", Rcode: "SERVFAIL", Flags: "rd ra", EDE: "23"}
	viaAlias := fails
	viaAlias.Ask = "far.service.consul. A"
	dnstest.Run(t, handler(t, src, withRecursors(broken.addr)), []dnstest.Case{fails, viaAlias})
	for _, bad := range []*upstream{silent, forger} {
		h := handler(t, src, func(c *dns.Config) {
			c.Recursors, c.RecursorTimeout = []string{bad.addr}, 50*time.Millisecond
		})
		dnstest.Run(t, h, []dnstest.Case{fails})
	}
}

// TestOverload holds that queries waiting for recursors are bounded, and hold up no local answer.
func TestOverload(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	slow := newUpstream(t, func(_ string, m *mdns.Msg) {
		close(asked)
		<-release
		m.Answer = []mdns.RR{rr(t, "example.com. 300 A 192.0.2.1")}
	})
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) {
		withRecursors(slow.addr)(c)
		c.Limits.Forwards = 1
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "example.com. A", With: "rd"})
		if len(reply.Answer) != 1 {
			t.Errorf("the one that waited got %s", reply)
		}
	}()
	<-asked
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "example.com. A", With: "rd", EDNS: "1232", Rcode: "SERVFAIL", Flags: "rd ra", EDE: "23 too many queries wait for recursors"},
		{Ask: "web.service.consul. A", With: "rd", Flags: "aa rd ra", Answer: webA},
	})
	close(release)
	<-done
}

func TestRandomStrategy(t *testing.T) {
	answer := func(_ string, m *mdns.Msg) { m.Answer = []mdns.RR{rr(t, "example.com. 300 A 192.0.2.1")} }
	a, b := newUpstream(t, answer), newUpstream(t, answer)
	h := handler(t, current(catalog.New()), func(c *dns.Config) {
		withRecursors(a.addr, b.addr)(c)
		c.RecursorStrategy = dns.Random
	})
	for range 60 { // one of them left out by chance: 2^-59
		dnstest.Ask(t, h, dnstest.Case{Ask: "example.com. A", With: "rd"})
	}
	if a.asked.Load() == 0 || b.asked.Load() == 0 {
		t.Errorf("asked %d and %d times", a.asked.Load(), b.asked.Load())
	}
}
