package dns_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
)

// catalogOf returns a state with services s0, s1, ... of so many instances each.
func catalogOf(t testing.TB, services, instances int) *catalog.State {
	s := catalog.New()
	for i := range services {
		var all catalog.Batch
		for k := range instances {
			n := i*instances + k
			all.Commands = append(all.Commands, &catalog.Register{
				Node: catalog.Node{Name: fmt.Sprint("n", n%1000), Datacenter: "dc1", Address: "10.0.0.1"},
				Instance: &catalog.Instance{
					ID: fmt.Sprint("i", n), Name: fmt.Sprint("s", i), Port: 80, Weights: catalog.DefaultWeights,
					Address: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255),
				},
			})
		}
		if _, err := s.Apply(s.Applied()+1, &all); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func packed(t testing.TB, name string, qtype, size uint16) []byte {
	m := new(mdns.Msg)
	m.SetQuestion(name, qtype)
	if size > 0 {
		m.SetEdns0(size, false)
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

var localhost = netip.MustParseAddr("127.0.0.1")

// TestHitAllocatesNothing holds for every shape of kept answer, also when the catalog has moved elsewhere.
func TestHitAllocatesNothing(t *testing.T) {
	s := catalogOf(t, 2, 50)
	h := handler(t, live{s}, func(c *dns.Config) { c.UDPAnswerLimit = 20 })
	cache, out := h.NewCache(true, 1), make([]byte, 1232)
	for _, q := range []struct {
		name  string
		qtype uint16
		size  uint16
	}{
		{"s0.service.consul.", mdns.TypeA, 1232}, {"s1.service.consul.", mdns.TypeSRV, 1232}, {"S1.service.consul.", mdns.TypeSRV, 0},
		{"none.service.consul.", mdns.TypeA, 1232}, {"n1.node.consul.", mdns.TypeA, 0}, {"0a000001.addr.consul.", mdns.TypeA, 0},
	} {
		query := packed(t, q.name, q.qtype, q.size)
		cache.Answer(out, query, localhost)
		hit := func() {
			if _, ok := cache.Answer(out, query, localhost); !ok {
				t.Fatalf("%s: not from the cache", q.name)
			}
		}
		if n := testing.AllocsPerRun(200, hit); n > 0 {
			t.Errorf("%+v: %v allocations", q, n)
		}
	}
}

// benchmarkHits asks for services in turn, as one batch.
func benchmarkHits(b *testing.B, services, instances int, qtype uint16, change func(*dns.Config)) {
	h := handler(b, live{catalogOf(b, services, instances)}, change)
	queries := make([][]byte, services)
	for i := range queries {
		queries[i] = packed(b, fmt.Sprintf("s%d.service.consul.", i*7919%services), qtype, 1232)
	}
	cache, out := h.NewCache(true, 1), make([]byte, 1232)
	for _, q := range queries {
		cache.Answer(out, q, localhost)
	}
	cache.Begin()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if n, ok := cache.Again(out, queries[i], localhost); !ok || n == 0 {
			b.Fatal("not from the cache")
		}
		if i++; i == services {
			i = 0
		}
	}
}

func BenchmarkHit(b *testing.B)          { benchmarkHits(b, 1000, 3, mdns.TypeA, nil) }
func BenchmarkHitSRV(b *testing.B)       { benchmarkHits(b, 1000, 3, mdns.TypeSRV, nil) }
func BenchmarkHit10kNames(b *testing.B)  { benchmarkHits(b, 10000, 10, mdns.TypeA, nil) }
func BenchmarkHit100kNames(b *testing.B) { benchmarkHits(b, 100000, 1, mdns.TypeA, nil) }

// BenchmarkHitOfMany draws from services of very different size: what a reply holds is bounded,
// and so must be its price. The limit of 3 is by weight where there is more to choose from.
func BenchmarkHitOfMany(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint("fill/", n), func(b *testing.B) { benchmarkHits(b, 1, n, mdns.TypeA, nil) })
	}
	for _, n := range []int{1, 3, 100, 10000} {
		b.Run(fmt.Sprint("three/", n), func(b *testing.B) {
			benchmarkHits(b, 1, n, mdns.TypeA, func(c *dns.Config) { c.ARecordLimit = 3 })
		})
	}
}

// benchmarkOnce asks for names that begin with a run of an 'a', each once.
func benchmarkOnce(b *testing.B, name string, services, instances int) {
	h := handler(b, live{catalogOf(b, services, instances)}, nil)
	cache, out := h.NewCache(true, 1), make([]byte, 1232)
	query := packed(b, name, mdns.TypeA, 1232)
	first := bytes.IndexByte(query, 'a')
	cache.Begin()
	b.ReportAllocs()
	for b.Loop() {
		at := first
		for ; query[at] == 'z'; at++ {
			query[at] = 'a'
		}
		query[at]++
		if _, ok := cache.Again(out, query, localhost); !ok {
			b.Fatal("not from the cache")
		}
	}
}

// BenchmarkMiss asks for names that exist for the sake of others, as anybody can make up.
func BenchmarkMiss(b *testing.B) { benchmarkOnce(b, "_aaaaaaaaaaaa.service.consul.", 1000, 3) }

// BenchmarkNXDomain asks for names that do not exist.
func BenchmarkNXDomain(b *testing.B) {
	for _, name := range []string{"aaaaaaaaaaaa.service.consul.", "s1aaaaaaaaaaaa.service.consul.", "aaaaaaaaaaaa.node.consul.", "_aaaaaaaaaaaa._tcp.consul.", "aaaaaaaaaaaa.consul."} {
		b.Run(name, func(b *testing.B) { benchmarkOnce(b, name, 1000, 3) })
	}
	b.Run("tag of 1000", func(b *testing.B) { benchmarkOnce(b, "aaaaaaaaaaaa.s1.service.consul.", 3, 1000) })
	b.Run("of100k", func(b *testing.B) { benchmarkOnce(b, "aaaaaaaaaaaa.service.consul.", 10000, 10) })
}

// BenchmarkSlowPath is what a hit saves.
func BenchmarkSlowPath(b *testing.B) {
	h := handler(b, live{catalogOf(b, 1000, 3)}, nil)
	query := packed(b, "s7.service.consul.", mdns.TypeA, 1232)
	b.ReportAllocs()
	for b.Loop() {
		dns.Whole(h, query, true)
	}
}
