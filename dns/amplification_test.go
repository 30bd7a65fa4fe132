package dns_test

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

const amplificationPage = "../contrib/docs/amplification.md"

// attack is a question that might be worth forging. Of those of a kind the worst counts.
type attack struct {
	kind   string
	ask    string
	edns   bool
	cookie bool
}

// attacks are asked with EDNS and without. Names are as short as names can be.
var attacks = []attack{
	{kind: "A", ask: "a.service.consul. A"}, {kind: "A", ask: "b.service.consul. A"}, {kind: "A", ask: "c.service.consul. A"},
	{kind: "AAAA", ask: "c.service.consul. AAAA"},
	{kind: "SRV", ask: "_a._tcp.consul. SRV"}, {kind: "SRV", ask: "a.service.consul. SRV"}, {kind: "SRV", ask: "c.service.consul. SRV"},
	{kind: "TXT of a service (`service_meta_txt`)", ask: "b.service.consul. TXT"},
	{kind: "TXT of a node", ask: "n.node.consul. TXT"},
	{kind: "ANY", ask: "a.service.consul. ANY"}, {kind: "ANY", ask: "n.node.consul. ANY"}, {kind: "ANY", ask: "consul. ANY"},
	{kind: "SOA", ask: "consul. SOA"},
	{kind: "NS", ask: "consul. NS"},
	{kind: "address of the name server", ask: "ns.consul. A"},
	{kind: "PTR", ask: "9.9.9.10.in-addr.arpa. PTR"}, {kind: "PTR", ask: "1.0.0.10.in-addr.arpa. PTR"},
	{kind: "DNS-SD", ask: "_services._dns-sd._udp.consul. PTR"}, {kind: "DNS-SD", ask: "_a._tcp.consul. PTR"}, {kind: "DNS-SD", ask: "_a._tcp.service.consul. PTR"},
	{kind: "name without records of the type", ask: "a.service.consul. MX"}, {kind: "name without records of the type", ask: "n.node.consul. AAAA"},
	{kind: "unknown name (NXDOMAIN)", ask: "z.node.consul. A"}, {kind: "unknown name (NXDOMAIN)", ask: "z.service.consul. SRV"},
	{kind: "name outside the zones (REFUSED)", ask: ". A"}, {kind: "name outside the zones (REFUSED)", ask: ". NS"},
	{kind: "zone transfer (REFUSED)", ask: "consul. AXFR"},
	{kind: "class CH, refused", ask: "version.bind. TXT CH"},
}

// rival is the worst of a kind.
type rival struct {
	attack
	question, reply int
}

func (r rival) ratio() float64 { return float64(r.reply) / float64(r.question) }

func TestAmplification(t *testing.T) {
	page, err := os.ReadFile(amplificationPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "<!-- table -->\n")
	old, after, ok2 := strings.Cut(rest, "<!-- end -->")
	if !ok || !ok2 {
		t.Fatal("the page has lost its marks")
	}
	table := amplification(t)
	if os.Getenv("MUSTER_UPDATE") != "" {
		if err := os.WriteFile(amplificationPage, []byte(before+"<!-- table -->\n"+table+"<!-- end -->"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("%s does not say what is so; MUSTER_UPDATE=1 writes it anew. The table is now\n%s", amplificationPage, table)
	}
}

// amplification measures every attack and returns the worst of each kind as a table.
func amplification(t *testing.T) string {
	src := current(prize(t))
	h := handler(t, src, func(c *dns.Config) { c.RateLimit, c.RateLimitErrors, c.ServiceMetaTXT = 0, 0, []string{"*"} })
	worst := map[string]rival{}
	for _, a := range attacks {
		for _, edns := range []bool{false, true} {
			a.edns = edns
			query := a.message(t)
			reply := forge(h, query)
			if most := 1232; len(reply) > most || !edns && len(reply) > 512 {
				t.Errorf("%s: %d octets", a.ask, len(reply))
			}
			r := rival{a, len(query), len(reply)}
			if w, ok := worst[a.kind]; !ok || r.ratio() > w.ratio() {
				worst[a.kind] = r
			}
		}
	}
	for kind, query := range map[string][]byte{"message that cannot be read (FORMERR)": make([]byte, 12), "unknown opcode (NOTIMP)": {0, 0, 0x78, 11: 0}} {
		worst[kind] = rival{attack{kind: kind}, len(query), len(forge(h, query))}
	}
	for _, r := range slips(t, src) {
		worst[r.kind] = r
		if r.ratio() > 1 && !r.cookie {
			t.Errorf("%s: a slip is %.2f times its question", r.ask, r.ratio())
		}
	}
	rivals := make([]rival, 0, len(worst))
	for _, r := range worst {
		rivals = append(rivals, r)
	}
	slices.SortFunc(rivals, func(a, b rival) int { return cmp.Or(cmp.Compare(b.ratio(), a.ratio()), cmp.Compare(a.kind, b.kind)) })
	var out strings.Builder
	out.WriteString("| question | worst | EDNS | octets | of the reply | ratio |\n|---|---|---|---|---|---|\n")
	for _, r := range rivals {
		ask, edns := "", "no"
		if r.ask != "" {
			ask = "`" + r.ask + "`"
		}
		if r.edns {
			edns = "yes"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %d | %d | %.1f |\n", r.kind, ask, edns, r.question, r.reply, r.ratio())
	}
	return out.String()
}

// slips measures what a client over the limit gets, while the clock stands still.
func slips(t *testing.T, src dns.Source) (out []rival) {
	for _, a := range []attack{
		{kind: "slip", ask: "a.service.consul. SRV"},
		{kind: "slip with EDNS", ask: "a.service.consul. SRV", edns: true},
		{kind: "slip with a client's cookie, which teaches it ours", ask: "a.service.consul. SRV", edns: true, cookie: true},
		{kind: "slip for an unknown name", ask: "z.service.consul. A"},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := handler(t, src, func(c *dns.Config) { c.RateLimit, c.RateLimitErrors, c.RateLimitSlip = 1, 1, 1 })
			query := a.message(t)
			forge(h, query)
			out = append(out, rival{a, len(query), len(forge(h, query))})
		})
	}
	return out
}

func (a attack) message(t *testing.T) []byte {
	t.Helper()
	m := new(mdns.Msg)
	dnstest.Question(t, m, a.ask)
	if a.edns {
		m.SetEdns0(65535, false)
	}
	if a.cookie {
		m.IsEdns0().Option = []mdns.EDNS0{&mdns.EDNS0_COOKIE{Code: mdns.EDNS0COOKIE, Cookie: "0102030405060708"}}
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// forge sends a query over UDP in a stranger's name.
func forge(h *dns.Handler, query []byte) []byte {
	w := &dnstest.Writer{From: netip.MustParseAddr(stranger), OverUDP: true}
	h.ServeWire(context.Background(), w, query)
	return w.Replies[0]
}

// prize is a catalog that is worth attacking: a service of 1,000 instances, one of ten, one of both
// families, much meta, three servers, an address with hundreds of names.
func prize(t *testing.T) *catalog.State {
	var text strings.Builder
	text.WriteString("node n 10.0.0.1 meta.long=" + strings.Repeat("x", 500) + "\n")
	for i := range 3 {
		fmt.Fprintf(&text, "node srv%d 10.0.1.%d\nservice srv%d consul port=8300\n", i, i, i)
	}
	for i := range 1000 {
		fmt.Fprintf(&text, "service n a id=a%03d port=80 addr=10.1.%d.%d\n", i, i/250, i%250)
	}
	for i := range 100 {
		fmt.Fprintf(&text, "service n b id=b%d addr=10.2.0.%d meta.k=%03d%s\n", i, i, i, strings.Repeat("x", 250))
		fmt.Fprintf(&text, "service n c id=c%d addr=10.3.0.%d lan_ipv6=2001:db8::%x\n", i, i, i+1)
		fmt.Fprintf(&text, "service n p%03d id=p%d addr=10.9.9.9\n", i, i)
	}
	return dnstest.Catalog(t, text.String())
}
