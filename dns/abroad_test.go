package dns_test

import (
	"testing"
	"time"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// TestOtherDatacenters asks for names of datacenters that this agent holds, in
// whatever state that copy is, and of one it has never heard of.
func TestOtherDatacenters(t *testing.T) {
	state := dnstest.Catalog(t, `
node n1 10.0.0.11
service n1 web id=web-1 port=80
service n1 away id=away-1 addr=web.service.dc2.consul port=80`)
	there := dnstest.Catalog(t, `
node far 10.9.0.1
service far web id=web-9 port=90 tags=blue
service far sick id=sick-9 status=critical
service far back id=back-9 addr=web.service.consul port=80`)
	views := map[string]dns.View{
		"dc2":   {Snapshot: there.Snapshot(), Ready: true},
		"old":   {Snapshot: there.Snapshot(), Ready: true, Age: time.Minute},
		"stale": {Snapshot: there.Snapshot(), Ready: true, Age: 2 * time.Hour},
		"new":   {},
	}
	src := fixed{Snapshot: state.Snapshot(), Ready: true, Remote: func(dc string) (dns.View, bool) {
		v, known := views[catalog.Fold(dc)]
		return v, known
	}}
	h := handler(t, src, func(c *dns.Config) { c.MaxStale = time.Hour })
	consul := soa("consul.", "consul.", state) // of the zone as this agent serves it, not of the other catalog
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "web.service.consul. A", Answer: "web.service.consul. A 10.0.0.11"},
		{Ask: "web.service.dc2.consul. A", Answer: "web.service.dc2.consul. A 10.9.0.1"},
		{Ask: "blue.web.service.DC2.consul. A", Answer: "blue.web.service.DC2.consul. A 10.9.0.1"},
		{Ask: "web.service.dc2.consul. SRV", Answer: "web.service.dc2.consul. SRV 1 1 90 far.node.dc2.consul.",
			Extra: "far.node.dc2.consul. A 10.9.0.1"},
		{Ask: "far.node.dc2.consul. A", Answer: "far.node.dc2.consul. A 10.9.0.1"},
		{Ask: "far.node.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "n1.node.dc2.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "sick.service.dc2.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232", EDE: "0 1 instance: 1 critical"},
		{Ask: "dc2.consul. A", Ns: consul},
		{Name: "an alias leads abroad", Ask: "away.service.consul. A",
			Answer: "away.service.consul. CNAME web.service.dc2.consul.\nweb.service.dc2.consul. A 10.9.0.1"},
		{Name: "and back", Ask: "back.service.dc2.consul. A",
			Answer: "back.service.dc2.consul. CNAME web.service.consul.\nweb.service.consul. A 10.0.0.11"},
		{Name: "a copy not current", Ask: "web.service.old.consul. A", Answer: "web.service.old.consul. A 10.9.0.1",
			EDNS: "1232", EDE: "3"},
		{Name: "too old", Ask: "web.service.stale.consul. A", Flags: "-", Rcode: "SERVFAIL"},
		{Name: "known and not reached yet", Ask: "web.service.new.consul. A", Flags: "-", Rcode: "SERVFAIL"},
		{Name: "unknown", Ask: "web.service.dc9.consul. A", Rcode: "NXDOMAIN", Ns: consul, EDNS: "1232",
			EDE: `0 no datacenter "dc9"; services are NAME.service, nodes NODE.node`},
	})
}

// TestOtherDatacentersAreNotKept changes a datacenter that the cache's marks know nothing of.
func TestOtherDatacentersAreNotKept(t *testing.T) {
	here := dnstest.Catalog(t, "node n1 10.0.0.1\nservice n1 away addr=web.service.dc2.consul")
	there := dnstest.Catalog(t, "node far 10.9.0.1\nservice far web")
	known := false
	d, _ := newDesk(t, &adjustable{dns.View{Snapshot: here.Snapshot(), Ready: true, Remote: func(string) (dns.View, bool) {
		return dns.View{Snapshot: there.Snapshot(), Ready: true}, known
	}}}, nil)
	for _, name := range []string{"web.service.dc2.consul. A", "away.service.consul. A"} {
		if got, path := d.ask(name); path == "hit" {
			t.Errorf("%s: %s from the cache", name, got)
		}
	}
	known = true
	for _, name := range []string{"web.service.dc2.consul. A", "away.service.consul. A"} {
		if got, path := d.ask(name); path != "" {
			t.Errorf("%s: %q by %q, which is kept", name, got, path)
		}
	}
}
