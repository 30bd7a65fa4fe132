package dns_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

func withRecords(records ...string) func(*dns.Config) {
	return func(c *dns.Config) { c.Records = records }
}

func TestStaticRecords(t *testing.T) {
	state := dnstest.Catalog(t, `
		node srv1 10.0.0.1
		service srv1 consul port=8300
		service srv1 web addr=10.1.0.1 port=80 tags=t
		service srv1 taken addr=10.1.0.2 tags=t`)
	consul := soa("consul.", "consul.", state)
	h := handler(t, current(state), func(c *dns.Config) {
		c.NodeTTL = 7 * time.Second
		c.Records = []string{
			"www 60 IN A 192.0.2.1", "www 60 A 192.0.2.2", "WWW.consul. AAAA 2001:db8::1",
			"deep.below.x TXT \"a b\" c", "@ MX 10 mail", "@ CAA 0 issue \"ca.example\"", "@ TXT v=spf1", "mail A 192.0.2.25",
			"alias CNAME web.service", "out 5 CNAME www.example.com.", "loop CNAME loop2", "loop2 CNAME loop",
			"_ldap._tcp SRV 1 2 389 mail", "_ldap._tcp SRV 2 2 389 ldap.example.com.", "_dmarc TXT v=DMARC1", "self MX 1 self",
			"_443._tcp.web.service TLSA 3 1 1 0123", "host SSHFP 4 2 abcd", "taken.service TXT \"mine\"",
			"fixed.service A 192.0.2.7", "fixed.node.dc1 A 192.0.2.8", "a.b.service A 192.0.2.9",
		}
	})
	www := "www.consul. 60 A 192.0.2.1\nwww.consul. 60 A 192.0.2.2"
	web := "web.service.consul. A 10.1.0.1"
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "www.consul. A", Answer: www},
		{Ask: "wWw.Consul. A", Answer: strings.ReplaceAll(www, "www.consul.", "wWw.Consul.")},
		{Name: "node_ttl unless stated", Ask: "www.consul. AAAA", Answer: "www.consul. 7 AAAA 2001:db8::1"},
		{Name: "ANY by UDP", Ask: "www.consul. ANY", Answer: www},
		{Name: "ANY by TCP", Ask: "www.consul. ANY", TCP: true, Answer: www + "\nwww.consul. 7 AAAA 2001:db8::1"},
		{Ask: "www.consul. MX", Ns: consul, EDNS: "1232", EDE: "0 the name has no records of this type"},
		{Ask: "x.www.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Name: "names above", Ask: "below.x.consul. A", Ns: consul, EDNS: "1232", EDE: "0 there are names below this one, but no records at it"},
		{Ask: "X.consul. TXT", Ns: consul},
		{Ask: "deep.below.x.consul. TXT", Answer: `deep.below.x.consul. 7 TXT "a b" "c"`},
		{Ask: "deep.below.y.consul. TXT", Rcode: "NXDOMAIN", Ns: consul},

		{Name: "apex", Ask: "consul. MX", Answer: "consul. 7 MX 10 mail.consul.", Extra: "mail.consul. 7 A 192.0.2.25"},
		{Ask: "consul. CAA", Answer: `consul. 7 CAA 0 issue "ca.example"`},
		{Ask: "consul. A", Ns: consul},
		{Ask: "consul. NS", Answer: "consul. 7 NS srv1.node.dc1.consul.", Extra: "srv1.node.dc1.consul. 7 A 10.0.0.1"},
		{Ask: "consul. ANY", Answer: consul},

		{Name: "an alias is chased", Ask: "alias.consul. A", Answer: "alias.consul. 7 CNAME web.service.consul.\n" + web},
		{Ask: "alias.consul. AAAA", Answer: "alias.consul. 7 CNAME web.service.consul.", Ns: consul},
		{Ask: "alias.consul. CNAME", Answer: "alias.consul. 7 CNAME web.service.consul."},
		{Name: "the domain as asked", Ask: "Alias.CONSUL. A", Answer: "Alias.CONSUL. 7 CNAME web.service.CONSUL.\nweb.service.CONSUL. A 10.1.0.1"},
		{Ask: "CONSUL. MX", Answer: "CONSUL. 7 MX 10 mail.CONSUL.", Extra: "mail.CONSUL. 7 A 192.0.2.25"},
		{Ask: "_ldap._tcp.Consul. SRV", Answer: "_ldap._tcp.Consul. 7 SRV 1 2 389 mail.Consul.\n_ldap._tcp.Consul. 7 SRV 2 2 389 ldap.example.com.",
			Extra: "mail.Consul. 7 A 192.0.2.25"},
		{Name: "its own exchange", Ask: "self.consul. MX", Answer: "self.consul. 7 MX 1 self.consul."},
		{Ask: "out.consul. A", Answer: "out.consul. 5 CNAME www.example.com."},
		{Ask: "loop.consul. A", EDNS: "1232", Answer: "loop.consul. 7 CNAME loop2.consul.\nloop2.consul. 7 CNAME loop.consul.",
			EDE: `0 aliases loop at "loop.consul."`},

		{Ask: "_ldap._tcp.consul. SRV", Answer: "_ldap._tcp.consul. 7 SRV 1 2 389 mail.consul.\n_ldap._tcp.consul. 7 SRV 2 2 389 ldap.example.com.",
			Extra: "mail.consul. 7 A 192.0.2.25"},
		{Ask: "_dmarc.consul. TXT", Answer: `_dmarc.consul. 7 TXT "v=DMARC1"`},
		{Ask: "_443._tcp.web.service.consul. TLSA", Answer: "_443._tcp.web.service.consul. 7 TLSA 3 1 1 0123"},
		{Ask: "_tcp.web.service.consul. A", Ns: consul},
		{Ask: "host.consul. SSHFP", Answer: "host.consul. 7 SSHFP 4 2 ABCD"},

		{Name: "beside a service", Ask: "fixed.service.consul. A", Answer: "fixed.service.consul. 7 A 192.0.2.7"},
		{Ask: "fixed.service.dc1.consul. A", Rcode: "NXDOMAIN", Ns: consul},
		{Ask: "fixed.node.dc1.consul. A", Answer: "fixed.node.dc1.consul. 7 A 192.0.2.8"},
		{Ask: "b.service.consul. A", Ns: consul},
		{Ask: web[:19] + " A", Answer: web},

		{Name: "over the catalog, the whole name", Ask: "taken.service.consul. TXT", Answer: `taken.service.consul. 7 TXT "mine"`},
		{Ask: "taken.service.consul. A", Ns: consul},
		{Name: "but that name alone", Ask: "t.taken.service.consul. A", Answer: "t.taken.service.consul. A 10.1.0.2"},
		{Ask: "taken.service.dc1.consul. A", Answer: "taken.service.dc1.consul. A 10.1.0.2"},
		{Ask: "_taken._tcp.service.consul. A", Answer: "_taken._tcp.service.consul. A 10.1.0.2"},
	})
}

func TestStaticRecordsOfTwoDomains(t *testing.T) {
	state := dnstest.Catalog(t, "node n 10.0.0.1\nservice n web addr=10.1.0.1")
	h := handler(t, current(state), func(c *dns.Config) {
		c.AltDomain = "alt.example"
		c.Records = []string{"www CNAME web.service", "one.consul. A 192.0.2.1", "two.alt.example. CNAME web.service"}
	})
	dnstest.Run(t, h, []dnstest.Case{
		{Ask: "www.consul. A", Answer: "www.consul. CNAME web.service.consul.\nweb.service.consul. A 10.1.0.1"},
		{Ask: "www.alt.example. A", Answer: "www.alt.example. CNAME web.service.alt.example.\nweb.service.alt.example. A 10.1.0.1"},
		{Ask: "one.consul. A", Answer: "one.consul. A 192.0.2.1"},
		{Ask: "one.alt.example. A", Rcode: "NXDOMAIN", Ns: soa("alt.example.", "alt.example.", state)},
		{Ask: "two.alt.example. CNAME", Answer: "two.alt.example. CNAME web.service.alt.example."},
		{Ask: "two.consul. A", Rcode: "NXDOMAIN", Ns: soa("consul.", "consul.", state)},
	})
	h = handler(t, current(state), func(c *dns.Config) {
		c.AltDomain = "x.consul"
		c.Records = []string{"a.x A 192.0.2.1"}
	})
	dnstest.Run(t, h, []dnstest.Case{
		{Name: "the inner domain owns it", Ask: "a.x.consul. A", Answer: "a.x.consul. A 192.0.2.1"},
		{Ask: "a.x.x.consul. A", Answer: "a.x.x.consul. A 192.0.2.1"},
	})
}

func TestStaticProblems(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		want    string // of the last one; "": none
	}{
		{"fine", []string{"www A 192.0.2.1"}, ""},
		{"comment", []string{"www A 192.0.2.1 ; the old one"}, ""},
		{"over lines", []string{"www TXT ( \"a\"\n \"b\" )"}, ""},
		{"other datacenters", []string{"x.dc9 A 192.0.2.1"}, ""},
		{"empty", []string{""}, "begins with a blank"},
		{"only a comment", []string{"; nothing"}, "holds no record"},
		{"no name", []string{" A 192.0.2.1"}, "begins with a blank"},
		{"only a type", []string{"A\n"}, "unexpected newline"},
		{"no data", []string{"www A"}, "has no data for type A"},
		{"no data of a service", []string{"www SRV 1 2"}, "bad SRV"},
		{"named like a type", []string{"mx A 192.0.2.1"}, ""},
		{"no type", []string{"www 192.0.2.1"}, `"192.0.2.1"`},
		{"address", []string{"www A 192.0.2"}, `bad A A: "192.0.2"`},
		{"directive", []string{"$INCLUDE /etc/passwd"}, "directives are not read"},
		{"directive behind a record", []string{"www A 192.0.2.1\n$INCLUDE /etc/passwd"}, "more than one record"},
		{"two", []string{"www A 192.0.2.1\nwww A 192.0.2.2"}, "more than one record"},
		{"type", []string{"www PTR a"}, "type PTR: records may be"},
		{"own type", []string{"@ NS a"}, "type NS: records may be"},
		{"class", []string{"www CH TXT a"}, "class CH: only IN"},
		{"TTL", []string{"www 2147483648 A 192.0.2.1"}, "over what a TTL holds"},
		{"outside", []string{"www.example.com. A 192.0.2.1"}, `"www.example.com." lies in no domain of this server; without its last dot it would be relative to consul.`},
		{"wildcard", []string{"*.x A 192.0.2.1"}, "wildcards"},
		{"dot within", []string{`a\.b A 192.0.2.1`}, "a label with a dot"},
		{"apex alias", []string{"@ CNAME www"}, "which a CNAME tolerates not"},
		{"ns", []string{"ns A 192.0.2.1"}, "the name of this domain's servers"},
		{"servers", []string{"Consul.service.dc1 TXT x"}, "that of this domain's servers"},
		{"their service's TLSA", []string{"_8300._tcp.consul.service TLSA 3 1 1 01"}, ""},
		{"service itself", []string{"service A 192.0.2.1"}, "reserved for names below"},
		{"datacenter", []string{"DC1 TXT a"}, "reserved for names below"},
		{"node of the datacenter", []string{"node.dc1 TXT a"}, "reserved for names below"},
		{"_tcp", []string{"_tcp TXT a"}, "reserved for names below"},
		{"addr", []string{"0a000001.addr A 10.0.0.1"}, `names under "addr" are reserved`},
		{"under addr", []string{"x.y.addr.dc1 A 10.0.0.1"}, `names under "addr" are reserved`},
		{"mesh", []string{"x.virtual A 10.0.0.1"}, `names under "virtual" are reserved`},
		{"browsing", []string{"b._dns-sd._udp TXT a"}, "made of the catalog"},
		{"same", []string{"www A 192.0.2.1", "WWW.consul. IN A 192.0.2.1"}, `is the same as another record, which has "www A 192.0.2.1"`},
		{"beside an alias", []string{"www CNAME a", "www A 192.0.2.1"}, `a CNAME stands alone at its name, which has "www CNAME a"`},
		{"spelled otherwise", []string{"www CNAME a", `\119w\w A 192.0.2.1`}, "a CNAME stands alone"},
		{"two aliases", []string{"www CNAME a", "www CNAME b"}, "a CNAME stands alone"},
		{"TTLs differ", []string{"www 5 A 192.0.2.1", "www A 192.0.2.2"}, `one TTL (RFC 2181 section 5.2), which has "www 5 A 192.0.2.1"`},
		{"TTLs of types", []string{"www 5 A 192.0.2.1", "www AAAA ::1"}, ""},
		{"long", []string{"www A " + strings.Repeat("x", 300)}, "xxx...\": bad A A"},
	} {
		cfg := dns.DefaultConfig()
		cfg.Records = c.records
		problems := cfg.Validate()
		switch {
		case c.want == "" && len(problems) > 0, len(problems) > 1:
			t.Errorf("%s: %v", c.name, problems)
		case c.want == "":
		case len(problems) == 0 || !strings.Contains(problems[0].Message, c.want):
			t.Errorf("%s: %v, want %q", c.name, problems, c.want)
		case problems[0].Field != "dns_records["+string(rune('0'+len(c.records)-1))+"]":
			t.Errorf("%s: in %s", c.name, problems[0].Field)
		}
	}
}

func TestRecordNames(t *testing.T) {
	cfg := dns.DefaultConfig()
	cfg.AltDomain = "alt"
	cfg.Records = []string{
		"web.service A 192.0.2.1", "WEB.service.dc1.consul. A 192.0.2.1", "_web._tcp SRV 1 1 1 x", "v1.web.service A 192.0.2.1",
		"a.b.web.service TXT x", "_443._tcp.web.service TLSA 3 1 1 01", "web.service.dc2 A 192.0.2.1", "web A 192.0.2.1",
		"n1.node A 192.0.2.1", "N1.node.dc1.alt. A 192.0.2.1", "n1.node.dc2 A 192.0.2.1", "broken",
	}
	names := cfg.RecordNames()
	for _, c := range []struct {
		service catalog.ServiceDefinition
		want    []int
	}{
		{catalog.ServiceDefinition{Name: "Web"}, []int{0, 1, 2}},
		{catalog.ServiceDefinition{Name: "web", Tags: []string{"V1"}}, []int{0, 1, 2, 3}},
		{catalog.ServiceDefinition{Name: "web", Tags: []string{"a.b"}}, []int{0, 1, 2, 4}},
		{catalog.ServiceDefinition{Name: "web", Tags: []string{"b", "a"}}, []int{0, 1, 2, 4}},
		{catalog.ServiceDefinition{Name: "other", Tags: []string{"v1"}}, nil},
	} {
		if got := names.OfService(&c.service); !slices.Equal(got, c.want) {
			t.Errorf("%+v: records %v, want %v", c.service, got, c.want)
		}
	}
	if got := names.OfNode("n1"); !slices.Equal(got, []int{8, 9}) {
		t.Errorf("n1: records %v", got)
	}
}

// TestStaticRecordsReload: a reload takes other records, or none of them when one is wrong.
func TestStaticRecordsReload(t *testing.T) {
	state := dnstest.Catalog(t, "node n 10.0.0.1")
	s, cfg := serve(t, current(state), withRecords("www A 192.0.2.1"))
	ask := func() string { return addresses(lookup(t, "udp", s.Addrs()[0].String(), "www.consul.", 1)) }
	if got := ask(); got != "192.0.2.1" {
		t.Fatalf("at first %q", got)
	}
	cfg.Records = []string{"www A 192.0.2.2", "ns A 192.0.2.3"}
	if err := s.Reload(cfg); err == nil || ask() != "192.0.2.1" {
		t.Errorf("reload of a wrong record: %v, now %q", err, ask())
	}
	cfg.Records = cfg.Records[:1]
	if err := s.Reload(cfg); err != nil || ask() != "192.0.2.2" {
		t.Errorf("reload: %v, now %q", err, ask())
	}
}

// FuzzRecord holds that every text is either a record that is answered at its name, or a problem of one line.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{"www A 192.0.2.1", "@ MX 1 a", "a.consul. 5 IN CNAME c", `\000.x TXT "a" b`, "_a._b SRV 1 2 3 .",
		"x.x.y. TXT (a\nb)", "A\n", "$TTL 5", "x CAA 0 issue \"c\"", "h SSHFP 1 1 00", "_1._tcp TLSA 3 1 1 00"} {
		f.Add(s)
	}
	state := catalog.New()
	f.Fuzz(func(t *testing.T, text string) {
		cfg := dns.DefaultConfig()
		cfg.AltDomain, cfg.Records = "x.y", []string{text}
		if problems := cfg.Validate(); len(problems) > 0 {
			if p := problems[0]; p.Field != "dns_records[0]" || p.Message == "" || strings.ContainsAny(p.Message, "\r\n") {
				t.Fatalf("problem %q", p)
			}
			return
		}
		r, err := dns.NewResolver(cfg)
		if err != nil {
			t.Fatal(err)
		}
		cfg.RecordNames()
		rr, err := mdns.NewRR("$ORIGIN consul.\n" + text)
		if err != nil || rr == nil {
			t.Fatalf("%q is a record only to us: %v", text, err)
		}
		h := rr.Header()
		a := r.Resolve(dns.Question{Name: h.Name, Type: h.Rrtype, UDP: true}, dns.View(current(state)), rand.New(rand.NewPCG(1, 1)))
		if len(a.Answer) == 0 || a.Answer[0].Header().Rrtype != h.Rrtype || a.Answer[0].Header().Name != h.Name {
			t.Fatalf("%q is answered with %v", text, a)
		}
	})
}
