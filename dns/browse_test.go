package dns_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

const browsed = `
node n1 10.0.0.1
node n2.example 10.0.0.2
service n1 web id=web-1 addr=10.1.0.1 port=80 tags=udp meta.version=1 meta.path=/a\b meta.secret=x
service n2.example web id=Web/2 port=81 weights=7/2 status=warning
service n1 web id=web-3 addr=10.1.0.3 status=critical
service n1 twice id=x port=1 ttl=5s
service n1 twice id=y port=2 ttl=5s
service n1 odd id=a;b"(c)@é addr=10.2.0.1 port=1
service n1 far addr=www.example.com port=8
service n1 down status=critical
service n1 big id=` + longID + ` addr=10.3.0.1
service n1 big id=` + longID + `x addr=10.3.0.2
service n1 dup id=a.b addr=10.4.0.1
service n1 DUP id=b addr=10.4.0.2
`

const longID = "_nomad-task-6f1e6f9c-9d7c-4c39-8f0b-1f6a8a9ec1d2-group-web-http"

func TestBrowse(t *testing.T) {
	state := dnstest.Catalog(t, browsed)
	consul := soa("consul.", "consul.", state)
	types := func(name, domain string) string {
		text := ""
		for _, s := range []string{"big", "dup", "down", "far", "odd", "twice", "web"} {
			text += name + " PTR _" + s + "._tcp." + domain + "\n"
		}
		return text
	}
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "b._dns-sd._udp.consul. PTR", Answer: "b._dns-sd._udp.consul. PTR consul."},
		{Ask: "LB._DNS-SD._UDP.Consul. PTR", Answer: "LB._DNS-SD._UDP.Consul. PTR Consul."},
		{Ask: "db._dns-sd._udp.dc1.consul. ANY", Answer: "db._dns-sd._udp.dc1.consul. PTR dc1.consul."},
		{Ask: "b._dns-sd._udp.consul. A", Ns: consul},
		{Ask: "_dns-sd._udp.consul. PTR", Ns: consul},
		{Ask: "r._dns-sd._udp.consul. PTR", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "x.b._dns-sd._udp.consul. PTR", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "b._dns-sd._udp.dc2.consul. PTR", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "_services._dns-sd._udp.consul. PTR", Answer: types("_services._dns-sd._udp.consul.", "consul.")},
		{Ask: "_services._dns-sd._udp.dc1.CONSUL. PTR", Answer: types("_services._dns-sd._udp.dc1.CONSUL.", "dc1.CONSUL.")},
		{Ask: "_services._dns-sd._udp.consul. SRV", Ns: consul},
	})
}

func TestBrowseNothing(t *testing.T) {
	state := dnstest.Catalog(t, "node n 10.0.0.1")
	dnstest.Run(t, handler(t, current(state), nil), []dnstest.Case{
		{Ask: "_services._dns-sd._udp.consul. PTR", Ns: soa("consul.", "consul.", state)},
	})
}

func TestInstancesByName(t *testing.T) {
	state := dnstest.Catalog(t, browsed)
	consul := soa("consul.", "consul.", state)
	h := handler(t, current(state), func(c *dns.Config) { c.ServiceMetaTXT = []string{"version", "path", "missing"} })
	srv1 := `web-1\.n1._web._tcp.consul. SRV 1 1 80 0a010001.addr.dc1.consul.`
	txt1 := `web-1\.n1._web._tcp.consul. TXT "path=/a\\b" "version=1"`
	glue1 := "0a010001.addr.dc1.consul. A 10.1.0.1"
	srv2 := `Web/2\.n2\.example._web._tcp.consul. SRV 1 2 81 n2.example.node.dc1.consul.`
	glue2 := "n2.example.node.dc1.consul. A 10.0.0.2"
	dnstest.Run(t, h, []dnstest.Case{
		{Name: "the healthy ones, described", Ask: "_web._tcp.consul. PTR", EDNS: "1232",
			Answer: `_web._tcp.consul. PTR web-1\.n1._web._tcp.consul.
				_web._tcp.consul. PTR Web/2\.n2\.example._web._tcp.consul.`,
			Extra: strings.Join([]string{srv1, txt1, glue1, srv2, `Web/2\.n2\.example._web._tcp.consul. TXT ""`, glue2}, "\n")},
		{Name: "by tag", Ask: "_web._udp.dc1.consul. PTR", Answer: `_web._udp.dc1.consul. PTR web-1\.n1._web._udp.dc1.consul.`,
			Extra: strings.ReplaceAll(srv1+"\n"+txt1, "._tcp.consul", "._udp.dc1.consul") + "\n" + glue1},
		{Ask: `web-1\.n1._web._tcp.consul. SRV`, Answer: srv1, Extra: glue1},
		{Ask: `web-1\.n1._web._tcp.consul. TXT`, Answer: txt1},
		{Name: "one set of records", Ask: `web-1\.n1._web._tcp.consul. ANY`, Answer: txt1},
		{Ask: `web-1\.n1._web._tcp.consul. A`, Ns: consul},
		{Ask: `WEB-1\.N1._WEB._TCP.consul. SRV`, Answer: strings.ReplaceAll(srv1, `web-1\.n1._web._tcp`, `WEB-1\.N1._WEB._TCP`), Extra: glue1},
		{Ask: `Web/2\.n2\.example._web._tcp.dc1.consul. SRV`, Answer: strings.ReplaceAll(srv2, "_tcp.", "_tcp.dc1."), Extra: glue2},
		{Name: "a sick one", Ask: `web-3\.n1._web._tcp.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Name: "none", Ask: `web-9\.n1._web._tcp.consul. TXT`, Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: `0 no instance "web-9.n1" of the service`},
		{Name: "not with this tag", Ask: `Web/2\.n2\.example._web._udp.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul},
		{Name: "a dot between labels is another name", Ask: "web-1.n1._web._tcp.consul. SRV", Rcode: "NXDOMAIN", Ns: consul},
		{Name: "of no service", Ask: `a\.b._nope._tcp.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul},
		{Name: "elsewhere", Ask: `web-1\.n1._web._tcp.dc2.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul},
		{Name: "not below service", Ask: `web-1\.n1._web._tcp.service.consul. SRV`, Rcode: "NXDOMAIN", Ns: consul},

		{Name: "a target of two", Ask: "_twice._tcp.consul. PTR", Answer: `_twice._tcp.consul. 5 PTR x\.n1._twice._tcp.consul.
				_twice._tcp.consul. 5 PTR y\.n1._twice._tcp.consul.`,
			Extra: `x\.n1._twice._tcp.consul. 5 SRV 1 1 1 n1.node.dc1.consul.
				x\.n1._twice._tcp.consul. 5 TXT ""
				n1.node.dc1.consul. 5 A 10.0.0.1
				y\.n1._twice._tcp.consul. 5 SRV 1 1 2 n1.node.dc1.consul.
				y\.n1._twice._tcp.consul. 5 TXT ""`},
		{Name: "every octet", Ask: "_odd._tcp.consul. PTR", Answer: `_odd._tcp.consul. PTR a\;b\"\(c\)\@\195\169\.n1._odd._tcp.consul.`,
			Extra: `a\;b\"\(c\)\@\195\169\.n1._odd._tcp.consul. SRV 1 1 1 0a020001.addr.dc1.consul.
				a\;b\"\(c\)\@\195\169\.n1._odd._tcp.consul. TXT ""
				0a020001.addr.dc1.consul. A 10.2.0.1`},
		{Ask: `a\;b\"\(c\)\@\195\169\.n1._odd._tcp.consul. SRV`, Answer: `a\;b\"\(c\)\@\195\169\.n1._odd._tcp.consul. SRV 1 1 1 0a020001.addr.dc1.consul.`,
			Extra: "0a020001.addr.dc1.consul. A 10.2.0.1"},
		{Name: "a host name", Ask: `far\.n1._far._tcp.consul. SRV`, Answer: `far\.n1._far._tcp.consul. SRV 1 1 8 www.example.com.`},
		{Ask: "_down._tcp.consul. PTR", Rcode: "NXDOMAIN", Ns: consul},
		{Name: "the name with service has none", Ask: "_web._tcp.service.consul. PTR", Ns: consul},
	})
}

// TestEveryInstanceHasAName follows each PTR and finds one SRV, whatever the id.
func TestEveryInstanceHasAName(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, browsed)), nil)
	for service, want := range map[string]int{"big": 2, "dup": 2, "web": 2, "odd": 1} {
		list, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "_" + service + "._tcp.consul. PTR", TCP: true})
		if len(list.Answer) != want {
			t.Errorf("%s has %d instances, want %d", service, len(list.Answer), want)
		}
		var targets []string
		for _, rr := range list.Answer {
			name := rr.(*mdns.PTR).Ptr
			srv, _ := dnstest.Ask(t, h, dnstest.Case{Ask: name + " SRV"})
			txt, _ := dnstest.Ask(t, h, dnstest.Case{Ask: name + " TXT"})
			if len(srv.Answer) != 1 || len(txt.Answer) != 1 {
				t.Fatalf("%s has %d SRV and %d TXT", name, len(srv.Answer), len(txt.Answer))
			}
			targets = append(targets, srv.Answer[0].(*mdns.SRV).Target)
		}
		slices.Sort(targets)
		if len(slices.Compact(targets)) != want {
			t.Errorf("%s leads to %q", service, targets)
		}
	}
}

// TestBrowseMany: lists say so when they are cut, and describe nothing when they are long.
func TestBrowseMany(t *testing.T) {
	var text strings.Builder
	text.WriteString("node n 10.0.0.1\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "service n s%04d addr=10.1.%d.%d\nservice n many id=m%d addr=10.2.%d.%d\n", i, i/250, i%250+1, i, i/250, i%250+1)
	}
	h := handler(t, current(dnstest.Catalog(t, text.String())), nil)
	for _, name := range []string{"_services._dns-sd._udp.consul.", "_many._tcp.consul."} {
		udp, _ := dnstest.Ask(t, h, dnstest.Case{Ask: name + " PTR", EDNS: "1232"})
		tcp, _ := dnstest.Ask(t, h, dnstest.Case{Ask: name + " PTR", TCP: true})
		if !udp.Truncated || len(udp.Answer) < 20 || tcp.Truncated || len(tcp.Answer) < 2000 || len(tcp.Extra) != 0 {
			t.Errorf("%s: %d by UDP, TC %t; %d by TCP with %d additional", name, len(udp.Answer), udp.Truncated, len(tcp.Answer), len(tcp.Extra))
		}
	}
}
