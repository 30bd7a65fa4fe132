package dns_test

import (
	"net/netip"
	"testing"

	"muster/dns"
	"muster/dns/dnstest"
)

func TestNodes(t *testing.T) {
	state := dnstest.Catalog(t, world)
	consul := soa("consul.", "consul.", state)
	meta := func(owner string) string {
		return owner + ` TXT "a=b"
			` + owner + ` TXT "rack=r1"
			` + owner + ` TXT "free text"
			`
	}
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "n1.node.consul. A", Answer: "n1.node.consul. A 10.0.0.11"},
		{Ask: "N1.Node.dc1.consul. AAAA", Answer: "N1.Node.dc1.consul. AAAA 2001:db8::11"},
		{Ask: "n2.node.consul. AAAA", Ns: consul, EDNS: "1232", EDE: "0 the name has addresses of the other family only"},
		{Ask: "n1.node.consul. TXT", Answer: meta("n1.node.consul.")},
		{Ask: "n1.node.consul. ANY", Answer: "n1.node.consul. A 10.0.0.11"},
		{Ask: "n1.node.consul. ANY", TCP: true, Answer: meta("n1.node.consul.") + `n1.node.consul. A 10.0.0.11
			n1.node.consul. AAAA 2001:db8::11`},
		{Ask: "n2.node.consul. TXT", Ns: consul},
		{Ask: "n2.node.consul. SRV", Ns: consul},
		{Ask: "n2.node.consul. MX", Ns: consul},
		{Name: "health does not matter", Ask: "sick.node.consul. A", Answer: "sick.node.consul. A 10.0.0.14"},
		{Ask: "big.node.example.node.consul. A", Answer: "big.node.example.node.consul. A 10.0.0.13"},
		{Ask: "node.example.node.consul. A", Ns: consul},
		{Ask: "example.node.consul. A", Ns: consul, EDNS: "1232", EDE: "0 there are names below this one, but no records at it"},
		{Ask: "ample.node.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "nope.node.consul. SRV", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: `0 no node "nope"`},
		{Ask: "n1.node.dc9.consul. A", Rcode: "NXDOMAIN", Ns: consul},

		{Ask: "0a00000B.addr.consul. A", Answer: "0a00000B.addr.consul. A 10.0.0.11"},
		{Ask: "0a00000b.addr.dc1.consul. ANY", Answer: "0a00000b.addr.dc1.consul. A 10.0.0.11"},
		{Ask: "0a00000b.addr.dc1.consul. AAAA", Ns: consul},
		{Ask: "20010db8000000000000000000000001.addr.consul. AAAA", Answer: "20010db8000000000000000000000001.addr.consul. AAAA 2001:db8::1"},
		{Ask: "0a00000b.addr.dc2.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "0a0000zz.addr.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "0a00.addr.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "x.0a00000b.addr.consul. A", Rcode: "NXDOMAIN", Ns: consul},
	})
	dnstest.Run(t, handler(t, current(state), func(c *dns.Config) { c.EnableAdditionalNodeMetaTXT = true }), []dnstest.Case{
		{Name: "meta beside an address", Ask: "n1.node.consul. A", Answer: "n1.node.consul. A 10.0.0.11", Extra: meta("n1.node.consul.")},
		{Name: "meta beside SRV", Ask: "upper.service.consul. SRV", Answer: "upper.service.consul. SRV 1 1 9000 n1.node.dc1.consul.",
			Extra: meta("n1.node.dc1.consul.") + `n1.node.dc1.consul. A 10.0.0.11
				n1.node.dc1.consul. AAAA 2001:db8::11`},
	})
}

func TestApexAndNonTerminals(t *testing.T) {
	state := dnstest.Catalog(t, world)
	consul := soa("consul.", "consul.", state)
	cases := []dnstest.Case{
		{Ask: "consul. SOA", Answer: consul, Ns: "consul. NS srv1.node.dc1.consul.", Extra: "srv1.node.dc1.consul. A 10.0.0.1"},
		{Ask: "CONSUL. SOA", Answer: soa("CONSUL.", "CONSUL.", state), Ns: "CONSUL. NS srv1.node.dc1.CONSUL.",
			Extra: "srv1.node.dc1.CONSUL. A 10.0.0.1"},
		{Ask: "consul. NS", Answer: "consul. NS srv1.node.dc1.consul.", Extra: "srv1.node.dc1.consul. A 10.0.0.1"},
		{Ask: "consul. ANY", Answer: consul},
		{Ask: "consul. ANY", TCP: true, Answer: consul + "\nconsul. NS srv1.node.dc1.consul."},
		{Ask: "ns.consul. A", Answer: "ns.consul. A 10.0.0.1"},
		{Ask: "ns.consul. AAAA", Ns: consul},
		{Ask: "ns.consul. MX", Ns: consul},
		{Ask: "ns.dc1.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "web.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "x.y.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "virtual.consul. A", Rcode: "NXDOMAIN", Ns: consul},
	}
	for _, name := range []string{
		"consul.", "service.consul.", "node.consul.", "addr.consul.", "query.consul.", "dc1.consul.", "DC1.consul.", "dc.consul.",
		"dc1.dc.consul.", "service.dc1.consul.", "node.dc1.consul.", "service.dc1.dc.consul.", "addr.dc1.consul.",
	} {
		for _, qtype := range []string{" A", " MX", " SRV"} {
			cases = append(cases, dnstest.Case{Ask: name + qtype, Ns: consul})
		}
	}
	dnstest.Run(t, handler(t, current(state), nil), cases)
}

func TestNoServers(t *testing.T) {
	state := dnstest.Catalog(t, `
		node s 10.0.0.1
		service s consul port=8300 status=critical`)
	consul := soa("consul.", "consul.", state)
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "consul. SOA", Answer: consul},
		{Ask: "consul. NS", Ns: consul},
		{Ask: "ns.consul. A", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
	})
}

func TestAltDomain(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), func(c *dns.Config) {
		c.Domain = "sd.corp.example."
		c.AltDomain = "Alt"
	})
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "six.service.sd.corp.example. SRV", Answer: "six.service.sd.corp.example. SRV 1 1 66 20010db8000000000000000000000006.addr.dc1.sd.corp.example.",
			Extra: "20010db8000000000000000000000006.addr.dc1.sd.corp.example. AAAA 2001:db8::6"},
		{Ask: "upper.service.alt. SRV", Answer: "upper.service.alt. SRV 1 1 9000 n1.node.dc1.alt.",
			Extra: "n1.node.dc1.alt. A 10.0.0.11\nn1.node.dc1.alt. AAAA 2001:db8::11"},
		{Ask: "nope.service.ALT. A", Rcode: "NXDOMAIN", Ns: soa("ALT.", "ALT.", state)},
		{Ask: "alt. NS", Answer: "alt. NS srv1.node.dc1.alt.", Extra: "srv1.node.dc1.alt. A 10.0.0.1"},
		{Ask: "ns.alt. A", Answer: "ns.alt. A 10.0.0.1"},
		{Ask: "corp.example. A", Rcode: "REFUSED", Flags: "-"},
		{Ask: "web.service.consul. A", Rcode: "REFUSED", Flags: "-", EDNS: "1232", EDE: "20 not in a zone of this server"},
	})
}

func TestNestedDomains(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), func(c *dns.Config) { c.AltDomain = "x.consul" })
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "nope.service.x.consul. A", Rcode: "NXDOMAIN", Ns: soa("x.consul.", "x.consul.", state)},
		{Ask: "nope.service.consul. A", Rcode: "NXDOMAIN", Ns: soa("consul.", "consul.", state)},
		{Ask: "n2.node.x.consul. A", Answer: "n2.node.x.consul. A 10.0.0.12"},
	})
}

func TestReverse(t *testing.T) {
	state := dnstest.Catalog(t, world)
	net10 := soa("1.10.in-addr.arpa.", "consul.", state)
	cases := []dnstest.Case{
		{Name: "node", Ask: "11.0.0.10.in-addr.arpa. PTR", Answer: "11.0.0.10.in-addr.arpa. PTR n1.node.dc1.consul."},
		{Name: "node's name as registered", Ask: "13.0.0.10.in-addr.arpa. PTR", Answer: "13.0.0.10.in-addr.arpa. PTR Big.Node.Example.node.dc1.consul."},
		{Name: "service", Ask: "1.0.1.10.in-addr.ARPA. PTR", Answer: "1.0.1.10.in-addr.ARPA. PTR web.service.dc1.consul."},
		{Name: "IPv6", Ask: "6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR",
			Answer: "6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR six.service.dc1.consul."},
		{Name: "several instances, one name", Ask: "1.0.7.10.in-addr.arpa. PTR", Answer: "1.0.7.10.in-addr.arpa. PTR same.service.dc1.consul."},
		{Name: "ANY", Ask: "11.0.0.10.in-addr.arpa. ANY", Answer: "11.0.0.10.in-addr.arpa. PTR n1.node.dc1.consul."},
		{Name: "other type", Ask: "11.0.0.10.in-addr.arpa. A", Ns: soa("11.0.0.10.in-addr.arpa.", "consul.", state)},
		{Name: "SOA of a known address", Ask: "11.0.0.10.in-addr.arpa. SOA", Answer: soa("11.0.0.10.in-addr.arpa.", "consul.", state),
			Ns: "11.0.0.10.in-addr.arpa. NS srv1.node.dc1.consul.", Extra: "srv1.node.dc1.consul. A 10.0.0.1"},
		{Name: "known but unhealthy", Ask: "2.0.3.10.in-addr.arpa. PTR", Ns: soa("2.0.3.10.in-addr.arpa.", "consul.", state),
			EDNS: "1232", EDE: "0 at this address 1 instance: 1 critical"},
		{Name: "not ours", Ask: "9.9.9.9.in-addr.arpa. PTR", Rcode: "REFUSED", Flags: "-"},
		{Name: "not an address", Ask: "10.in-addr.arpa. PTR", Rcode: "REFUSED", Flags: "-"},
		{Ask: "foo.arpa. PTR", Rcode: "REFUSED", Flags: "-"},
	}
	dnstest.Run(t, handler(t, current(state), nil), cases)
	h := handler(t, current(state), func(c *dns.Config) {
		c.ReverseNetworks = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")}
	})
	dnstest.Run(t, h, append(cases[:3:3], []dnstest.Case{
		{Name: "unhealthy in a network", Ask: "3.0.1.10.in-addr.arpa. PTR", Rcode: "NXDOMAIN", Ns: net10},
		{Name: "unknown in a network", Ask: "77.0.1.10.in-addr.arpa. PTR", Rcode: "NXDOMAIN", Ns: net10,
			EDNS: "1232", EDE: "0 no node and no service has this address"},
		{Ask: "1.0.1.10.in-addr.arpa. A", Ns: net10},
		{Ask: "0.1.10.in-addr.arpa. NS", Ns: net10},
		{Ask: "1.10.in-addr.arpa. PTR", Ns: net10},
		{Ask: "x.1.10.in-addr.arpa. PTR", Rcode: "NXDOMAIN", Ns: net10},
		{Ask: "1.1.0.1.10.in-addr.arpa. PTR", Rcode: "NXDOMAIN", Ns: net10},
		{Ask: "1.10.in-addr.arpa. SOA", Answer: net10, Ns: "1.10.in-addr.arpa. NS srv1.node.dc1.consul.", Extra: "srv1.node.dc1.consul. A 10.0.0.1"},
		{Ask: "0.8.b.d.0.1.0.0.2.ip6.arpa. PTR", Ns: soa("8.b.d.0.1.0.0.2.ip6.arpa.", "consul.", state)},
	}...))
}
