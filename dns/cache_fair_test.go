package dns_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
)

// addressesOf asks a cache for the addresses of service s0 and returns their last 16 bits, in order.
func addressesOf(t *testing.T, cache dns.Cache, out, query []byte) []int {
	n, ok := cache.Answer(out, query, localhost)
	if !ok {
		t.Fatal("not from the cache")
	}
	var got []int
	for at := len(query); at+16 <= n; at += 16 {
		got = append(got, int(binary.BigEndian.Uint16(out[at+14:])))
	}
	return got
}

// TestHitsAreFair holds that whatever part of a service an answer carries, in size or by
// limit, each instance has its share of the answers and of their first places. The seed is
// fixed; the bounds are the 99.99 % points of the chi-squared distribution.
func TestHitsAreFair(t *testing.T) {
	for _, c := range []struct {
		instances, limit, draws int
		bound                   float64 // for classes - 1 degrees of freedom
		classes                 int
	}{
		{3, 0, 30000, 18.4, 3},
		{10, 0, 30000, 33.7, 10},
		{10000, 0, 5000, 33.7, 10}, // as many as fit into the message
		{10000, 3, 20000, 33.7, 10},
	} {
		h := handler(t, live{catalogOf(t, 1, c.instances)}, func(cfg *dns.Config) { cfg.ARecordLimit = c.limit })
		cache, out, query := h.NewCache(true, 1).Seed(), make([]byte, 1232), packed(t, "s0.service.consul.", mdns.TypeA, 0)
		first, any, total := make([]int, c.classes), make([]int, c.classes), 0
		for range c.draws {
			got := addressesOf(t, cache, out, query)
			first[got[0]*c.classes/c.instances]++
			seen := map[int]bool{}
			for _, i := range got {
				if seen[i] {
					t.Fatalf("%d of %d: %d twice in %v", c.limit, c.instances, i, got)
				}
				seen[i] = true
				any[i*c.classes/c.instances]++
				total++
			}
		}
		if x := chiSquaredEven(first, c.draws); x > c.bound {
			t.Errorf("%d of %d: first places %v, chi-squared %.1f", c.limit, c.instances, first, x)
		}
		if x := chiSquaredEven(any, total); x > c.bound {
			t.Errorf("%d of %d: places %v, chi-squared %.1f", c.limit, c.instances, any, x)
		}
	}
}

func chiSquaredEven(counts []int, total int) float64 {
	expected, x := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		d := float64(n) - expected
		x += d * d / expected
	}
	return x
}

// TestHitsAreDrawnByWeight holds that where a limit cuts, the first place goes by weight and the
// second by weight among the rest, that weight 0 comes last, and lower priorities first.
func TestHitsAreDrawnByWeight(t *testing.T) {
	s := catalog.New()
	for i, w := range []struct{ weight, priority int }{{6, 1}, {3, 1}, {0, 1}, {1, 1}, {0, 1}, {9, 0}} {
		apply(t, s, &catalog.Register{Node: catalog.Node{Name: "n", Address: "10.0.0.1", Datacenter: "dc1"}, Instance: &catalog.Instance{
			ID: fmt.Sprint(i), Name: "s0", Address: fmt.Sprintf("10.0.0.%d", i), Weights: catalog.Weights{Passing: w.weight},
			DNS: &catalog.InstanceDNS{Priority: w.priority},
		}})
	}
	h := handler(t, live{s}, func(cfg *dns.Config) { cfg.ARecordLimit = 5 })
	cache, out, query := h.NewCache(true, 1).Seed(), make([]byte, 1232), packed(t, "s0.service.consul.", mdns.TypeA, 0)
	const draws = 40000
	pairs, last := map[[2]int]int{}, map[int]int{}
	for range draws {
		got := addressesOf(t, cache, out, query)
		if len(got) != 5 || got[0] != 5 {
			t.Fatalf("drew %v: the lowest priority comes first", got)
		}
		pairs[[2]int{got[1], got[2]}]++
		last[got[4]]++
	}
	x, classes := 0.0, 0
	for a, wa := range map[int]float64{0: 6, 1: 3, 3: 1} {
		for b, wb := range map[int]float64{0: 6, 1: 3, 3: 1} {
			if a != b {
				expected := draws * wa / 10 * wb / (10 - wa)
				d := float64(pairs[[2]int{a, b}]) - expected
				x += d * d / expected
				classes++
			}
		}
	}
	if classes != 6 || x > 25.7 { // 99.99 % for 5 degrees of freedom
		t.Errorf("pairs %v, chi-squared %.1f", pairs, x)
	}
	if last[2]+last[4] != draws || chiSquaredEven([]int{last[2], last[4]}, draws) > 15.1 {
		t.Errorf("last places %v", last)
	}
}
