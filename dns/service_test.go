package dns_test

import (
	"strings"
	"testing"
	"time"

	"muster/dns"
	"muster/dns/dnstest"
)

func TestService(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), nil)
	consul := soa("consul.", "consul.", state)
	both := `web.service.consul. A 10.1.0.1
		web.service.consul. A 10.1.0.2`
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.service.consul. A", Answer: both},
		{Ask: "web.service.dc1.consul. A", Answer: strings.ReplaceAll(both, "service.", "service.dc1.")},
		{Ask: "web.service.DC1.dc.consul. A", Answer: strings.ReplaceAll(both, "service.", "service.DC1.dc.")},
		{Ask: "WeB.sErvice.cOnsul. A", Answer: strings.ReplaceAll(both, "web.service.consul", "WeB.sErvice.cOnsul")},
		{Ask: "web.service.consul. AAAA", Ns: consul, EDNS: "1232", EDE: "0 the name has addresses of the other family only"},
		{Ask: "web.service.consul. MX", Ns: consul, EDNS: "1232", EDE: "0 the name has no records of this type"},
		{Ask: "web.service.consul. TYPE65280", Ns: consul},
		{Ask: "web.service.consul. PTR", Ns: consul},
		{Ask: "web.service.consul. CNAME", Ns: consul},
		{Ask: "web.service.consul. NS", Ns: consul},
		{Ask: "web.service.consul. SOA", Ns: consul},
		{Ask: "web.service.consul. TXT", Ns: consul},
		{Ask: "web.service.consul. ANY", Answer: both},
		{Ask: "upper.service.consul. A", Answer: "upper.service.consul. A 10.0.0.11"},
		{Ask: "upper.service.consul. AAAA", Answer: "upper.service.consul. AAAA 2001:db8::11"},
		{Ask: "six.service.consul. AAAA", Answer: "six.service.consul. AAAA 2001:db8::6"},
		{Ask: "six.service.consul. A", Ns: consul},
		{Ask: "dual.service.consul. A", Answer: "dual.service.consul. A 10.2.0.9"},
		{Ask: "dual.service.consul. AAAA", Answer: "dual.service.consul. AAAA 2001:db8:2::1"},
		{Name: "ANY over UDP is one RRset", Ask: "dual.service.consul. ANY", Answer: "dual.service.consul. A 10.2.0.9"},
		{Name: "ANY over TCP is all", Ask: "dual.service.consul. ANY", TCP: true, Answer: `dual.service.consul. A 10.2.0.9
			dual.service.consul. AAAA 2001:db8:2::1`},
		{Name: "one address, once", Ask: "same.service.consul. A", Answer: "same.service.consul. A 10.7.0.1"},
		{Name: "named like a keyword", Ask: "node.service.consul. A", Answer: "node.service.consul. A 10.6.0.1"},
		{Ask: "_under.service.consul. A", Answer: "_under.service.consul. A 10.9.0.1"},
		{Ask: "consul.service.consul. SRV", Answer: "consul.service.consul. SRV 1 1 8300 srv1.node.dc1.consul.",
			Extra: "srv1.node.dc1.consul. A 10.0.0.1"},

		{Ask: "nope.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: `0 no service "nope"`},
		{Ask: "nope.service.consul. SOA", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "down.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 3 instances: 2 critical, 1 in maintenance"},
		{Ask: "down.service.consul. MX", Rcode: "NXDOMAIN", Ns: consul},
		{Name: "critical node", Ask: "gone.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Ask: "web.service.dc2.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232",
			EDE: `0 no datacenter "dc2"; services are NAME.service, nodes NODE.node`},
		{Ask: "web.service.dc1.peer.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "web.service.a.b.c.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "web.query.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 there is no such prepared query"},
		{Ask: "web.connect.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 there is no service mesh"},
		{Ask: "web.virtual.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "web.ingress.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: `we\.b.service.consul. A`, Rcode: "NXDOMAIN", Ns: consul},
	})
}

func TestTagsAndShortForms(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), nil)
	consul := soa("consul.", "consul.", state)
	srv := func(owner string) string {
		return owner + ` SRV 1 10 80 0a010001.addr.dc1.consul.
			` + owner + " SRV 1 3 80 0a010002.addr.dc1.consul."
	}
	glue := `0a010001.addr.dc1.consul. A 10.1.0.1
		0a010002.addr.dc1.consul. A 10.1.0.2`
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "blue.web.service.consul. A", Answer: "blue.web.service.consul. A 10.1.0.1"},
		{Ask: "BLUE.web.service.consul. A", Answer: "BLUE.web.service.consul. A 10.1.0.1"},
		{Name: "dotted tag", Ask: "v1.green.web.service.consul. A", Answer: "v1.green.web.service.consul. A 10.1.0.1"},
		{Name: "ancestor of a dotted tag", Ask: "green.web.service.consul. A", Ns: consul},
		{Ask: "pink.web.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: `0 no instance has the tag "pink"`},
		{Name: "tag on sick instances only", Ask: "t.down.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},

		{Ask: "_web._tcp.service.consul. SRV", Answer: srv("_web._tcp.service.consul."), Extra: glue},
		{Ask: "_WEB._TCP.service.consul. SRV", Answer: srv("_WEB._TCP.service.consul."), Extra: glue},
		{Ask: "_web._tcp.service.consul. A", Answer: `_web._tcp.service.consul. A 10.1.0.1
			_web._tcp.service.consul. A 10.1.0.2`},
		{Ask: "_web._red.service.consul. SRV", Answer: "_web._red.service.consul. SRV 1 3 80 0a010002.addr.dc1.consul.",
			Extra: "0a010002.addr.dc1.consul. A 10.1.0.2"},
		{Ask: "_web._udp.service.consul. SRV", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "_nope._tcp.service.consul. SRV", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "_web._tcp.consul. SRV", Answer: srv("_web._tcp.consul."), Extra: glue},
		{Ask: "_web._tcp.dc1.consul. SRV", Answer: srv("_web._tcp.dc1.consul."), Extra: glue},
		{Ask: "_web._tcp.consul. ANY", Answer: srv("_web._tcp.consul."), Extra: glue},
		{Name: "the short form has SRV only", Ask: "_web._tcp.consul. A", Ns: consul},
		{Ask: "_down._tcp.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "_web._tcp.dc2.consul. SRV", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "_tcp.service.consul. A", Ns: consul},
		{Ask: "_tcp.consul. NS", Ns: consul},
		{Ask: "_tcp.dc1.consul. NS", Ns: consul},
		{Ask: "_tcp.dc2.consul. NS", Rcode: "NXDOMAIN", Ns: consul},
	})
}

func TestSRV(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), nil)
	consul := soa("consul.", "consul.", state)
	dnstest.Run(t, h, []dnstest.Case{
		{Name: "own address", Ask: "six.service.consul. SRV",
			Answer: "six.service.consul. SRV 1 1 66 20010db8000000000000000000000006.addr.dc1.consul.",
			Extra:  "20010db8000000000000000000000006.addr.dc1.consul. AAAA 2001:db8::6"},
		{Name: "node's addresses", Ask: "upper.service.consul. SRV",
			Answer: "upper.service.consul. SRV 1 1 9000 n1.node.dc1.consul.",
			Extra: `n1.node.dc1.consul. A 10.0.0.11
				n1.node.dc1.consul. AAAA 2001:db8::11`},
		{Name: "tagged over own", Ask: "dual.service.consul. SRV",
			Answer: "dual.service.consul. SRV 1 1 1 0a020009.addr.dc1.consul.",
			Extra:  "0a020009.addr.dc1.consul. A 10.2.0.9"},
		{Name: "domain spelled as asked", Ask: "six.service.CONSUL. SRV",
			Answer: "six.service.CONSUL. SRV 1 1 66 20010db8000000000000000000000006.addr.dc1.CONSUL.",
			Extra:  "20010db8000000000000000000000006.addr.dc1.CONSUL. AAAA 2001:db8::6"},
		{Name: "host name outside", Ask: "far.service.consul. SRV", Answer: "far.service.consul. SRV 1 1 8 www.example.com."},
		{Name: "host name inside", Ask: "alias.service.consul. SRV", Answer: "alias.service.consul. SRV 1 1 7 web.service.consul.",
			Extra: `web.service.consul. A 10.1.0.1
				web.service.consul. A 10.1.0.2`},
		{Name: "node in warning lowers the weight", Ask: "slow.service.consul. SRV", Answer: "slow.service.consul. SRV 1 2 4 0a040001.addr.dc1.consul.",
			Extra: "0a040001.addr.dc1.consul. A 10.4.0.1"},
		{Name: "one per endpoint, glue once", Ask: "same.service.consul. SRV",
			Answer: `same.service.consul. SRV 1 1 1 0a070001.addr.dc1.consul.
				same.service.consul. SRV 1 1 2 0a070001.addr.dc1.consul.`,
			Extra: "0a070001.addr.dc1.consul. A 10.7.0.1"},
		{Name: "address is the name itself", Ask: "self.service.consul. SRV", Answer: "self.service.consul. SRV 1 1 3 n1.node.dc1.consul.",
			Extra: `n1.node.dc1.consul. A 10.0.0.11
				n1.node.dc1.consul. AAAA 2001:db8::11`},
		{Name: "unhealthy", Ask: "down.service.consul. SRV", Rcode: "NXDOMAIN", Ns: consul},
	})
}

func TestAliases(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), nil)
	consul := soa("consul.", "consul.", state)
	loop := `loop-a.service.consul. CNAME loop-b.service.consul.
		loop-b.service.consul. CNAME loop-a.service.consul.`
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "alias.service.consul. A", Answer: `alias.service.consul. CNAME web.service.consul.
			web.service.consul. A 10.1.0.1
			web.service.consul. A 10.1.0.2`},
		{Name: "the type asked is chased", Ask: "alias.service.consul. AAAA", Answer: "alias.service.consul. CNAME web.service.consul.", Ns: consul},
		{Ask: "alias.service.consul. CNAME", Answer: "alias.service.consul. CNAME web.service.consul."},
		{Ask: "alias.service.consul. ANY", Answer: "alias.service.consul. CNAME web.service.consul."},
		{Ask: "far.service.consul. A", Answer: "far.service.consul. CNAME www.example.com."},
		{Ask: "far.service.consul. MX", Answer: "far.service.consul. CNAME www.example.com."},
		{Name: "a RFC 2782 name has its SRV and no CNAME", Ask: "_far._tcp.service.consul. A", Ns: consul},
		{Ask: "_far._tcp.service.consul. SRV", Answer: "_far._tcp.service.consul. SRV 1 1 8 www.example.com."},
		{Ask: "host-node.node.consul. AAAA", Answer: "host-node.node.consul. CNAME outside.example.com."},
		{Ask: "loop-a.service.consul. A", Answer: loop, EDNS: "1232", EDE: `0 aliases loop at "loop-a.service.consul."`},
		{Name: "the end decides the rcode", Ask: "deadend.service.consul. A", Rcode: "NXDOMAIN",
			Answer: "deadend.service.consul. CNAME nothing.service.consul.", Ns: consul},
		{Name: "address is the name itself", Ask: "SELF.service.consul. A", Answer: "SELF.service.consul. A 10.0.0.11"},
		{Name: "an IP address beats a host name", Ask: "mixed.service.consul. A", Answer: "mixed.service.consul. A 10.5.0.1"},
		{Name: "of whichever family", Ask: "mixed6.service.consul. A", Ns: consul},
		{Name: "and leaves no room for a CNAME", Ask: "mixed.service.consul. AAAA", Ns: consul},
	})
}

func TestServiceTXT(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) { c.ServiceMetaTXT = []string{"version", "public-*"} })
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "txt.service.consul. TXT", Answer: `txt.service.consul. TXT "version=1"
			txt.service.consul. TXT "public-a=y"`},
		{Ask: "far.service.consul. TXT", Answer: "far.service.consul. CNAME www.example.com."},
	})
}

func TestHealthAndTTLs(t *testing.T) {
	state := dnstest.Catalog(t, world)
	h := handler(t, current(state), func(c *dns.Config) {
		c.OnlyPassing = true
		c.NodeTTL = 7 * time.Second
		c.SOA = dns.SOA{Refresh: 1, Retry: 2, Expire: 3, MinTTL: 4}
		c.ServiceTTL = map[string]time.Duration{"WEB": 5 * time.Second, "*": time.Second, "up*": 2 * time.Second, "upp*": 3 * time.Second}
	})
	consul := strings.Replace(soa("consul.", "consul.", state), " SOA", " 4 SOA", 1)
	consul = strings.Replace(consul, "3600 600 86400 0", "1 2 3 4", 1)
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.service.consul. A", Answer: "web.service.consul. 5 A 10.1.0.1"},
		{Ask: "upper.service.consul. A", Answer: "upper.service.consul. 3 A 10.0.0.11"},
		{Ask: "upper.service.consul. SRV", Answer: "upper.service.consul. 3 SRV 1 1 9000 n1.node.dc1.consul.",
			Extra: "n1.node.dc1.consul. 3 A 10.0.0.11\nn1.node.dc1.consul. 3 AAAA 2001:db8::11"},
		{Name: "aliases keep the TTL of each part", Ask: "alias.service.consul. A",
			Answer: "alias.service.consul. 1 CNAME web.service.consul.\nweb.service.consul. 5 A 10.1.0.1"},
		{Ask: "n2.node.consul. A", Answer: "n2.node.consul. 7 A 10.0.0.12"},
		{Ask: "0a000001.addr.consul. A", Answer: "0a000001.addr.consul. 7 A 10.0.0.1"},
		{Ask: "slow.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232",
			EDE: "0 1 instance: 1 in warning; only passing ones are answered"},
		{Ask: "web.service.consul. AAAA", Ns: consul},
	})
}
