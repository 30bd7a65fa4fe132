package dns

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestParseName(t *testing.T) {
	for name, want := range map[string]request{
		"":                              {form: formApex},
		"NS":                            {form: formNameServer},
		"web.service":                   {form: formService, service: "web"},
		"web.service.dc":                {form: formService, service: "web", dc: "dc"},
		"web.service.dc2.DC":            {form: formService, service: "web", dc: "dc2"},
		"web.service.dc2.peer":          {},
		"a.b.web.SERVICE":               {form: formService, service: "web", tag: "a.b"},
		"_web._tcp.service":             {form: formService, service: "web", noAlias: true},
		"_web._v1.service":              {form: formService, service: "web", tag: "v1", noAlias: true},
		"x._web._tcp.service":           {form: formService, service: "_tcp", tag: "x._web"},
		"_web._tcp":                     {form: formService, service: "web", srvOnly: true},
		"_web._tcp.dc1":                 {form: formService, service: "web", srvOnly: true, dc: "dc1"},
		"_web":                          {form: formNonTerminal},
		`a\.b._web._tcp`:                {form: formInstance, service: "web", label: "a.b"},
		"_a._web._v1.dc1":               {form: formInstance, service: "web", tag: "v1", label: "_a", dc: "dc1"},
		`a.b\.c._web._tcp`:              {},
		`a\.b._web._tcp.service`:        {},
		`a\.b.service`:                  {},
		"b._dns-sd._udp":                {form: formBrowse, label: "b"},
		"_SERVICES._DNS-SD._udp.dc1.dc": {form: formBrowse, label: "_services", dc: "dc1"},
		"_dns-sd._udp":                  {form: formNonTerminal},
		"x._dns-sd._udp":                {},
		`b\.b._dns-sd._udp`:             {},
		"service.node":                  {form: formNode, node: "service"},
		"a.b.node.dc1":                  {form: formNode, node: "a.b", dc: "dc1"},
		"service":                       {form: formNonTerminal},
		"service.dc1":                   {form: formNonTerminal, dc: "dc1"},
		"dc2":                           {form: formNonTerminal, dc: "dc2"},
		"dc":                            {form: formNonTerminal},
		"c0a80001.addr":                 {form: formAddr, addr: netip.MustParseAddr("192.168.0.1")},
		"c0a8000.addr":                  {},
		"x.query":                       {form: formPrepared, query: "x", label: "x"},
		"x.y.query.dc1":                 {form: formPrepared, query: "x.y", label: "x.y", dc: "dc1"},
		"_x._tcp.query":                 {form: formPrepared, query: "x", label: "_x._tcp", noAlias: true},
		"_x.query":                      {form: formPrepared, query: "_x", label: "_x"},
		"query":                         {form: formNonTerminal},
		"x.ingress":                     {form: formMesh},
		"virtual":                       {form: formMesh},
		"a.b.c":                         {},
		`back\.slash.service`:           {},
		`b\097r.service`:                {form: formService, service: "bar"},
		"web.service.service.dc1":       {form: formService, service: "service", tag: "web", dc: "dc1"},
	} {
		var labels []string
		for _, l := range splitName(name) {
			labels = append(labels, l.text)
		}
		if got := parseName(labels); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", name, got, want)
		}
	}
}

// FuzzName holds that every name the wire can carry is cut into the labels it has
// there, and that whatever is made of them can be read without a panic.
func FuzzName(f *testing.F) {
	for _, s := range []string{"\x03web\x07service\x06consul\x00", "\x04_web\x04_tcp\x03dc1\x00", "\x01.\x01\\\x00", "\x00",
		"\x0220\x0210\x01a\x07in-addr\x04arpa\x00", "\x080a000001\x04addr\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		name, _, err := dns.UnpackDomainName(wire, 0)
		if err != nil {
			return
		}
		labels := splitName(name)
		if len(labels) != dns.CountLabel(name) {
			t.Fatalf("%q has %d labels, not %d", name, dns.CountLabel(name), len(labels))
		}
		var texts []string
		octets := 1
		for i, l := range labels {
			texts = append(texts, l.text)
			octets += len(l.text) + 1
			if off := dns.Split(name); off[i] != l.at {
				t.Fatalf("%q: label %d begins at %d, not %d", name, i, off[i], l.at)
			}
		}
		back := make([]byte, 256)
		if n, err := dns.PackDomainName(name, back, 0, nil, false); err != nil || n != octets {
			t.Fatalf("%q: %d octets, %d on the wire (%v)", name, octets, n, err)
		}
		parseName(texts)
		if a, ok := reverseAddr(labels); ok && strings.ToLower(name) != reverseOrigin(hostPrefix(a)) {
			t.Fatalf("%q read as %s", name, a)
		}
	})
}

func TestMetaText(t *testing.T) {
	for _, c := range [][3]string{
		{"key", "value", "key=value"},
		{"rfc1035-x", "a=b`", "a=b`"},
		{"RFC1035-x", "v", "v"},
		{"k=v", "x`y", "k`=v=x``y"},
		{" a b\t", "", "` a b`\t="},
		{"`", `\`, "``=\\"},
		{"  ", "v", "` ` =v"},
	} {
		if got := metaText(c[0], c[1]); got != c[2] {
			t.Errorf("%q=%q: %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestReverseOrigin(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.0.0.0/8":       "10.in-addr.arpa.",
		"192.168.7.9/24":   "7.168.192.in-addr.arpa.",
		"0.0.0.0/0":        "in-addr.arpa.",
		"2001:db8::/32":    "8.b.d.0.1.0.0.2.ip6.arpa.",
		"::/0":             "ip6.arpa.",
		"203.0.113.255/32": "255.113.0.203.in-addr.arpa.",
	} {
		if got := reverseOrigin(netip.MustParsePrefix(prefix)); got != want {
			t.Errorf("%s: %s, want %s", prefix, got, want)
		}
	}
}
