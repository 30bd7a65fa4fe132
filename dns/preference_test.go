package dns_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
	"pgregory.net/rapid"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// coordinate is so many milliseconds from the middle.
func coordinate(node string, ms int) catalog.Command {
	return &catalog.UpdateCoordinates{Updates: []catalog.NodeCoordinate{{Node: node, Coord: catalog.Coordinate{Vec: []float64{float64(ms) / 1000, 0, 0, 0, 0, 0, 0, 0}}}}}
}

func do(t interface{ Fatal(...any) }, s *catalog.State, commands ...catalog.Command) {
	for _, c := range commands {
		if _, err := s.Apply(s.Applied()+1, c); err != nil {
			t.Fatal(err)
		}
	}
}

// spread is a state with an instance of web on each of some nodes; each line is NODE
// REGION/ZONE MILLISECONDS STATUS PRIORITY, "-" for what is not said. Addresses are 10.1.0.1 and so on.
func spread(t testing.TB, text string) *catalog.State {
	s, n := catalog.New(), 0
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		n++
		node := catalog.Node{Name: w[0], Address: fmt.Sprintf("10.0.0.%d", n), Datacenter: "dc1"}
		if region, zone, ok := strings.Cut(w[1], "/"); ok {
			node.Locality = &catalog.Locality{Region: region, Zone: zone}
		}
		i := &catalog.Instance{ID: "web", Name: "web", Address: fmt.Sprintf("10.1.0.%d", n), Port: 80, Weights: catalog.DefaultWeights}
		if w[4] != "-" {
			i.DNS = &catalog.InstanceDNS{}
			fmt.Sscan(w[4], &i.DNS.Priority)
		}
		do(t, s, &catalog.Register{Node: node, Instance: i, Checks: []*catalog.Check{{ID: "c", ServiceID: "web", Status: catalog.Status(w[3])}}})
		var ms int
		if _, err := fmt.Sscan(w[2], &ms); err == nil {
			do(t, s, coordinate(w[0], ms))
		}
	}
	return s
}

// lastOctets asks and returns the last octets of the addresses or targets answered, in their order.
func lastOctets(t *testing.T, h *dns.Handler, qtype uint16) string {
	t.Helper()
	w := &dnstest.Writer{From: localhost, OverUDP: true}
	m := new(mdns.Msg)
	if err := m.Unpack(exchange(w, h, packed(t, "web.service.consul.", qtype, 1232))); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, rr := range m.Answer {
		switch rr := rr.(type) {
		case *mdns.A:
			out = append(out, fmt.Sprint(rr.A[len(rr.A)-1]))
		case *mdns.SRV:
			out = append(out, strings.TrimPrefix(rr.Target[6:8], "0"))
		}
	}
	return strings.Join(out, " ")
}

const places = `
me eu/a 0   passing  -
n2 eu/b 30  passing  -
n3 us/a 10  passing  -
n4 eu/a 20  passing  -
n5 -    -   passing  -
n6 eu/a 5   critical -
n7 eu/b -40 warning  -`

func TestSortByRTT(t *testing.T) {
	s := spread(t, places)
	for limit, want := range map[int]string{0: "1 3 4 2 7 5", 2: "1 3"} {
		h := handler(t, live{s}, func(c *dns.Config) { c.SortByRTT, c.Node, c.UDPAnswerLimit = true, "me", limit })
		for _, qtype := range []uint16{mdns.TypeA, mdns.TypeSRV} {
			if got := lastOctets(t, h, qtype); got != want {
				t.Errorf("limit %d, %s: %s, want %s", limit, mdns.TypeToString[qtype], got, want)
			}
		}
	}
	h := handler(t, live{s}, func(c *dns.Config) { c.SortByRTT, c.Node = true, "n7" })
	if got := lastOctets(t, h, mdns.TypeA); got != "7 1 3 4 2 5" {
		t.Errorf("from n7: %s", got)
	}
	ranked := spread(t, "me eu/a 0 passing 2\nn2 eu/a 30 passing 1\nn3 eu/a 20 passing 2\nn4 eu/a 40 passing 1")
	h = handler(t, live{ranked}, func(c *dns.Config) { c.SortByRTT, c.Node = true, "me" })
	if got := lastOctets(t, h, mdns.TypeSRV); got != "2 4 1 3" {
		t.Errorf("priorities come first: %s", got)
	}
}

func TestPreferLocal(t *testing.T) {
	for _, c := range []struct {
		name, world, zone string
		min               int
		want              string // sorted by distance, so that it is certain
	}{
		{"zone", places, "eu/a", 1, "1 4"},
		{"as many as there are", places, "eu/a", 2, "1 4"},
		{"too few in the zone", places, "eu/a", 3, "1 4 2 7"},
		{"too few in the region", places, "eu/a", 4, "1 4 2 7 3 5"},
		{"another zone", places, "us/b", 1, "3"},
		{"nobody near", places, "asia/x", 1, "1 3 4 2 7 5"},
		{"no locality", places, "/", 1, "1 3 4 2 7 5"},
		{"a warning does not count", "me - 0 passing -\nn2 eu/a 9 warning -\nn3 eu/b 5 passing -", "eu/a", 1, "2 3"},
		{"each priority by itself", "me us/a 0 passing 1\nn2 us/a 1 passing 1\nn3 eu/a 2 passing 2\nn4 us/a 3 passing 2", "eu/a", 1, "1 2 3"},
	} {
		h := handler(t, live{spread(t, c.world)}, func(cfg *dns.Config) {
			cfg.SortByRTT, cfg.Node, cfg.PreferLocal, cfg.PreferLocalMin = true, "me", true, c.min
			cfg.Locality.Region, cfg.Locality.Zone, _ = strings.Cut(c.zone, "/")
		})
		for _, qtype := range []uint16{mdns.TypeA, mdns.TypeSRV} {
			if got := lastOctets(t, h, qtype); got != c.want {
				t.Errorf("%s, %s: %s, want %s", c.name, mdns.TypeToString[qtype], got, c.want)
			}
		}
	}
}

// Which instances are near is decided for each type of record: an address of the other family far away is better than none.
func TestPreferLocalByFamily(t *testing.T) {
	s := spread(t, places)
	do(t, s, &catalog.Register{Node: catalog.Node{Name: "n3"}, SkipNodeUpdate: true,
		Instance: &catalog.Instance{ID: "six", Name: "web", Address: "2001:db8::1", Weights: catalog.DefaultWeights}})
	h := handler(t, live{s}, func(c *dns.Config) { c.PreferLocal, c.Locality = true, catalog.Locality{Region: "eu", Zone: "a"} })
	dnstest.Run(t, h, []dnstest.Case{{Ask: "web.service.consul. AAAA", Answer: "web.service.consul. AAAA 2001:db8::1"}})
}

// Nothing changes while both are off, whatever is known of distances.
func TestPreferenceIsOff(t *testing.T) {
	h := handler(t, live{spread(t, places)}, func(c *dns.Config) { c.Node, c.Locality = "me", catalog.Locality{Region: "eu", Zone: "a"} })
	orders := map[string]bool{}
	for range 100 {
		got := lastOctets(t, h, mdns.TypeA)
		if len(strings.Fields(got)) != 6 {
			t.Fatalf("answered %s", got)
		}
		orders[got] = true
	}
	if len(orders) < 20 {
		t.Errorf("%d orders in 100 answers", len(orders))
	}
}

// A kept answer in the order of distance is the slow path's, octet for octet, whatever moves meanwhile.
func TestCacheKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := catalog.New()
		const nodes = 30
		for i := range nodes {
			do(t, s, &catalog.Register{Node: catalog.Node{Name: fmt.Sprint("n", i), Address: fmt.Sprintf("10.0.0.%d", i), Datacenter: "dc1"},
				Instance: &catalog.Instance{ID: "web", Name: "web", Port: i, Weights: catalog.Weights{Passing: i % 4, Warning: 1}, DNS: &catalog.InstanceDNS{Priority: i / 20}}},
				coordinate(fmt.Sprint("n", i), 2*i))
		}
		cfg := dns.DefaultConfig()
		cfg.SortByRTT, cfg.Node = true, "n0"
		cfg.ARecordLimit, cfg.UDPAnswerLimit = rapid.SampledFrom([]int{0, 0, 1, 7}).Draw(t, "a_record_limit"), rapid.SampledFrom([]int{0, 0, 3, 25}).Draw(t, "udp_answer_limit")
		h, err := dns.NewHandler(cfg, live{s}, deps())
		if err != nil {
			t.Fatal(err)
		}
		cache := h.NewCache(true, 1)
		for range 10 {
			if i := rapid.IntRange(0, 2*nodes).Draw(t, "moves"); 0 < i && i < nodes { // all distances differ as long as n0 is at one end
				do(t, s, coordinate(fmt.Sprint("n", i), 2*rapid.IntRange(0, nodes).Draw(t, "to")*nodes+2*i+1)) // to a distance of its own
			}
			m := new(mdns.Msg)
			m.SetQuestion("web.service.consul.", rapid.SampledFrom([]uint16{mdns.TypeA, mdns.TypeSRV}).Draw(t, "type"))
			m.SetEdns0(uint16(rapid.SampledFrom([]int{512, 700, 1232}).Draw(t, "size")), false)
			query, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			out := make([]byte, 1232)
			n, ok := cache.Answer(out, query, localhost)
			want := exchange(&dnstest.Writer{From: localhost, OverUDP: true}, h, query)
			if !ok || !bytes.Equal(out[:n], want) {
				t.Fatalf("%v, cache says\n%x\nslow path\n%x", ok, out[:n], want)
			}
		}
	})
}

// A hit that is ordered or cut allocates nothing, and a move elsewhere does not disturb kept answers unless they are ordered.
func TestPreferredHits(t *testing.T) {
	s := spread(t, places)
	for _, sorts := range []bool{true, false} {
		h := handler(t, live{s}, func(c *dns.Config) {
			c.SortByRTT, c.Node, c.PreferLocal, c.Locality = sorts, "me", true, catalog.Locality{Region: "eu", Zone: "a"}
		})
		cache, out, query := h.NewCache(true, 1), make([]byte, 1232), packed(t, "web.service.consul.", mdns.TypeSRV, 1232)
		hit := func() {
			if _, ok := cache.Answer(out, query, netip.MustParseAddr("127.0.0.1")); !ok {
				t.Fatal("not from the cache")
			}
		}
		hit()
		if n := testing.AllocsPerRun(100, hit); n > 0 {
			t.Errorf("sorted %v: %v allocations", sorts, n)
		}
		kept := dns.KeptImage(cache, query)
		do(t, s, coordinate("n2", 31), coordinate("n2", 30))
		hit()
		if same := dns.KeptImage(cache, query) == kept; same == sorts {
			t.Errorf("sorted %v: answer kept through a move: %v", sorts, same)
		}
	}
}

func TestPreferenceExplained(t *testing.T) {
	h := handler(t, live{spread(t, places)}, func(c *dns.Config) {
		c.SortByRTT, c.Node, c.PreferLocal, c.Locality = true, "me", true, catalog.Locality{Region: "eu", Zone: "a"}
	})
	step := h.Explain(dns.Question{Name: "web.service.consul.", Type: mdns.TypeA}).Steps[0]
	if want := (dns.Preference{From: "me", Kept: 2, Of: 6, Within: "zone a of region eu"}); step.Preference != want {
		t.Errorf("%+v, want %+v", step.Preference, want)
	}
	var got []string
	for _, c := range step.Considered {
		rtt := "-"
		if c.RTT != nil {
			rtt = c.RTT.String()
		}
		got = append(got, c.Verdict.Code()+" "+rtt)
	}
	if want := "answered 0s|not-local -|not-local -|answered 20ms|not-local -|critical -|not-local -"; strings.Join(got, "|") != want {
		t.Errorf("%s, want %s", strings.Join(got, "|"), want)
	}
}
