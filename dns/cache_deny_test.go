package dns_test

import (
	"fmt"
	"testing"

	mdns "github.com/miekg/dns"
)

// TestDenyAllocatesNothing holds for names that nobody has asked for before.
func TestDenyAllocatesNothing(t *testing.T) {
	cache, out := handler(t, live{catalogOf(t, 20, 2)}, nil).NewCache(true, 1), make([]byte, 1232)
	for _, form := range []string{
		"x%d.service.consul.", "tag.x%d.service.consul.", "x%d.service.dc1.consul.", "_x%d._tcp.service.consul.", "_x%d._tag.service.consul.",
		"x%d.s1.service.consul.", "_s1._x%d.service.consul.", "_s1._x%d.consul.", "_x%d._tcp.consul.", "i._x%d._tcp.consul.", "x%d.node.consul.", "x%d.query.consul.", "x%d.consul.", "x%d.example.consul.",
	} {
		var queries [][]byte
		for i := range 300 {
			queries = append(queries, packed(t, fmt.Sprintf(form, i), mdns.TypeA, uint16(i%2)*1232))
		}
		i := 0
		ask := func() {
			if _, ok := cache.Denies(out, queries[i], localhost); !ok {
				t.Fatalf("%s: not denied", form)
			}
			i++
		}
		for range 50 { // what is made once
			ask()
		}
		if n := testing.AllocsPerRun(200, ask); n > 0 {
			t.Errorf("%s: %v allocations", form, n)
		}
	}
}
