package dns_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestBursts sends more queries at once than a batch holds, of those that the cache
// answers, those that others do, and those that nobody may: each gets its own reply, and just one.
// Both ways to read a socket are tried, on an address and on all addresses.
func TestBursts(t *testing.T) {
	for _, c := range []struct {
		way    string
		listen string
		host   string
	}{
		{"batches", "127.0.0.1:0", "127.0.0.1"}, {"batches", "0.0.0.0:0", "127.0.0.3"}, {"batches", "[::1]:0", "::1"}, {"batches", "[::]:0", "::1"},
		{"singles", "127.0.0.1:0", "127.0.0.1"}, {"singles", "0.0.0.0:0", "127.0.0.3"}, {"singles", "[::]:0", "::1"},
	} {
		t.Run(c.way+" on "+c.listen, func(t *testing.T) {
			if runtime.GOOS != "linux" && c.host == "127.0.0.3" {
				t.Skip("only Linux has all of 127.0.0.0/8 on its loopback")
			}
			if c.host == "::1" && !hasIPv6() {
				t.Skip("no IPv6 on this machine's loopback")
			}
			s := newServer(t, c.listen)
			if c.way == "singles" {
				if err := dns.ReadSingly(s); err != nil {
					t.Fatal(err)
				}
			}
			s.Start()
			burst(t, netip.AddrPortFrom(netip.MustParseAddr(c.host), s.Addrs()[0].Port()))
		})
	}
}

func hasIPv6() bool {
	c, err := net.ListenPacket("udp", "[::1]:0")
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func newServer(t *testing.T, listen string) *dns.Server {
	t.Helper()
	cfg := dns.DefaultConfig()
	cfg.Addrs, cfg.NSID = []string{listen}, "me"
	s, err := dns.New(cfg, live{dnstest.Catalog(t, watchedWorld)}, deps())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// burst asks through connected sockets, so that a reply from another address than the one asked is not seen.
func burst(t *testing.T, to netip.AddrPort) {
	const queries = 150
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	asked := map[uint16][]byte{}
	for id := range uint16(queries) {
		var query []byte
		switch id % 5 {
		case 0, 1:
			query = packed(t, "web.service.consul.", mdns.TypeA, 1232)
		case 2:
			query = packed(t, fmt.Sprintf("none%d.service.consul.", id), mdns.TypeSRV, 0)
		case 3:
			query = packedWith(t, "db.service.consul. SRV", withNSID)
		case 4:
			query = packed(t, "web.service.consul.", mdns.TypeA, 0)
			query[2] |= 0x80 // a response
		}
		binary.BigEndian.PutUint16(query, id)
		if id%5 != 4 {
			asked[id] = query
		}
		if _, err := conn.Write(query); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 4096)
	for len(asked) > 0 {
		n, err := conn.Read(reply)
		if err != nil {
			t.Fatalf("%d queries have no reply: %v", len(asked), err)
		}
		m := new(mdns.Msg)
		if err := m.Unpack(reply[:n]); err != nil {
			t.Fatal(err)
		}
		query := asked[m.Id]
		if query == nil {
			t.Fatalf("a second reply, or one to a response: %s", m)
		}
		delete(asked, m.Id)
		q := new(mdns.Msg)
		if err := q.Unpack(query); err != nil {
			t.Fatal(err)
		}
		wantRcode, wantAnswers := mdns.RcodeSuccess, 1
		if m.Id%5 == 2 {
			wantRcode, wantAnswers = mdns.RcodeNameError, 0
		}
		if m.Question[0] != q.Question[0] || m.Rcode != wantRcode || len(m.Answer) != wantAnswers {
			t.Errorf("to %s\ncame %s", q, m)
		}
	}
}

// TestQuietSocketWakes asks one query after another, each when the worker has gone to sleep
// on the answer to the one before, and bursts between them.
func TestQuietSocketWakes(t *testing.T) {
	s := newServer(t, "127.0.0.1:0")
	s.Start()
	for range 20 {
		if got := addresses(lookup(t, "udp", s.Addrs()[0].String(), "web.service.consul.", mdns.TypeA)); got != "10.1.0.1" {
			t.Fatalf("got %s", got)
		}
		burst(t, s.Addrs()[0])
	}
}

// TestDatagramsAreNotSharedWithStrangers holds that no other server gets some of an
// address' queries, although its sockets share it among themselves.
func TestDatagramsAreNotSharedWithStrangers(t *testing.T) {
	s := newServer(t, "127.0.0.1:0")
	cfg := dns.DefaultConfig()
	cfg.Addrs = []string{s.Addrs()[0].String()}
	if other, err := dns.New(cfg, live{dnstest.Catalog(t, watchedWorld)}, deps()); err == nil {
		_ = other.Close()
		t.Error("a second server has the address")
	}
}
