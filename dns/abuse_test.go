package dns_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
	"muster/metrics"
)

const stranger = "203.0.113.9"

// send puts a query to a handler from a stranger, over UDP unless told otherwise, with
// a COOKIE option in hexadecimal unless that is empty. A nil reply means that there was none.
func send(t *testing.T, h *dns.Handler, ask, cookie string, tcp bool) (query, reply *mdns.Msg) {
	t.Helper()
	query = new(mdns.Msg)
	query.Id, query.RecursionDesired, query.CheckingDisabled = mdns.Id(), true, true
	if ask != "" {
		dnstest.Question(t, query, ask)
	}
	if cookie != "" {
		query.SetEdns0(1232, true)
		query.IsEdns0().Option = []mdns.EDNS0{&mdns.EDNS0_COOKIE{Code: mdns.EDNS0COOKIE, Cookie: cookie}}
	}
	wire, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	w := &dnstest.Writer{From: netip.MustParseAddr(stranger), OverUDP: !tcp}
	h.ServeWire(t.Context(), w, wire)
	if len(w.Replies) == 0 {
		return query, nil
	}
	reply = new(mdns.Msg)
	if err := reply.Unpack(w.Replies[0]); err != nil {
		t.Fatalf("reply %x: %v", w.Replies[0], err)
	}
	return query, reply
}

func cookieOf(m *mdns.Msg) string {
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if c, ok := option.(*mdns.EDNS0_COOKIE); ok {
				return c.Cookie
			}
		}
	}
	return ""
}

// TestCookies holds what becomes of a COOKIE option: never a refusal of a question, never silence.
func TestCookies(t *testing.T) {
	const client, forged = "0102030405060708", "0102030405060708010000005cf79f111f8130c3eee29480"
	h := handler(t, current(dnstest.Catalog(t, world)), nil)
	for _, tcp := range []bool{false, true} {
		_, reply := send(t, h, "web.service.consul. A", client, tcp)
		good := cookieOf(reply)
		if len(good) != 48 || good[:16] != client || len(reply.Answer) != 2 {
			t.Fatalf("a client's own cookie: %s", reply)
		}
		for _, c := range []struct {
			name, ask, cookie string
			rcode, answers    int
			same              bool // the reply repeats the cookie
		}{
			{"ours", "web.service.consul. A", good, mdns.RcodeSuccess, 2, true},
			{"none of ours", "web.service.consul. A", forged, mdns.RcodeSuccess, 2, false},
			{"of another length", "web.service.consul. A", client + "0011223344556677", mdns.RcodeSuccess, 2, false},
			{"no question, client's own", "", client, mdns.RcodeSuccess, 0, false},
			{"no question, ours", "", good, mdns.RcodeSuccess, 0, true},
			{"no question, none of ours", "", forged, mdns.RcodeBadCookie, 0, false},
			{"an unknown name", "nope.service.consul. A", good, mdns.RcodeNameError, 0, true},
		} {
			query, reply := send(t, h, c.ask, c.cookie, tcp)
			got := cookieOf(reply)
			if reply.Rcode != c.rcode || len(reply.Answer) != c.answers || len(reply.Question) != len(query.Question) {
				t.Errorf("%s: %s", c.name, reply)
			}
			if len(got) != 48 || got[:16] != client || (got == c.cookie) != c.same {
				t.Errorf("%s: cookie %s", c.name, got)
			}
		}
		for _, n := range []int{1, 7, 9, 15, 41} {
			_, reply := send(t, h, "web.service.consul. A", hex.EncodeToString(make([]byte, n)), tcp)
			if reply.Rcode != mdns.RcodeFormatError || len(reply.Question) != 1 || reply.IsEdns0() == nil || cookieOf(reply) != "" {
				t.Errorf("a cookie of %d octets: %s", n, reply)
			}
		}
	}
	if _, reply := send(t, h, "web.service.consul. A", "", false); reply.IsEdns0() != nil {
		t.Errorf("no EDNS: %s", reply)
	}
}

// TestReplyRateLimit holds what limited clients get, kind of question by kind, and who is not limited.
func TestReplyRateLimit(t *testing.T) { synctest.Test(t, testReplyRateLimit) }

// testReplyRateLimit runs while the clock stands still.
func testReplyRateLimit(t *testing.T) {
	cfg := dns.DefaultConfig()
	cfg.RateLimit, cfg.RateLimitErrors, cfg.RateLimitSlip = 1, 1, 2
	reg := metrics.New(metrics.Build{})
	h, err := dns.NewHandler(cfg, current(dnstest.Catalog(t, world)), dns.Deps{Metrics: reg.DNS})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, ask string
		rcode     int // of the slip
		tc        bool
	}{
		{"answer", "web.service.consul. A", mdns.RcodeSuccess, true},
		{"unknown name", "nope.service.consul. A", mdns.RcodeSuccess, true},
		{"refusal", "example.com. A", mdns.RcodeRefused, false},
	} {
		silent := 0
		for range 50 {
			if _, reply := send(t, h, c.ask, "", false); reply == nil {
				silent++
			}
		}
		if silent != 25 { // one is answered, of the others every second
			t.Errorf("%s: %d of 50 without a reply", c.name, silent)
		}
		for _, cookie := range []string{"", "0102030405060708"} {
			query, reply := send(t, h, c.ask, cookie, false)
			if reply == nil {
				query, reply = send(t, h, c.ask, cookie, false)
			}
			if reply == nil || reply.Rcode != c.rcode || reply.Truncated != c.tc || reply.Authoritative || !reply.RecursionDesired || !reply.CheckingDisabled {
				t.Fatalf("%s, slip with cookie %q: %s", c.name, cookie, reply)
			}
			if reply.Id != query.Id || len(reply.Question) != 1 || reply.Question[0] != query.Question[0] ||
				len(reply.Answer)+len(reply.Ns) != 0 || len(reply.Extra) != len(query.Extra) || cookie != "" && !reply.IsEdns0().Do() {
				t.Errorf("%s, slip with cookie %q: %s", c.name, cookie, reply)
			}
			if _, reply := send(t, h, c.ask, cookie, true); reply.Truncated {
				t.Errorf("%s: limited over TCP: %s", c.name, reply)
			}
			if cookie == "" {
				continue
			}
			good := cookieOf(reply)
			for range 5 {
				if _, reply := send(t, h, c.ask, good, false); reply == nil || reply.Truncated {
					t.Fatalf("%s: a client with the cookie %q is limited", c.name, good)
				}
			}
		}
	}
	w := &dnstest.Writer{From: netip.MustParseAddr(stranger), OverUDP: true}
	for range 10 {
		h.ServeWire(t.Context(), w, make([]byte, 12)) // cannot be read, and counts as an error
	}
	if len(w.Replies) != 5 {
		t.Errorf("%d of 10 bare replies", len(w.Replies))
	}
	tooNew := shape{"", "0000", "1/0/0/1", "(web) A IN OPT 00010000 0000", "", ""}.message(t, 1)
	w.Replies = nil
	for range 10 {
		h.ServeWire(t.Context(), w, tooNew)
	}
	for _, reply := range w.Replies {
		if got := describe(tooNew, reply); got != "BADVERS 1/0/0/1 edns" {
			t.Errorf("slip for EDNS version 1: %s", got)
		}
	}
	if len(w.Replies) != 5 {
		t.Errorf("%d of 10 replies to EDNS version 1", len(w.Replies))
	}
	reading, err := reg.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range reading.Counters {
		if v.Name == "muster_dns_rate_limited_total" && v.Value < 20 {
			t.Errorf("%v: %v", fmt.Sprint(v.Labels), v.Value)
		}
	}
}
