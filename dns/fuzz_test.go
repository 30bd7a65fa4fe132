package dns_test

import (
	"encoding/binary"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// FuzzMessage holds of every message: no panic (which the handler would turn into
// SERVFAIL), silence for responses and scraps only, replies that unpack, that keep id and
// opcode, and that fit what the client can take.
func FuzzMessage(f *testing.F) {
	h := handler(f, current(dnstest.Catalog(f, world)), func(c *dns.Config) { c.EnableChaos, c.NSID = true, "x" })
	for _, ask := range []string{"web.service.consul. SRV", "consul. SOA", "n1.node.consul. ANY", "11.0.0.10.in-addr.arpa. PTR",
		"loop-a.service.consul. A", "version.bind. TXT CH"} {
		m := new(mdns.Msg)
		dnstest.Question(f, m, ask)
		plain, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		m.SetEdns0(4096, true)
		withOPT, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain, true)
		f.Add(withOPT, false)
	}
	f.Fuzz(func(t *testing.T, query []byte, udp bool) {
		reply := dnstest.Exchange(h, query, udp)
		if silent := len(query) < 12 || query[2]&0x80 != 0; silent != (reply == nil) {
			t.Fatalf("reply to %x: %x", query, reply)
		} else if silent {
			return
		}
		m := new(mdns.Msg)
		if err := m.Unpack(reply); err != nil {
			t.Fatalf("reply %x: %v", reply, err)
		}
		if m.Id != binary.BigEndian.Uint16(query) || m.Opcode != int(query[2]>>3&0xf) || !m.Response {
			t.Fatalf("reply to %x begins %x", query, reply[:12])
		}
		if most := 1232; udp && len(reply) > most {
			t.Fatalf("%d octets over UDP", len(reply))
		}
		if m.Rcode == mdns.RcodeServerFailure {
			t.Fatalf("a local question failed: %s", m)
		}
	})
}
