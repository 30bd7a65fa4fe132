package dns_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"pgregory.net/rapid"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// TestCacheSaysWhatTheSlowPathSays holds that a cached reply is the slow path's, but for
// the id, letter case, and which records are drawn in what order; over random catalogs,
// settings and questions, with changes and reloads between them.
func TestCacheSaysWhatTheSlowPathSays(t *testing.T) {
	answered := 0
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		queries := [][]byte{drawQuery(t), drawQuery(t), drawQuery(t), drawQuery(t)} // few, so that changes meet kept answers
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2:
				p.change(t)
			case 3:
				p.reload(t)
			default:
				if p.ask(t, queries[rapid.IntRange(0, 3).Draw(t, "query")]) {
					answered++
				}
			}
		}
	})
	if answered == 0 {
		t.Error("the cache answered nothing")
	}
}

// pair is a handler, and a cache in front of it, at the two transports.
type pair struct {
	state *catalog.State
	h     *dns.Handler
	cfg   dns.Config
	cache map[bool]dns.Cache // by whether it is for UDP
}

type live struct{ *catalog.State }

func (s live) View() dns.View { return dns.View{Snapshot: s.Snapshot(), Ready: true, Node: "n0"} }

func newPair(t *rapid.T) *pair {
	p := &pair{state: catalog.New()}
	p.cfg = drawConfig(t)
	var err error
	if p.h, err = dns.NewHandler(p.cfg, live{p.state}, deps()); err != nil {
		t.Fatal(err)
	}
	p.cache = map[bool]dns.Cache{true: p.h.NewCache(true, 1), false: p.h.NewCache(false, 1)}
	for range rapid.IntRange(0, 20).Draw(t, "rows") {
		p.change(t)
	}
	for i := range rapid.SampledFrom([]int{0, 0, 40, 90}).Draw(t, "crowd") {
		instance := &catalog.Instance{
			ID: fmt.Sprint("crowd", i), Name: "s0", Address: fmt.Sprintf("10.9.0.%d", i), Port: i,
			Weights: catalog.Weights{Passing: i % 3}, DNS: &catalog.InstanceDNS{Priority: i / 60},
		}
		if i%5 == 0 {
			instance.TaggedAddresses = map[string]catalog.ServiceAddress{"lan_ipv6": {Address: fmt.Sprintf("2001:db8:9::%x", i)}}
		}
		node := catalog.Node{Name: "n0", Datacenter: "dc1", Address: "10.0.0.9"}
		if _, err := p.state.Apply(p.state.Applied()+1, &catalog.Register{Node: node, Instance: instance}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *pair) reload(t *rapid.T) {
	p.cfg = drawConfig(t)
	if err := dns.ReloadHandler(p.h, p.cfg); err != nil {
		t.Fatal(err)
	}
}

func drawConfig(t *rapid.T) dns.Config {
	cfg := dns.DefaultConfig()
	cfg.RateLimit, cfg.RateLimitErrors = 0, 0
	some := func(label string, of ...int) int { return rapid.SampledFrom(of).Draw(t, label) }
	cfg.ARecordLimit, cfg.UDPAnswerLimit = some("a_record_limit", 0, 0, 1, 3), some("udp_answer_limit", 0, 0, 2, 5)
	cfg.OnlyPassing, cfg.EnableTruncate = rapid.Bool().Draw(t, "only_passing"), rapid.Bool().Draw(t, "truncate")
	cfg.DisableCompression = some("compression", 0, 0, 1) == 1
	cfg.EnableAdditionalNodeMetaTXT = rapid.Bool().Draw(t, "meta")
	cfg.ServiceMetaTXT = []string{"m*"}
	cfg.NodeTTL = time.Duration(some("node_ttl", 0, 7)) * time.Second
	if some("static", 0, 1) == 1 {
		cfg.Records = []string{
			"fixed A 192.0.2.7", "fixed A 192.0.2.8", "to CNAME s0.service",
			"none.service TXT here", "x.below.service TXT there", "made.node A 192.0.2.9", "y.up.node.dc1 A 192.0.2.9", "deep.er A 192.0.2.9",
		}
	}
	if some("reverse", 0, 1) == 1 {
		cfg.ReverseNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	}
	if some("recursor", 0, 0, 1) == 1 {
		cfg.Recursors = []string{"127.0.0.1:1"} // asked by nobody: see ask
		cfg.RecursorNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	}
	cfg.SortByRTT, cfg.Node = some("sort_by_rtt", 0, 0, 1) == 1, "n0"
	cfg.PreferLocal, cfg.PreferLocalMin = some("prefer_local", 0, 0, 1) == 1, some("prefer_local_min", 1, 2)
	cfg.Locality = catalog.Locality{Region: "eu", Zone: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "own zone")}
	cfg.AltDomain = rapid.SampledFrom([]string{"alt", "alt", "sub.consul", longDomain}).Draw(t, "alt_domain")
	cfg.Datacenter = rapid.SampledFrom([]string{"dc1", "dc1", "dc1", "DC1", "ns"}).Draw(t, "datacenter")
	return cfg
}

// longDomain is one with which some negative replies do not fit a small message, when names are not compressed.
var longDomain = strings.Repeat("long", 8) + "." + strings.Repeat("long", 8) + ".alt"

func (p *pair) change(t *rapid.T) {
	c := drawChange(t)
	_, _ = p.state.Apply(p.state.Applied()+uint64(rapid.IntRange(1, 2).Draw(t, "skip")), c)
}

func drawChange(t *rapid.T) catalog.Command {
	node := rapid.SampledFrom([]string{"n0", "n1", "a.b"}).Draw(t, "node")
	id := fmt.Sprint("i", rapid.IntRange(0, 9).Draw(t, "id"))
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 8, 9:
		return drawPrepared(t)
	case 0:
		return &catalog.SetKey{Key: []byte("k"), Value: []byte(id)}
	case 1:
		return &catalog.Deregister{Node: node, ServiceID: id}
	case 2:
		return &catalog.SetStatus{Node: node, CheckID: "c" + id, Status: drawStatus(t)}
	case 3:
		if rapid.IntRange(0, 3).Draw(t, "whole node") == 0 {
			return &catalog.Deregister{Node: node}
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "move") == 0 {
		return coordinate(node, rapid.IntRange(0, 3).Draw(t, "to"))
	}
	c := &catalog.Register{Node: catalog.Node{Name: node, Datacenter: "dc1", Address: drawAddress(t, "node")}}
	if zone := rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "zone"); zone != "" {
		c.Node.Locality = &catalog.Locality{Region: "eu", Zone: zone}
	}
	if rapid.Bool().Draw(t, "same node") {
		c.Node.Address = "10.0.0.9"
	}
	if rapid.Bool().Draw(t, "meta") {
		c.Node.Meta = map[string]string{"rack": id}
	}
	if rapid.IntRange(0, 5).Draw(t, "node only") == 0 {
		c.Checks = []*catalog.Check{{ID: "node", Status: drawStatus(t)}}
		return c
	}
	c.Instance = &catalog.Instance{
		ID: id, Name: rapid.SampledFrom([]string{"s0", "S1", "s2", "consul"}).Draw(t, "service"), Address: drawAddress(t, "instance"),
		Port: rapid.IntRange(0, 3).Draw(t, "port"), Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"blue", "v1.x", "x"}), 0, 2).Draw(t, "tags"),
		Weights: catalog.Weights{Passing: rapid.IntRange(0, 5).Draw(t, "weight"), Warning: 1},
	}
	if rapid.IntRange(0, 3).Draw(t, "wishes") == 0 {
		c.Instance.DNS = &catalog.InstanceDNS{Priority: rapid.IntRange(0, 2).Draw(t, "priority"), ALPN: []string{"h2"}}
	}
	if rapid.Bool().Draw(t, "instance meta") {
		c.Instance.Meta = map[string]string{"m1": id}
	}
	c.Checks = []*catalog.Check{{ID: "c" + id, ServiceID: id, Status: drawStatus(t)}}
	return c
}

// drawPrepared makes or deletes a prepared query, or moves a node.
func drawPrepared(t *rapid.T) catalog.Command {
	some := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	id := "00000000-0000-4000-8000-00000000000" + some("query", "0", "1", "2")
	q := catalog.PreparedQuery{ID: id, Name: some("name", "q", "q", "b.q", "none"), TTL: some("ttl", "", "9s"), Service: catalog.ServiceQuery{
		Service: some("service", "s0", "S1", "nothing"), Near: some("near", "", "", "n1", "_agent", "_ip"), OnlyPassing: rapid.Bool().Draw(t, "passing"),
	}}
	switch rapid.IntRange(0, 9).Draw(t, "prepared") {
	case 0:
		return &catalog.DeletePreparedQuery{ID: id}
	case 1:
		at := catalog.Coordinate{Vec: make([]float64, catalog.CoordinateDimensions)}
		at.Vec[0] = rapid.Float64Range(0, 1).Draw(t, "at")
		return &catalog.UpdateCoordinates{Updates: []catalog.NodeCoordinate{{Node: some("moves", "n0", "n1", "a.b"), Coord: at}}}
	case 2, 3:
		q.Service.Tags = []string{some("tag", "blue", "!blue", "!X")}
	case 4, 5:
		q.Name, q.Template = some("prefix", "", "q-", "q"), &catalog.QueryTemplate{Regexp: some("regexp", "", "^q-(.*)$", `^(.*)\.q`)}
		q.Service.Service = some("of the name", "${match(1)}", "${name.full}", "${name.suffix}")
	case 6:
		q.Service.Failover.Targets = []catalog.QueryTarget{{Service: "s2"}}
	case 7:
		q.Service.IgnoreCheckIDs = []string{"ci1", "ci2", "node"}
	}
	return &catalog.SetPreparedQuery{Query: q, Checked: true} // updates what there is
}

func drawStatus(t *rapid.T) catalog.Status {
	return rapid.SampledFrom([]catalog.Status{catalog.Passing, catalog.Passing, catalog.Warning, catalog.Critical}).Draw(t, "status")
}

func drawAddress(t *rapid.T, of string) string {
	n := rapid.IntRange(0, 40).Draw(t, "address of "+of)
	switch {
	case n == 0 && of == "instance":
		return ""
	case n == 1:
		return "s0.service.consul"
	case n == 2:
		return "www.example.com"
	case n < 8:
		return fmt.Sprintf("2001:db8::%x", n)
	}
	return fmt.Sprintf("10.0.1.%d", n)
}

func drawQuery(t *rapid.T) []byte {
	name := rapid.SampledFrom([]string{
		"s0.service.consul.", "s1.service.consul.", "s2.service.dc1.consul.", "s0.service.dc1.dc.consul.", "s0.service.alt.",
		"blue.s0.service.consul.", "v1.x.s0.service.consul.", "x.s0.service.consul.", "x.blue.s0.service.consul.",
		"_s0._tcp.service.consul.", "_s0._tcp.consul.", "_s0._blue.service.consul.", "nothing.service.consul.", "s0.service.dc9.consul.",
		"n0.node.consul.", "n1.node.consul.", "b.node.consul.", "nobody.node.consul.", "0a000109.addr.consul.", "zz.addr.consul.",
		"consul.", "alt.", "ns.consul.", "service.consul.", "consul.service.consul.", "fixed.consul.", "to.consul.", "q.query.consul.", "q.query.consul.", "q-s0.query.consul.", "_q._x.query.consul.", "b.q.query.dc1.consul.", "_q.query.consul.",
		"9.0.0.10.in-addr.arpa.", "12.1.0.10.in-addr.arpa.", "1.2.3.4.in-addr.arpa.", "0.10.in-addr.arpa.", "example.com.", ".",
		"_services._dns-sd._udp.consul.", "b._dns-sd._udp.consul.", `we\.ird.service.consul.`, `\000\255.node.consul.`,
	}).Draw(t, "name")
	wire := make([]byte, 255)
	end, err := mdns.PackDomainName(mixCase(name, rapid.Uint64().Draw(t, "case")), wire, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return drawMessage(t, wire[:end])
}

// drawMessage is a query for a name in wire form.
func drawMessage(t *rapid.T, name []byte) []byte {
	m := &mdns.Msg{}
	m.Id = rapid.Uint16().Draw(t, "id")
	m.Question = []mdns.Question{{Name: ".", Qclass: mdns.ClassINET, Qtype: rapid.SampledFrom([]uint16{
		mdns.TypeA, mdns.TypeA, mdns.TypeAAAA, mdns.TypeSRV, mdns.TypeSRV, mdns.TypeTXT, mdns.TypeANY, mdns.TypeSOA, mdns.TypeNS, mdns.TypePTR,
		mdns.TypeCNAME, mdns.TypeHTTPS, mdns.TypeSVCB, mdns.TypeMX, mdns.TypeAXFR, 65280, 0,
	}).Draw(t, "type")}}
	m.RecursionDesired, m.CheckingDisabled = rapid.Bool().Draw(t, "rd"), rapid.Bool().Draw(t, "cd")
	m.AuthenticatedData, m.Truncated = rapid.Bool().Draw(t, "ad"), rapid.Bool().Draw(t, "tc")
	if size := rapid.SampledFrom([]int{-1, 0, 511, 512, 540, 600, 1000, 1232, 4096}).Draw(t, "edns"); size >= 0 {
		m.SetEdns0(uint16(size), rapid.Bool().Draw(t, "do"))
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	const at = 12 // where the root stands now
	return slices.Concat(wire[:at], name, wire[at+1:])
}

func mixCase(name string, bits uint64) string {
	if strings.Contains(name, `\`) {
		return name
	}
	b := []byte(name)
	for i := range b {
		if bits>>(i%64)&1 == 1 && 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// ask asks cache and slow path, and reports whether the cache answered.
func (p *pair) ask(t *rapid.T, query []byte) bool {
	client := netip.MustParseAddr(rapid.SampledFrom([]string{"127.0.0.1", "10.0.0.5", "192.0.2.1"}).Draw(t, "client"))
	udp := rapid.IntRange(0, 4).Draw(t, "transport") > 0
	out := make([]byte, mdns.MaxMsgSize)
	n, ok := p.cache[udp].Answer(out, query, client)
	if !ok {
		return false
	}
	w := &dnstest.Writer{From: client, OverUDP: udp}
	want := exchange(w, p.h, query) // were a recursor asked, it would be an error beside which the cache's answer stands out
	got := out[:n]
	if len(got) > len(want) && udp && len(got) > 1232 {
		t.Fatalf("%d octets over UDP", len(got))
	}
	if !bytes.Equal(got[:2], query[:2]) || !bytes.Equal(questionIn(got), questionIn(query)) {
		t.Fatalf("reply %x to %x", got, query)
	}
	p.compare(t, unpack(t, got), unpack(t, want), query, udp)
	return true
}

// questionIn is the question of a message as it stands there.
func questionIn(wire []byte) []byte {
	end := 12
	for wire[end] != 0 {
		end += 1 + int(wire[end])
	}
	return wire[12 : end+5]
}

func unpack(t *rapid.T, wire []byte) *mdns.Msg {
	m := new(mdns.Msg)
	if err := m.Unpack(wire); err != nil {
		t.Fatalf("%x: %v", wire, err)
	}
	return m
}

func (p *pair) compare(t *rapid.T, got, want *mdns.Msg, query []byte, udp bool) {
	g, w := sections(got), sections(want)
	if got.MsgHdr == want.MsgHdr && slices.EqualFunc(g[:], w[:], slices.Equal) {
		return
	}
	// Both may be choices: then they are of one kind and of the same records.
	all := p.universe(t, query, udp)
	whole := sections(all)
	if len(whole[0]) <= len(g[0]) && len(whole[2]) <= len(g[2]) {
		t.Fatalf("cache says\n%s\nslow path\n%s", got, want)
	}
	got.Truncated, want.Truncated = got.Truncated && sameSize(all), want.Truncated && sameSize(all)
	if got.MsgHdr != want.MsgHdr || !slices.Equal(g[1], w[1]) || sameSize(all) && len(g[0]) != len(w[0]) {
		t.Fatalf("cache says\n%s\nslow path\n%s", got, want)
	}
	for i, section := range g {
		if len(slices.Compact(slices.Clone(section))) != len(section) {
			t.Fatalf("something stands there twice\n%s", got)
		}
		for _, rr := range section {
			if !slices.Contains(whole[i], rr) {
				t.Fatalf("%s is not in\n%s", rr, all)
			}
		}
	}
}

// universe is the answer to a query with no limit, of size or count.
func (p *pair) universe(t *rapid.T, query []byte, udp bool) *mdns.Msg {
	cfg := p.cfg
	cfg.ARecordLimit, cfg.UDPAnswerLimit = 0, 0
	h, err := dns.NewHandler(cfg, live{p.state}, deps())
	if err != nil {
		t.Fatal(err)
	}
	return unpack(t, dns.Whole(h, query, udp))
}

// sameSize reports whether all answers of a message are as long, so that each choice of them is.
func sameSize(m *mdns.Msg) bool {
	return !slices.ContainsFunc(m.Answer, func(rr mdns.RR) bool { return mdns.Len(rr) != mdns.Len(m.Answer[0]) })
}

// sections are the texts of the records of a message, in lower case, sorted.
func sections(m *mdns.Msg) (out [3][]string) {
	for i, section := range [3][]mdns.RR{m.Answer, m.Ns, m.Extra} {
		for _, rr := range section {
			out[i] = append(out[i], strings.ToLower(rr.String()))
		}
		slices.Sort(out[i])
	}
	return out
}

func exchange(w *dnstest.Writer, h *dns.Handler, query []byte) []byte {
	h.ServeWire(context.Background(), w, query)
	return w.Replies[len(w.Replies)-1]
}
