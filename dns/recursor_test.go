package dns_test

import (
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

func TestForward(t *testing.T) {
	good := newUpstream(t, func(network string, m *mdns.Msg) {
		q := m.Question[0]
		m.Authoritative, m.AuthenticatedData = true, true
		switch {
		case strings.EqualFold(q.Name, "big.example.com.") && network == "udp":
			m.Truncated = true
		case strings.EqualFold(q.Name, "none.example.com."), strings.EqualFold(q.Name, "outside.example.com."):
			m.Rcode = mdns.RcodeNameError
			m.Ns = []mdns.RR{rr(t, "example.com. 60 SOA ns.example.com. h.example.com. 1 2 3 4 5")}
		case strings.EqualFold(q.Name, "www.example.com.") && q.Qtype == mdns.TypeAAAA:
			m.Answer = []mdns.RR{rr(t, "www.example.com. 300 CNAME cdn.example.net."), rr(t, "cdn.example.net. 200 AAAA 2001:db8::5"),
				rr(t, "stray.example.org. 9 AAAA 2001:db8::6"), rr(t, "cdn.example.net. 9 A 192.0.2.9")}
		default:
			m.Answer = []mdns.RR{rr(t, q.Name+" 300 A 192.0.2.1")}
		}
		m.Extra = append(m.Extra, &mdns.OPT{Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeOPT}})
	})
	state := dnstest.Catalog(t, world)
	h := forwarder(t, current(state), withRecursors(good.addr))
	consul := soa("consul.", "consul.", state)
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "exAmple.com. A", With: "rd", Flags: "rd ra", Answer: "exAmple.com. 300 A 192.0.2.1"},
		{Ask: "example.com. A", With: "rd", EDNS: "1232 do", TCP: true, Flags: "rd ra", Answer: "example.com. 300 A 192.0.2.1"},
		{Name: "cut short over UDP", Ask: "big.example.com. A", With: "rd", Flags: "rd ra", Answer: "big.example.com. 300 A 192.0.2.1"},
		{Name: "no such name", Ask: "none.example.com. A", With: "rd", Rcode: "NXDOMAIN", Flags: "rd ra",
			Ns: "example.com. 5 SOA ns.example.com. h.example.com. 1 2 3 4 5"},
		{Name: "no recursion desired", Ask: "example.com. A", Rcode: "REFUSED", Flags: "ra"},
		{Name: "a stranger", Ask: "example.com. A", From: "203.0.113.9", With: "rd", EDNS: "1232", Rcode: "REFUSED", Flags: "rd", EDE: "18"},
		{Name: "a reverse name not ours", Ask: "9.9.9.9.in-addr.arpa. PTR", With: "rd", Flags: "rd ra", Answer: "9.9.9.9.in-addr.arpa. 300 A 192.0.2.1"},
		{Name: "own names stay own", Ask: "nope.service.consul. A", With: "rd", Rcode: "NXDOMAIN", Flags: "aa rd ra", Ns: consul},

		{Name: "the type asked is chased", Ask: "far.service.consul. AAAA", With: "rd", Flags: "aa rd ra",
			Answer: `far.service.consul. CNAME www.example.com.
				www.example.com. 300 CNAME cdn.example.net.
				cdn.example.net. 200 AAAA 2001:db8::5`},
		{Name: "the end decides the rcode", Ask: "host-node.node.consul. A", With: "rd", Rcode: "NXDOMAIN", Flags: "aa rd ra",
			Answer: "host-node.node.consul. CNAME outside.example.com.", Ns: "example.com. 5 SOA ns.example.com. h.example.com. 1 2 3 4 5"},
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
	good := newUpstream(t, always(t, "300"))
	silent := newUpstream(t, func(_ string, m *mdns.Msg) { m.Id = 0 })
	src := current(dnstest.Catalog(t, world))
	ask := dnstest.Case{Ask: "example.com. A", With: "rd", Flags: "rd ra", Answer: "example.com. 300 A 192.0.2.1"}

	dead := deadAddr(t)
	dnstest.Run(t, forwarder(t, src, withRecursors(broken.addr, dead, refuses.addr, good.addr)), []dnstest.Case{ask})
	if broken.asked.Load() != 1 || refuses.asked.Load() != 1 {
		t.Error("recursors were not asked in sequence")
	}
	fails := dnstest.Case{Ask: "example.com. A", With: "rd", EDNS: "1232", Rcode: "SERVFAIL", Flags: "rd ra",
		EDE: "23 recursor " + broken.addr + ": says SERVFAIL; recursor " + refuses.addr + ": says REFUSED"}
	viaAlias := fails
	viaAlias.Ask, viaAlias.Flags = "far.service.consul. A", "rd ra"
	afar := fails
	afar.From, afar.EDE = "10.9.9.9", "23"
	h := forwarder(t, src, withRecursors(broken.addr, refuses.addr))
	dnstest.Run(t, h, []dnstest.Case{fails, viaAlias, afar, fails})
	if n := broken.asked.Load(); n != 3 { // the last two were answered from memory
		t.Errorf("asked %d times for what failed just now", n)
	}
	h = forwarder(t, src, func(c *dns.Config) {
		c.Recursors, c.RecursorTimeout = []string{silent.addr}, 50*time.Millisecond
	})
	fails.EDE = "23 recursor " + silent.addr + ": no reply in 50ms"
	dnstest.Run(t, h, []dnstest.Case{fails})
}

// TestOverload holds that queries waiting for recursors are bounded, and hold up no local answer.
func TestOverload(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	slow := newUpstream(t, func(_ string, m *mdns.Msg) {
		close(asked)
		<-release
		m.Answer = []mdns.RR{rr(t, "example.com. 300 A 192.0.2.1")}
	})
	h := forwarder(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) {
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
	a, b := newUpstream(t, always(t, "0")), newUpstream(t, always(t, "0"))
	h := forwarder(t, current(catalog.New()), func(c *dns.Config) {
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

// TestReplyIsKept asks the same in many ways: upstream is asked once for each that may differ.
func TestReplyIsKept(t *testing.T) {
	u := newUpstream(t, func(_ string, m *mdns.Msg) {
		q := m.Question[0]
		m.Compress = true // so that names point into the question, and have its case
		m.Answer = []mdns.RR{rr(t, q.Name+" 3600 CNAME cdn."+q.Name), rr(t, "cdn."+q.Name+" 3600 A 192.0.2.1")}
	})
	h := forwarder(t, current(dnstest.Catalog(t, world)), withRecursors(u.addr))
	for _, c := range []struct {
		ask, with, edns, from string
		asked                 int32 // so far
	}{
		{"www.example.com.", "rd", "", "", 1},
		{"www.example.com.", "rd", "1232", "10.1.1.1", 1},
		{"WWW.eXample.com.", "rd", "", "", 1},
		{"www.example.com.", "rd", "1232 do", "", 2},
		{"www.example.com.", "rd cd", "1232 do", "", 3},
		{"www.example.com.", "rd cd", "", "", 4},
		{"www.example.com.", "rd", "", "203.0.113.9", 4}, // a stranger gets nothing of it
		{"www.example.com.", "", "", "", 4},
		{"www.Example.com.", "rd", "", "", 4},
	} {
		reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: c.ask + " A", With: c.with, EDNS: c.edns, From: c.from})
		if got := u.asked.Load(); got != c.asked {
			t.Errorf("%+v: asked %d times, want %d", c, got, c.asked)
		}
		if c.from == "203.0.113.9" || c.with == "" {
			if reply.Rcode != mdns.RcodeRefused {
				t.Errorf("%+v: %s", c, reply)
			}
			continue
		}
		if len(reply.Answer) != 2 || reply.Answer[0].Header().Name != c.ask || reply.Answer[1].Header().Name != "cdn."+c.ask {
			t.Errorf("%+v: %s", c, reply)
		}
		if ttl := reply.Answer[0].Header().Ttl; ttl > 3600 || ttl < 3000 {
			t.Errorf("TTL %d", ttl)
		}
	}
}

// TestRecursorReload holds what a reload keeps: what was learned of the same recursors, and nothing else.
func TestRecursorReload(t *testing.T) {
	a, b := newUpstream(t, always(t, "3600")), newUpstream(t, always(t, "3600"))
	cfg := dns.DefaultConfig()
	cfg.Addrs = []string{"127.0.0.1:0"}
	withRecursors(a.addr)(&cfg)
	s, err := dns.New(cfg, current(catalog.New()), deps())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		name         string
		change       func(*dns.Config)
		askedA, also int32
	}{
		{"first", func(*dns.Config) {}, 1, 0},
		{"other settings", func(c *dns.Config) { c.NodeTTL, c.RecursorTimeout = time.Minute, time.Minute }, 1, 0},
		{"other strategy", func(c *dns.Config) { c.RecursorStrategy = dns.Random }, 1, 0},
		{"other recursors", func(c *dns.Config) { c.Recursors = []string{b.addr} }, 1, 1},
		{"back again", func(c *dns.Config) { c.Recursors = []string{a.addr} }, 2, 1},
		{"other size", func(c *dns.Config) { c.RecursorCache = 1 << 20 }, 3, 1},
		{"no cache", func(c *dns.Config) { c.RecursorCache = 0 }, 4, 1},
		{"still none", func(c *dns.Config) { c.NodeTTL = 0 }, 5, 1},
	} {
		c.change(&cfg)
		if err := s.Reload(cfg); err != nil {
			t.Fatal(err)
		}
		reply, _ := dnstest.Ask(t, s.WithoutHedges(), dnstest.Case{Ask: "example.com. A", With: "rd"})
		if len(reply.Answer) != 1 || a.asked.Load() != c.askedA || b.asked.Load() != c.also {
			t.Errorf("%s: asked %d and %d times, want %d and %d", c.name, a.asked.Load(), b.asked.Load(), c.askedA, c.also)
		}
	}
	cfg.Recursors = nil
	if err := s.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	if reply, _ := dnstest.Ask(t, s.Handler, dnstest.Case{Ask: "example.com. A", With: "rd"}); reply.Rcode != mdns.RcodeRefused {
		t.Errorf("answered without recursors: %s", reply)
	}
}
