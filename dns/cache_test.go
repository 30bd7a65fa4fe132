package dns_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
	"muster/metrics"
)

// desk is a cache and what it counts.
type desk struct {
	t     *testing.T
	cache dns.Cache
	reg   *metrics.Registry
}

func newDesk(t *testing.T, src dns.Source, change func(*dns.Config)) (*desk, *dns.Handler) {
	t.Helper()
	cfg := dns.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	reg := metrics.New(metrics.Build{})
	h, err := dns.NewHandler(cfg, src, dns.Deps{Metrics: reg.DNS})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, h.NewCache(true, 1), reg}, h
}

// ask asks the cache and returns the texts of the answer's records, or else the
// response code, and by which path they came: "hit", "negative", "miss", or "" when the cache leaves it to others.
func (d *desk) ask(ask string) (answer, path string) {
	d.t.Helper()
	m := new(mdns.Msg)
	dnstest.Question(d.t, m, ask)
	query, err := m.Pack()
	if err != nil {
		d.t.Fatal(err)
	}
	before := d.paths()
	out := make([]byte, 1232)
	n, ok := d.cache.Answer(out, query, localhost)
	if !ok {
		return "", ""
	}
	if err := m.Unpack(out[:n]); err != nil {
		d.t.Fatal(err)
	}
	var texts []string
	for _, rr := range m.Answer {
		texts = append(texts, strings.Join(strings.Fields(rr.String())[4:], " "))
	}
	if len(texts) == 0 {
		texts = []string{mdns.RcodeToString[m.Rcode]}
	}
	d.cache.Idle()
	for path, n := range d.paths() {
		if n > before[path] {
			return strings.Join(texts, ", "), path
		}
	}
	d.t.Fatalf("%s: answered and not counted", ask)
	return "", ""
}

// paths are the counts of answers by path.
func (d *desk) paths() map[string]float64 {
	r, err := d.reg.Read()
	if err != nil {
		d.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, c := range r.Counters {
		if c.Name == "muster_dns_queries_total" {
			out[c.Labels["path"]] += c.Value
		}
	}
	return out
}

func apply(t *testing.T, s *catalog.State, commands ...catalog.Command) {
	t.Helper()
	for _, c := range commands {
		if _, err := s.Apply(s.Applied()+1, c); err != nil {
			t.Fatal(err)
		}
	}
}

const watchedWorld = `
node n1 10.0.0.1 meta.a=1
node n2 10.0.0.2
service n1 web id=w1 addr=10.1.0.1 port=80
service n2 db id=d1 addr=10.2.0.1 port=1
service n1 far id=f1 addr=web.service.consul
service n1 plain id=p1 port=9
`

// TestVisibleAtOnce changes one thing and asks again: the next answer shows it. Answers
// that do not depend on it come from the cache as before.
func TestVisibleAtOnce(t *testing.T) {
	node := func(name, address string) catalog.Node {
		return catalog.Node{Name: name, Address: address, Datacenter: "dc1"}
	}
	check := func(node, id, service string, s catalog.Status) catalog.Command {
		return &catalog.Register{Node: catalog.Node{Name: node}, SkipNodeUpdate: true, Checks: []*catalog.Check{{ID: id, ServiceID: service, Status: s}}}
	}
	instance := func(id, name, address string) catalog.Command {
		return &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &catalog.Instance{ID: id, Name: name, Address: address, Weights: catalog.DefaultWeights}}
	}
	for _, c := range []struct {
		ask, before string
		change      catalog.Command
		after       string
		others      []string // whose answers stay
	}{
		{"web.service.consul. A", "10.1.0.1", check("n1", "c", "w1", catalog.Critical), "NXDOMAIN", []string{"db.service.consul. A", "n1.node.consul. A", "plain.service.consul. A", "none.service.consul. A"}},
		{"web.service.consul. A", "10.1.0.1", instance("w1", "web", "10.1.0.9"), "10.1.0.9", []string{"db.service.consul. A", "n1.node.consul. A", "none.service.consul. A"}},
		{"web.service.consul. A", "10.1.0.1", &catalog.Deregister{Node: "n1", ServiceID: "w1"}, "NXDOMAIN", []string{"db.service.consul. A"}},
		{"far.service.consul. A", "web.service.consul., 10.1.0.1", instance("w1", "web", "10.1.0.9"), "web.service.consul., 10.1.0.9", nil},
		{"plain.service.consul. A", "10.0.0.1", &catalog.Register{Node: node("n1", "10.0.0.7")}, "10.0.0.7", []string{"db.service.consul. A", "n2.node.consul. A"}},
		{"plain.service.consul. A", "10.0.0.1", check("n1", "serfHealth", "", catalog.Critical), "NXDOMAIN", []string{"db.service.consul. A", "n1.node.consul. A"}},
		{"plain.service.consul. SRV", "1 1 9 n1.node.dc1.consul.", check("n1", "serfHealth", "", catalog.Critical), "NXDOMAIN", nil},
		{"new.service.consul. A", "NXDOMAIN", instance("x", "new", "10.3.0.1"), "10.3.0.1", []string{"web.service.consul. A", "n9.node.consul. A"}},
		{"n1.node.consul. A", "10.0.0.1", &catalog.Register{Node: node("n1", "10.0.0.7")}, "10.0.0.7", []string{"n2.node.consul. A"}},
		{"n1.node.consul. TXT", `"a=1"`, &catalog.Register{Node: node("n1", "10.0.0.1")}, "NOERROR", []string{"db.service.consul. A"}},
		{"n9.node.consul. A", "NXDOMAIN", &catalog.Register{Node: node("n9", "10.0.0.9")}, "10.0.0.9", []string{"db.service.consul. A"}},
		{"below.node.consul. A", "NXDOMAIN", &catalog.Register{Node: node("a.below", "10.0.0.9")}, "NOERROR", []string{"db.service.consul. A"}},
		{"1.0.1.10.in-addr.arpa. PTR", "web.service.dc1.consul.", check("n1", "c", "w1", catalog.Critical), "NOERROR", []string{"1.0.2.10.in-addr.arpa. PTR"}},
		{"1.0.1.10.in-addr.arpa. PTR", "web.service.dc1.consul.", instance("w1", "web", "10.1.0.2"), "REFUSED", nil},
		{"2.0.1.10.in-addr.arpa. PTR", "REFUSED", instance("w1", "web", "10.1.0.2"), "web.service.dc1.consul.", nil},
		{"1.0.1.10.in-addr.arpa. PTR", "web.service.dc1.consul.", check("n1", "serfHealth", "", catalog.Critical), "NOERROR", nil},
		{"1.0.0.10.in-addr.arpa. PTR", "n1.node.dc1.consul.", &catalog.Register{Node: node("n1", "10.0.0.7")}, "REFUSED", nil},
		{"web.service.consul. A", "10.1.0.1", &catalog.SetKey{Key: []byte("k")}, "10.1.0.1", []string{"web.service.consul. A", "none.service.consul. A"}},
	} {
		s := dnstest.Catalog(t, watchedWorld)
		d, _ := newDesk(t, live{s}, nil)
		got, path := d.ask(c.ask)
		first, again := "miss", "hit"
		if c.before == "NXDOMAIN" {
			first, again = "negative", "negative"
		}
		if got != c.before || path != first {
			t.Errorf("%s: first %q by %s, want %q", c.ask, got, path, c.before)
		}
		for _, o := range c.others {
			d.ask(o)
		}
		if got, path := d.ask(c.ask); got != c.before || path != again {
			t.Errorf("%s: again %q by %s, want %q", c.ask, got, path, c.before)
		}
		apply(t, s, c.change)
		if got, _ := d.ask(c.ask); got != c.after {
			t.Errorf("%s after %+v: %q, want %q", c.ask, c.change, got, c.after)
		}
		for _, o := range c.others {
			if got, path := d.ask(o); path != "hit" && (path != "negative" || got != "NXDOMAIN") {
				t.Errorf("%s after %+v: %q by %q, want a hit", o, c.change, got, path)
			}
		}
	}
}

// TestNothingFromBeforeAfterApply changes an address over and over while others ask. Whoever
// asks after a change has been applied must not be told an older one.
func TestNothingFromBeforeAfterApply(t *testing.T) {
	s := dnstest.Catalog(t, watchedWorld)
	_, h := newDesk(t, live{s}, nil)
	var mu sync.RWMutex // of applied
	applied := uint32(0)
	done := make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			cache, out := h.NewCache(true, 4), make([]byte, 1232)
			query := packed(t, "web.service.consul.", mdns.TypeA, 0)
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.RLock()
				least := applied
				mu.RUnlock()
				n, ok := cache.Answer(out, query, localhost)
				if !ok {
					t.Error("not answered")
					return
				}
				if got := binary.BigEndian.Uint32(out[n-4:]); got < 11<<24+least && least > 0 {
					t.Errorf("told %d after %d was applied", got-11<<24, least)
					return
				}
			}
		})
	}
	for i := range uint32(3000) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 11<<24+i+1)
		apply(t, s, &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Instance: &catalog.Instance{
			ID: "w1", Name: "web", Address: netip.AddrFrom4(a).String(), Weights: catalog.DefaultWeights,
		}})
		mu.Lock()
		applied = i + 1
		mu.Unlock()
	}
	close(done)
	workers.Wait()
}

// TestStaleViewsAreNotKept holds that the cache keeps out of what depends on the view's age.
func TestStaleViewsAreNotKept(t *testing.T) {
	s := dnstest.Catalog(t, watchedWorld)
	v := dns.View{Snapshot: s.Snapshot(), Ready: true}
	src := &adjustable{v}
	d, _ := newDesk(t, src, nil)
	d.ask("web.service.consul. A")
	for name, view := range map[string]dns.View{
		"not ready": {}, "stale": {Snapshot: v.Snapshot, Ready: true, Age: 6e9},
	} {
		src.View_ = view
		if got, path := d.ask("web.service.consul. A"); path != "" {
			t.Errorf("%s: %q by %s", name, got, path)
		}
	}
	src.View_ = v
	if _, path := d.ask("web.service.consul. A"); path != "hit" {
		t.Error("nothing is left of the answer")
	}
	// Another state has watches of its own: nothing of the former may stay.
	src.View_.Snapshot = dnstest.Catalog(t, "node n1 10.0.0.1\nservice n1 web addr=10.9.9.9").Snapshot()
	if got, _ := d.ask("web.service.consul. A"); got != "10.9.9.9" {
		t.Errorf("another catalog: %s", got)
	}
}

type adjustable struct{ View_ dns.View }

func (a *adjustable) View() dns.View { return a.View_ }

// TestNameServersAreDrawnAnew holds that what was drawn in a way that cannot be kept is not.
func TestNameServersAreDrawnAnew(t *testing.T) {
	d, _ := newDesk(t, live{dnstest.Catalog(t, world+"\nnode srv2 10.0.0.2\nservice srv2 consul port=8300\n")}, nil)
	if got, path := d.ask("consul. NS"); path != "" {
		t.Errorf("%q by %s", got, path)
	}
	if _, path := d.ask("consul. SOA"); path != "" {
		t.Errorf("SOA with two servers by %s", path)
	}
	if got, path := d.ask("ns.consul. A"); path != "miss" {
		t.Errorf("%q by %q", got, path)
	}
}

// TestStrangersDriveOutNothing asks for a million octets of made-up names: what is kept of
// the catalog's own stays, and no more than the bound is kept at all.
func TestStrangersDriveOutNothing(t *testing.T) {
	d, h := newDesk(t, live{catalogOf(t, 3000, 2)}, nil)
	for i := range 3000 {
		d.cache.Answer(make([]byte, 1232), packed(t, fmt.Sprintf("s%d.service.consul.", i), mdns.TypeA, 0), localhost)
	}
	before, octets := d.cache.Kept()
	if before != 3000 {
		t.Fatalf("%d answers kept", before)
	}
	out := make([]byte, 1232)
	for i := range 20000 {
		d.cache.Answer(out, packed(t, fmt.Sprintf("x%d.service.consul.", i), mdns.TypeA, 0), localhost)
		d.cache.Answer(out, packed(t, fmt.Sprintf("_x%d.service.consul.", i), mdns.TypeA, 0), localhost)
		d.cache.Answer(out, packed(t, fmt.Sprintf("%08x.addr.consul.", i), mdns.TypeA, 0), localhost)
	}
	if now, bytes := d.cache.Kept(); now != before || bytes != octets {
		t.Errorf("%d answers of %d octets, want %d of %d", now, bytes, before, octets)
	}

	small := h.NewCacheOf(100_000)
	for i := range 3000 {
		small.Answer(out, packed(t, fmt.Sprintf("s%d.service.consul.", i), mdns.TypeA, 0), localhost)
		small.Answer(out, packed(t, "s1.service.consul.", mdns.TypeA, 0), localhost) // asked all the time
		if _, bytes := small.Kept(); bytes > 100_000 {
			t.Fatalf("%d octets kept", bytes)
		}
	}
	if n, _ := small.Kept(); n < 50 || !small.Has(packed(t, "s1.service.consul.", mdns.TypeA, 0)) {
		t.Errorf("of %d answers kept none is that to the question asked all the time", n)
	}
}
