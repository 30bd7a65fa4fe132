package dns_test

import (
	"strings"
	"testing"

	"muster/dns/dnstest"
)

func TestBindings(t *testing.T) {
	state := dnstest.Catalog(t, `
		node n1 10.0.0.1 lan_ipv6=2001:db8::1
		node n2 10.0.0.2
		service n1 web id=w1 addr=10.1.0.1 port=8443 alpn=h2,h3 priority=10 ttl=5s tags=a
		service n1 web id=w2 addr=10.1.0.2 port=443 alpn=h2 priority=0 ttl=5s tags=a,b
		service n2 web id=w3 addr=10.1.0.3 port=80 ttl=5s
		service n2 web id=w4 addr=10.1.0.4 port=80 alpn=h2 ttl=5s status=critical
		service n1 node alpn=h2
		service n1 six addr=2001:db8::6 port=1 alpn=h2
		service n1 both addr=10.2.0.1 lan_ipv6=2001:db8::7 port=1 alpn=h2
		service n1 plain addr=10.3.0.1 port=1 priority=3
		service n1 host addr=www.example.com port=1 alpn=h2
		service n1 inner addr=plain.service.consul port=1 alpn=h2
		service n1 mixed id=m1 addr=www.example.com port=1 alpn=h2
		service n1 mixed id=m2 addr=10.4.0.1 port=1
		service n1 comma addr=10.5.0.1 alpn=h2`)
	consul := soa("consul.", "consul.", state)
	web := `web.service.consul. 5 HTTPS 2 0a010001.addr.dc1.consul. alpn="h2,h3" port="8443" ipv4hint="10.1.0.1"
		web.service.consul. 5 HTTPS 1 0a010002.addr.dc1.consul. alpn="h2" port="443" ipv4hint="10.1.0.2"`
	glue := `0a010001.addr.dc1.consul. 5 A 10.1.0.1
		0a010002.addr.dc1.consul. 5 A 10.1.0.2`
	h := handler(t, current(state), nil)
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.service.consul. HTTPS", Answer: web, Extra: glue},
		{Ask: "web.service.consul. SVCB", Answer: strings.ReplaceAll(web, "HTTPS", "SVCB"), Extra: glue},
		{Ask: "Web.service.CONSUL. HTTPS", Answer: strings.ReplaceAll(strings.ReplaceAll(web, "consul", "CONSUL"), "web", "Web"),
			Extra: strings.ReplaceAll(glue, "consul", "CONSUL")},
		{Name: "by tags", Ask: "b.a.web.service.consul. HTTPS",
			Answer: `b.a.web.service.consul. 5 HTTPS 1 0a010002.addr.dc1.consul. alpn="h2" port="443" ipv4hint="10.1.0.2"`,
			Extra:  "0a010002.addr.dc1.consul. 5 A 10.1.0.2"},
		{Name: "at the node, without a port", Ask: "node.service.consul. HTTPS",
			Answer: `node.service.consul. HTTPS 1 n1.node.dc1.consul. alpn="h2" ipv4hint="10.0.0.1" ipv6hint="2001:db8::1"`,
			Extra: `n1.node.dc1.consul. A 10.0.0.1
				n1.node.dc1.consul. AAAA 2001:db8::1`},
		{Ask: "six.service.consul. SVCB", Answer: `six.service.consul. SVCB 1 20010db8000000000000000000000006.addr.dc1.consul. alpn="h2" port="1" ipv6hint="2001:db8::6"`,
			Extra: "20010db8000000000000000000000006.addr.dc1.consul. AAAA 2001:db8::6"},
		{Name: "hints are the target's", Ask: "both.service.consul. SVCB",
			Answer: `both.service.consul. SVCB 1 0a020001.addr.dc1.consul. alpn="h2" port="1" ipv4hint="10.2.0.1"`,
			Extra:  "0a020001.addr.dc1.consul. A 10.2.0.1"},
		{Name: "no protocols", Ask: "plain.service.consul. HTTPS", Ns: consul, EDNS: "1232", EDE: "0 the name has no records of this type"},
		{Name: "a CNAME stands alone", Ask: "host.service.consul. HTTPS", Answer: "host.service.consul. CNAME www.example.com."},
		{Name: "and is followed", Ask: "inner.service.consul. HTTPS", Answer: "inner.service.consul. CNAME plain.service.consul.", Ns: consul},
		{Name: "a host name beside an address", Ask: "mixed.service.consul. HTTPS", Answer: `mixed.service.consul. HTTPS 1 www.example.com. alpn="h2" port="1"`},
		{Name: "the RFC 2782 name", Ask: "_comma._tcp.service.consul. HTTPS", Answer: `_comma._tcp.service.consul. HTTPS 1 0a050001.addr.dc1.consul. alpn="h2" ipv4hint="10.5.0.1"`,
			Extra: "0a050001.addr.dc1.consul. A 10.5.0.1"},
		{Name: "not the short one", Ask: "_web._tcp.consul. HTTPS", Ns: consul},
		{Name: "not in ANY", Ask: "comma.service.consul. ANY", TCP: true, Answer: "comma.service.consul. A 10.5.0.1"},
	})
}
