package dns_test

import (
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestPlain tells which queries the fast path takes: nothing in them that it would overlook.
func TestPlain(t *testing.T) {
	pack := func(ask string, change func(*mdns.Msg)) []byte { return packedWith(t, ask, change) }
	base := pack("web.service.consul. A", nil)
	with := func(at int, b byte) []byte { c := append([]byte(nil), base...); c[at] = b; return c }
	for name, c := range map[string]struct {
		wire []byte
		want bool
	}{
		"plain":           {base, true},
		"root":            {pack(". NS", nil), true},
		"edns":            {pack("web.service.consul. A", func(m *mdns.Msg) { m.SetEdns0(4096, true) }), true},
		"odd header bits": {with(3, 0x70), true},
		"response":        {with(2, 0x80), false},
		"opcode":          {with(2, 0x08), false},
		"code":            {with(3, 0x01), false},
		"no question":     {with(5, 0), false},
		"an answer":       {with(7, 1), false},
		"authority":       {with(9, 1), false},
		"record missing":  {with(11, 1), false},
		"two records":     {with(11, 2), false},
		"class":           {pack("version.bind. TXT CH", nil), false},
		"label too long":  {with(12, 64), false},
		"compressed":      {with(12, 0xc0), false},
		"label past end":  {with(12, 60), false},
		"cut":             {base[:len(base)-1], false},
		"header alone":    {base[:12], false},
		"behind the end":  {append(with(0, 1), 0), false},
		"nsid":            {pack("web.service.consul. A", withNSID), false},
		"edns version":    {pack("web.service.consul. A", func(m *mdns.Msg) { m.SetEdns0(4096, true).IsEdns0().SetVersion(1) }), false},
		"owner of OPT":    {pack("web.service.consul. A", func(m *mdns.Msg) { m.SetEdns0(4096, true).Extra[0].Header().Name = "x." }), false},
		"other additional": {pack("web.service.consul. A", func(m *mdns.Msg) {
			m.Extra = []mdns.RR{&mdns.A{Hdr: mdns.RR_Header{Name: ".", Rrtype: mdns.TypeA, Class: mdns.ClassINET}}}
		}), false},
	} {
		if got := dns.ReadPlain(c.wire); got != c.want {
			t.Errorf("%s: plain is %t", name, got)
		}
	}
}

// packedWith is the wire form of a query, as changed.
func packedWith(t testing.TB, ask string, change func(*mdns.Msg)) []byte {
	t.Helper()
	m := new(mdns.Msg)
	dnstest.Question(t, m, ask)
	if change != nil {
		change(m)
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func withNSID(m *mdns.Msg) {
	o := m.SetEdns0(4096, false).IsEdns0()
	o.Option = append(o.Option, &mdns.EDNS0_NSID{Code: mdns.EDNS0NSID})
}

// FuzzPlain holds that what the fast path takes the slow path can read, and that both
// understand the same: a cached reply to it is the slow path's.
func FuzzPlain(f *testing.F) {
	state := dnstest.Catalog(f, "node n1 10.0.0.1\nservice n1 web addr=10.1.0.1 port=80\n")
	h := handler(f, live{state}, nil)
	cache := h.NewCache(true, 1)
	for _, ask := range []string{"web.service.consul. A", "WEB.service.consul. SRV", "consul. SOA", "none.node.consul. A"} {
		f.Add(packedWith(f, ask, nil))
		f.Add(packedWith(f, ask, func(m *mdns.Msg) { m.SetEdns0(600, true) }))
		f.Add(packedWith(f, ask, withNSID))
	}
	f.Fuzz(func(t *testing.T, query []byte) {
		if len(query) > 1232 || dns.ReadPlain(query) && !dns.ReadQuery(query) {
			if len(query) <= 1232 {
				t.Fatalf("%x is plain, but the slow path cannot read it", query)
			}
			return
		}
		out := make([]byte, 1232)
		n, ok := cache.Answer(out, query, localhost)
		if !ok {
			return
		}
		if want := dnstest.Exchange(h, query, true); !equalFold(out[:n], want) {
			t.Fatalf("to %x cache says\n%x\nslow path\n%x", query, out[:n], want)
		}
	})
}

// equalFold compares messages without regard to ASCII case.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if 'A' <= y && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}
