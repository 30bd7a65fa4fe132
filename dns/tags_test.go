package dns_test

import (
	"testing"

	"muster/dns/dnstest"
)

func TestTagsTogether(t *testing.T) {
	state := dnstest.Catalog(t, `
		node n1 10.0.0.1
		service n1 web id=w1 addr=10.1.0.1 tags=v1,blue,eu
		service n1 web id=w2 addr=10.1.0.2 tags=v1,green,a.b
		service n1 web id=w3 addr=10.1.0.3 tags=v2,blue,x.y
		service n1 web id=w4 addr=10.1.0.4 tags=v2,eu,x,y status=critical
		service n1 web id=w5 addr=10.1.0.5 tags=x,y
		service n1 ill addr=10.2.0.1 tags=a,b status=critical`)
	consul := soa("consul.", "consul.", state)
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "v1.blue.web.service.consul. A", Answer: "v1.blue.web.service.consul. A 10.1.0.1"},
		{Name: "in any order and case", Ask: "BLUE.V1.web.service.consul. A", Answer: "BLUE.V1.web.service.consul. A 10.1.0.1"},
		{Ask: "eu.v1.blue.web.service.dc1.consul. A", Answer: "eu.v1.blue.web.service.dc1.consul. A 10.1.0.1"},
		{Name: "the same twice", Ask: "v1.v1.web.service.consul. A", Answer: `v1.v1.web.service.consul. A 10.1.0.1
			v1.v1.web.service.consul. A 10.1.0.2`},
		{Ask: "v1.blue.web.service.consul. SRV", Answer: "v1.blue.web.service.consul. SRV 1 1 0 0a010001.addr.dc1.consul.",
			Extra: "0a010001.addr.dc1.consul. A 10.1.0.1"},
		{Name: "a dotted tag comes first", Ask: "x.y.web.service.consul. A", Answer: "x.y.web.service.consul. A 10.1.0.3"},
		{Name: "of one instance", Ask: "v1.x.web.service.consul. A", Rcode: "NXDOMAIN", Ns: consul,
			EDNS: "1232", EDE: `0 no instance has the tag "v1.x", or all of its labels as tags`},
		{Name: "a dotted tag is no part", Ask: "v1.a.b.web.service.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Name: "all on a sick instance", Ask: "v2.eu.web.service.consul. A", Rcode: "NXDOMAIN", Ns: consul,
			EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Ask: "b.a.ill.service.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Name: "ancestor of a dotted tag", Ask: "b.web.service.consul. A", Ns: consul},
		{Name: "not in RFC 2782 names", Ask: `_web._v1\.blue.service.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul},
	})
}
