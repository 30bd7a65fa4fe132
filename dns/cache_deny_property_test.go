package dns_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
	"pgregory.net/rapid"

	"muster/dns/dnstest"
)

// TestDenialsSayWhatTheSlowPathSays holds that a name which is denied at once is denied in the octets
// of the slow path, but for letter case: over random catalogs, settings and names, which come close to existing.
func TestDenialsSayWhatTheSlowPathSays(t *testing.T) {
	asked, denied := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 19).Draw(t, "step") {
			case 0, 1, 2:
				p.change(t)
			case 3:
				p.reload(t)
			default:
				for range 5 {
					asked++
					if why, ok := p.deny(t, drawMessage(t, drawStranger(t))); ok {
						denied[why]++
					}
				}
			}
		}
	})
	for _, why := range []string{
		"", "no service", "no instance has the tag", "no instance", "no node", "no datacenter", "the name fits no form", "there is no such prepared query", "there is no service mesh",
	} {
		if denied[why] == 0 {
			t.Errorf("of %d names asked for, none was denied because of %q", asked, why)
		}
	}
	t.Logf("%d names asked for, denied %v", asked, denied)
}

// deny asks for a denial and the slow path. If there is a denial it returns its explanation, up to
// what that quotes; none for clients that get none.
func (p *pair) deny(t *rapid.T, query []byte) (why string, ok bool) {
	client := netip.MustParseAddr(rapid.SampledFrom([]string{"127.0.0.1", "127.0.0.1", "10.0.0.5", "192.0.2.1"}).Draw(t, "client"))
	udp := rapid.IntRange(0, 4).Draw(t, "transport") > 0
	out := make([]byte, mdns.MaxMsgSize)
	n, ok := p.cache[udp].Denies(out, query, client)
	if !ok {
		return "", false
	}
	got, want := out[:n], exchange(&dnstest.Writer{From: client, OverUDP: udp}, p.h, query)
	if !bytes.Equal(inLower(got), inLower(want)) {
		t.Fatalf("denied\n%x\nslow path\n%x\n%s", got, want, unpack(t, want))
	}
	if !bytes.Equal(questionIn(got), questionIn(query)) {
		t.Fatalf("reply %x to %x", got, query)
	}
	if m := unpack(t, got); m.Rcode != mdns.RcodeNameError {
		t.Fatalf("denied by %s", m)
	} else if o := m.IsEdns0(); o != nil {
		why, _, _ = strings.Cut(o.Option[0].(*mdns.EDNS0_EDE).ExtraText, ` "`)
		why, _, _ = strings.Cut(why, ":")
	}
	return why, true
}

// inLower is a message with all octets that could be letters in lower case.
func inLower(wire []byte) []byte {
	out := bytes.Clone(wire)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// strangeLabels are the labels of what exists, of what does not, and of all that has a meaning.
var strangeLabels = []string{
	"s0", "S1", "s2", "consul", "n0", "n1", "a", "b", "blue", "v1", "x", "i1.n0", "i2.a.b", "s0-", "s", "none", "nobody", "below", "made", "up", "y", "deep", "er", "fixed", "sub",
	"service", "node", "addr", "query", "connect", "virtual", "ingress", "dc", "dc1", "dc9", "ns", "hostmaster", "0a000109",
	"_s0", "_none", "_tcp", "_udp", "_blue", "_", "_dns-sd", "_services",
	"a.b", "b.", ".", "we\"ird", `back\slash`, "\x00\xff", "caf\xc3\xa9", " ", "*", "\x7f", strings.Repeat("l", 63), strings.Repeat("\x01", 63),
}

// strangeForms are forms of names; a '?' stands for any label.
var strangeForms = []string{
	"?.service", "?.service", "?.?.service", "?.?.?.service", "?.service.?", "?.service.?.dc", "?._tcp.service", "_none.?.service", "?._tcp", "?._tcp.?",
	"?._none._tcp", "?.?._tcp", "?.node", "?.node", "?.?.node", "?.node.?", "?.query", "?.query", "q.query", "?.?.query", "q-?.query", "_?._?.query", "_q.query", "?.query.dc1", "?.?.connect", "?.addr", "?", "?", "?.?", "?.?.?", "?.?.?.?", "",
	"s0.service", "blue.s0.service", "?.s0.service", "?.s1.service", "?.x.s0.service", "x.?.s0.service", "x.blue.s0.service", "_s0._?.service", "_s0._?", "i1.n0._s0._tcp", "n0.node", "n1.node", "b.node", "a.b.node", // which there may be
	"none.service", "below.service", "made.node", "up.node", "?.made.node", "er", "fixed", "?.fixed", // records may stand there, or below
	"?.service.ns", "?.x.hostmaster", "hostmaster", "9.0.0",
}

// drawStranger is a name in wire form that may or may not exist.
func drawStranger(t *rapid.T) []byte {
	var labels []string
	for l := range strings.SplitSeq(rapid.SampledFrom(strangeForms).Draw(t, "form"), ".") {
		if l == "?" {
			l = rapid.OneOf(rapid.SampledFrom(strangeLabels), rapid.SampledFrom(strangeLabels), rapid.StringMatching(`[a-zA-Z0-9-]{1,16}`)).Draw(t, "label")
		}
		if l != "" {
			labels = append(labels, l)
		}
	}
	domain := rapid.SampledFrom([]string{"consul", "consul", "consul", "alt", "sub.consul", longDomain, "consul.alt", "10.in-addr.arpa", "com", ""}).Draw(t, "domain")
	if domain != "" {
		labels = append(labels, strings.Split(domain, ".")...)
	}
	name := wireName(labels)
	if rapid.IntRange(0, 9).Draw(t, "longest") == 0 {
		fill := rapid.SampledFrom([]string{"f", "\x00", "\\"}).Draw(t, "filled with")
		for room := 255 - len(name); room > 1; room = 255 - len(name) {
			labels = slices.Insert(labels, 0, strings.Repeat(fill, min(63, room-1)))
			name = wireName(labels)
		}
	}
	bits := rapid.Uint64().Draw(t, "case")
	for i, c := range name {
		if bits>>(i%64)&1 == 1 && 'a' <= c && c <= 'z' {
			name[i] = c - 'a' + 'A'
		}
	}
	return name
}

// wireName is a name in wire form, cut from the left to what a name can hold.
func wireName(labels []string) []byte {
	for {
		var name []byte
		for _, l := range labels {
			name = append(append(name, byte(len(l))), l...)
		}
		if len(name) < 255 {
			return append(name, 0)
		}
		labels = labels[1:]
	}
}
