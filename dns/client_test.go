package dns_test

import (
	"net"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
)

func query(t *testing.T, server, name, qtype string, o dns.ClientOptions) *dns.Reply {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = patience
	}
	r, err := dns.Query(t.Context(), server, name, qtype, o)
	if err != nil {
		t.Fatalf("%s %s: %v", name, qtype, err)
	}
	return r
}

func TestClientAsksOurServer(t *testing.T) {
	s, _ := serve(t, current(crowd(t, 1, 60)), nil)
	server := s.Addrs()[0].String()
	for _, c := range []struct {
		name, qtype string
		tcp         bool

		rcode, flags, protocol, errors string
		answers, additional            int
		retried                        bool
	}{
		{name: "s1.service.consul", qtype: "a", rcode: "NOERROR", flags: "qr aa rd", protocol: "udp", answers: 1},
		{name: "S1.service.consul.", qtype: "SRV", tcp: true, rcode: "NOERROR", flags: "qr aa rd", protocol: "tcp", answers: 1, additional: 1},
		{name: "s60.service.consul", qtype: "SRV", rcode: "NOERROR", flags: "qr aa rd", protocol: "tcp", answers: 60, additional: 60, retried: true},
		{name: "nope.service.consul", qtype: "A", rcode: "NXDOMAIN", flags: "qr aa rd", protocol: "udp", errors: `0 (Other): no service "nope"`},
		{name: "example.com", qtype: "TYPE65280", rcode: "REFUSED", flags: "qr rd", protocol: "udp", errors: "20 (Not Authoritative): not in a zone of this server"},
	} {
		r := query(t, server, c.name, c.qtype, dns.ClientOptions{TCP: c.tcp})
		var errors []string
		for _, e := range r.EDNS.Errors {
			errors = append(errors, e.String())
		}
		if r.Rcode != c.rcode || strings.Join(r.Flags, " ") != c.flags || r.Protocol != c.protocol || r.Retried != c.retried ||
			len(r.Answer) != c.answers || len(r.Additional) != c.additional || strings.Join(errors, "; ") != c.errors {
			t.Errorf("%s %s: %+v, %+v", c.name, c.qtype, r, r.EDNS)
		}
		if r.Server != server || r.Took <= 0 || r.Size < 12 || r.Opcode != "QUERY" || r.EDNS.UDPSize != 1232 {
			t.Errorf("%s %s: %+v", c.name, c.qtype, r)
		}
	}
	r := query(t, server, "S1.service.consul.", "A", dns.ClientOptions{})
	if r.Question != "S1.service.consul. IN A" || r.Answer[0] != "S1.service.consul. 0 IN A 10.1.0.1" {
		t.Errorf("texts: %+v", r)
	}
}

// TestClientWaitsForItsReply sends packets that answer something else first.
func TestClientWaitsForItsReply(t *testing.T) {
	u := newScripted(t, func(_ string, w mdns.ResponseWriter, query, reply *mdns.Msg) {
		other := reply.Copy()
		other.Id++
		_ = w.WriteMsg(other)
		other = reply.Copy()
		other.Question[0].Name = "other.example.com."
		_ = w.WriteMsg(other)
		_ = w.WriteMsg(query) // no response at all
		_, _ = w.Write([]byte("short"))
		reply.Answer = []mdns.RR{rr(t, `www.example.com. 60 TXT "two  blanks" "a\009tab"`)}
		_ = w.WriteMsg(reply)
	})
	r := query(t, u.addr, "www.example.com", "TXT", dns.ClientOptions{})
	if len(r.Answer) != 1 || r.Answer[0] != `www.example.com. 60 IN TXT "two  blanks" "a\009tab"` || r.EDNS != nil {
		t.Errorf("got %+v", r)
	}
}

func TestClientShowsBareReplies(t *testing.T) {
	u := newScripted(t, func(_ string, w mdns.ResponseWriter, query, _ *mdns.Msg) {
		bare := &mdns.Msg{MsgHdr: mdns.MsgHdr{Id: query.Id, Response: true, Rcode: mdns.RcodeFormatError}}
		_ = w.WriteMsg(bare)
	})
	if r := query(t, u.addr, "a", "A", dns.ClientOptions{}); r.Rcode != "FORMERR" || r.Question != "" {
		t.Errorf("got %+v", r)
	}
}

func TestClientWithoutReply(t *testing.T) {
	silent := newScripted(t, func(string, mdns.ResponseWriter, *mdns.Msg, *mdns.Msg) {})
	cut := newScripted(t, func(network string, w mdns.ResponseWriter, _, reply *mdns.Msg) {
		if reply.Truncated = true; network == "udp" {
			_ = w.WriteMsg(reply)
			return
		}
		_ = w.Close()
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	_ = closed.Close()
	for _, c := range []struct {
		server, name, qtype string
		o                   dns.ClientOptions
		want                string
	}{
		{silent.addr, "a", "A", dns.ClientOptions{Timeout: 50 * time.Millisecond}, "(udp): no reply in 50ms"},
		{silent.addr, "a", "A", dns.ClientOptions{Timeout: 50 * time.Millisecond, TCP: true}, "(tcp): no reply in 50ms"},
		{cut.addr, "a", "A", dns.ClientOptions{Timeout: patience}, "the reply over UDP is cut short, and over TCP: "},
		{gone, "a", "A", dns.ClientOptions{TCP: true}, "connection refused"},
		{gone, "a..b", "A", dns.ClientOptions{}, "is not a domain name"},
		{gone, "a", "bogus", dns.ClientOptions{}, "is not a record type"},
	} {
		if r, err := dns.Query(t.Context(), c.server, c.name, c.qtype, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, %v, want %q", c.name, c.qtype, r, err, c.want)
		}
	}
}
