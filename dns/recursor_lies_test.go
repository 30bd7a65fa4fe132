package dns_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
	"muster/metrics"
)

// TestLyingUpstreams asks upstreams that send, beside or instead of the truth, what does not
// belong to the question. A lie never comes through, and where the truth is to be had it does.
func TestLyingUpstreams(t *testing.T) {
	truth := func(m *mdns.Msg) { m.Answer = []mdns.RR{rr(t, m.Question[0].Name+" 300 A 192.0.2.1")} }
	lie := func(w mdns.ResponseWriter, m *mdns.Msg, change func(*mdns.Msg)) {
		lie := m.Copy()
		lie.Answer = []mdns.RR{rr(t, m.Question[0].Name+" 300 A 203.0.113.66")}
		change(lie)
		_ = w.WriteMsg(lie)
	}
	lies := map[string]func(*mdns.Msg){
		"id":       func(m *mdns.Msg) { m.Id++ },
		"name":     func(m *mdns.Msg) { m.Question[0].Name = "x" + m.Question[0].Name[1:] },
		"type":     func(m *mdns.Msg) { m.Question[0].Qtype = mdns.TypeMX },
		"class":    func(m *mdns.Msg) { m.Question[0].Qclass = mdns.ClassCHAOS },
		"question": func(m *mdns.Msg) { m.Question = nil },
		"query":    func(m *mdns.Msg) { m.Response = false },
		"case":     func(m *mdns.Msg) { m.Question[0].Name = swapCase(m.Question[0].Name) },
	}
	src := current(catalog.New())
	for name, change := range lies {
		answered := dnstest.Case{Name: name + " first", Ask: "www.example.com. A", With: "rd", Flags: "rd ra", Answer: "www.example.com. 300 A 192.0.2.1"}
		first := newScripted(t, func(network string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			if network == "udp" {
				lie(w, m, change)
			}
			truth(m)
			_ = w.WriteMsg(m)
		})
		dnstest.Run(t, forwarder(t, src, withRecursors(first.addr)), []dnstest.Case{answered})
		if doubted := first.tcp.Load() > 0; doubted != (name == "case") {
			t.Errorf("%s: asked over TCP for one lie: %t", name, doubted)
		}

		answered.Name = name + " only, but over TCP"
		flood := newScripted(t, func(network string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			if network == "udp" {
				for range 5 {
					lie(w, m, change)
				}
				return
			}
			truth(m)
			_ = w.WriteMsg(m)
		})
		dnstest.Run(t, forwarder(t, src, withRecursors(flood.addr)), []dnstest.Case{answered})
		if flood.tcp.Load() != 1 {
			t.Errorf("%s: asked %d times over TCP", name, flood.tcp.Load())
		}
		if name == "case" {
			continue // over TCP that is an upstream with bad manners, not a forger
		}
		always := newScripted(t, func(_ string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			for range 5 {
				lie(w, m, change)
			}
		})
		h := forwarder(t, src, func(c *dns.Config) {
			withRecursors(always.addr)(c)
			c.RecursorTimeout = time.Second
		})
		dnstest.Run(t, h, []dnstest.Case{{Name: name + " always", Ask: "www.example.com. A", With: "rd", Rcode: "SERVFAIL", Flags: "rd ra"}})
	}
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

// TestFoldingUpstream holds that one that changes the case of names is doubted once, and not for ever.
func TestFoldingUpstream(t *testing.T) {
	u := newUpstream(t, func(_ string, m *mdns.Msg) {
		m.Question[0].Name = strings.ToLower(m.Question[0].Name)
		m.Answer = []mdns.RR{rr(t, m.Question[0].Name+" 0 A 192.0.2.1")}
	})
	h := forwarder(t, current(catalog.New()), withRecursors(u.addr))
	for range 5 {
		dnstest.Run(t, h, []dnstest.Case{{Ask: "wwW.exaMple.coM. A", With: "rd", Flags: "rd ra", Answer: "wwW.exaMple.coM. A 192.0.2.1"}})
	}
	if u.tcp.Load() != 1 || u.asked.Load() != 6 {
		t.Errorf("asked %d times, %d of them over TCP", u.asked.Load(), u.tcp.Load())
	}
}

// TestUselessReplies asks upstreams whose replies belong to the question and cannot be used.
func TestUselessReplies(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(network string, w mdns.ResponseWriter, query, reply *mdns.Msg)
		says  string
	}{
		"records that are none": {func(_ string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			wire, _ := m.Pack()
			wire[7] = 9 // as many answers
			_, _ = w.Write(append(wire, 0xc0, 12, 0, 1))
		}, "reply cannot be read"},
		"cut short over TCP": {func(_ string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			m.Truncated = true
			_ = w.WriteMsg(m)
		}, "reply over TCP is cut short"},
		"cut short, then silent": {func(network string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			m.Truncated = true
			if network == "udp" {
				_ = w.WriteMsg(m)
			}
		}, "no reply in 200ms"},
		"cut short, then gone": {func(network string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			m.Truncated = true
			if network == "udp" {
				_ = w.WriteMsg(m)
			} else {
				_ = w.Close()
			}
		}, ""},
		"a code of its own": {func(_ string, w mdns.ResponseWriter, _, m *mdns.Msg) {
			m.Rcode = 11
			_ = w.WriteMsg(m)
		}, "says DSOTYPENI"},
	} {
		t.Run(name, func(t *testing.T) {
			u := newScripted(t, c.serve)
			h := forwarder(t, current(catalog.New()), func(cfg *dns.Config) {
				cfg.Recursors, cfg.RecursorTimeout = []string{u.addr}, 200*time.Millisecond
				if c.says != "no reply in 200ms" {
					cfg.RecursorTimeout = time.Minute
				}
			})
			reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "www.example.com. A", With: "rd", EDNS: "1232"})
			if ede := dnstest.EDE(reply); reply.Rcode != mdns.RcodeServerFailure || !strings.HasPrefix(ede, "23 recursor "+u.addr+": "+c.says) {
				t.Errorf("EDE %q, reply %s", ede, reply)
			}
		})
	}
}

// TestWrongSource has a stranger send a perfect reply, before the upstream does.
func TestWrongSource(t *testing.T) {
	u := newScripted(t, func(_ string, w mdns.ResponseWriter, _, m *mdns.Msg) {
		forged := m.Copy()
		forged.Answer = []mdns.RR{rr(t, m.Question[0].Name+" 300 A 203.0.113.66")}
		wire, err := forged.Pack()
		if err != nil {
			t.Error(err)
		}
		for _, from := range []string{"127.0.0.1:0", "127.0.0.2:0"} {
			stranger, err := net.ListenPacket("udp", from)
			if err != nil {
				continue // not every system has 127.0.0.2
			}
			_, _ = stranger.WriteTo(wire, w.RemoteAddr())
			_ = stranger.Close()
		}
		m.Answer = []mdns.RR{rr(t, m.Question[0].Name+" 300 A 192.0.2.1")}
		_ = w.WriteMsg(m)
	})
	dnstest.Run(t, forwarder(t, current(catalog.New()), withRecursors(u.addr)), []dnstest.Case{
		{Ask: "www.example.com. A", With: "rd", Flags: "rd ra", Answer: "www.example.com. 300 A 192.0.2.1"},
	})
}

// TestPortsAndIDs holds that each query has an id and a port of its own, hard to foresee.
func TestPortsAndIDs(t *testing.T) {
	const questions = 100
	seen := make(chan [2]uint16, questions)
	u := newScripted(t, func(_ string, w mdns.ResponseWriter, q, m *mdns.Msg) {
		seen <- [2]uint16{q.Id, netip.MustParseAddrPort(w.RemoteAddr().String()).Port()}
		_ = w.WriteMsg(m)
	})
	h := forwarder(t, current(catalog.New()), withRecursors(u.addr))
	ids, ports := map[uint16]bool{}, map[uint16]bool{}
	for range questions {
		dnstest.Ask(t, h, dnstest.Case{Ask: "www.example.com. A", With: "rd"})
		s := <-seen
		ids[s[0]], ports[s[1]] = true, true
	}
	if len(ids) < questions*9/10 || len(ports) < questions/2 { // chance of so many repeats: nil
		t.Errorf("%d ids and %d ports in %d queries", len(ids), len(ports), questions)
	}
}

// TestForwardLoop has an upstream that sends every question back to where it came from.
func TestForwardLoop(t *testing.T) {
	var h atomic.Pointer[dns.Handler]
	back := newScripted(t, func(_ string, w mdns.ResponseWriter, q, _ *mdns.Msg) {
		wire, err := q.Pack()
		if err != nil {
			t.Error(err)
		}
		if reply := dnstest.Exchange(h.Load(), wire, true); reply != nil {
			_, _ = w.Write(reply)
		}
	})
	h.Store(forwarder(t, current(catalog.New()), withRecursors(back.addr)))
	dnstest.Run(t, h.Load(), []dnstest.Case{{Ask: "www.long-enough.example.com. A", With: "rd", EDNS: "1232", Rcode: "SERVFAIL", Flags: "rd ra",
		EDE: "23 recursor " + back.addr + ": says REFUSED"}})
	if n := back.asked.Load(); n != 1 {
		t.Errorf("the question went round %d times", n)
	}
	// A short name has no mark. It waits for itself, and goes round no further.
	h.Store(forwarder(t, current(catalog.New()), func(c *dns.Config) {
		withRecursors(back.addr)(c)
		c.RecursorTimeout = 300 * time.Millisecond
	}))
	dnstest.Run(t, h.Load(), []dnstest.Case{{Ask: "a.b. A", With: "rd", Rcode: "SERVFAIL", Flags: "rd ra"}})
	if n := back.asked.Load(); n > 2 {
		t.Errorf("the short question went round %d times", n-1)
	}
}

// TestDeadUpstreamIsAskedLast holds that a dead upstream costs one question and not all of them.
func TestDeadUpstreamIsAskedLast(t *testing.T) {
	silent := newUpstream(t, func(_ string, m *mdns.Msg) { m.Id = 0 })
	good := newUpstream(t, always(t, "0"))
	m := metrics.New(metrics.Build{})
	cfg := dns.DefaultConfig()
	cfg.Recursors, cfg.RecursorTimeout = []string{silent.addr, good.addr}, time.Minute
	h, err := dns.NewHandler(cfg, current(catalog.New()), dns.Deps{Metrics: m.DNS, Recursor: m.Recursor})
	if err != nil {
		t.Fatal(err)
	}
	const questions = 200
	for range questions {
		if reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "www.example.com. A", With: "rd"}); len(reply.Answer) != 1 {
			t.Fatalf("no answer: %s", reply)
		}
	}
	if n := silent.asked.Load(); n > questions/4 { // 3 until it is known, and a probe now and then
		t.Errorf("the silent one was asked %d times of %d", n, questions)
	}
	counts := map[string]float64{}
	read, err := m.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range read.Counters {
		counts[v.Name+" "+v.Labels["result"]] = v.Value
	}
	if counts["muster_recursor_tries_total ok"] < questions || counts["muster_recursor_tries_total lost"] < 3 ||
		counts["muster_recursor_hedges_total "] < 3 || counts["muster_recursor_cache_total miss"] != questions {
		t.Errorf("counted %v", counts)
	}
}

// TestCloseEndsWaits holds that whoever waits for recursors is let go when the server closes.
func TestCloseEndsWaits(t *testing.T) {
	asked := make(chan struct{}, 10)
	silent := newUpstream(t, func(_ string, m *mdns.Msg) {
		m.Id = 0
		asked <- struct{}{}
	})
	cfg := dns.DefaultConfig()
	cfg.Addrs = []string{"127.0.0.1:0"}
	cfg.Recursors, cfg.RecursorTimeout = []string{silent.addr}, time.Hour
	s, err := dns.New(cfg, current(catalog.New()), deps())
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	c := mdns.Client{Timeout: time.Minute}
	q := new(mdns.Msg).SetQuestion("www.example.com.", mdns.TypeA)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-asked
		_ = s.Close() // returns only when all goroutines have ended: goleak looks
	}()
	reply, _, err := c.ExchangeContext(ctx, q, s.Addrs()[0].String())
	if err == nil && reply.Rcode != mdns.RcodeServerFailure {
		t.Errorf("got %s", reply)
	}
	_ = s.Close()
}
