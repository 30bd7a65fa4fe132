package dns_test

import (
	"fmt"
	"testing"

	"muster/catalog"
	"muster/dns"
)

// TestNodeSuffixesKeepUp holds that what has nodes below it is known at any time, whether
// it is looked up or has been collected.
func TestNodeSuffixesKeepUp(t *testing.T) {
	put := func(name string) catalog.Command {
		return &catalog.Register{Node: catalog.Node{Name: name, Datacenter: "dc1", Address: "10.0.0.1"}}
	}
	s := catalog.New()
	ends := dns.NewNodeSuffixes()
	for step, c := range []catalog.Command{
		put("plain"), put("web1.Rack2.example"), &catalog.SetKey{Key: []byte("k")}, put("web2.rack2.example"), &catalog.Deregister{Node: "web1.rack2.example"},
		put("x.other"), &catalog.Deregister{Node: "web2.rack2.example"}, put("rack2"), &catalog.Deregister{Node: "x.other"},
	} {
		apply(t, s, c)
		snapshot := s.Snapshot()
		for range 40 { // enough for all ways to know it
			for _, name := range []string{"example", "rack2.example", "rack2", "web1.rack2.example", "ack2.example", "other", "plain", "none"} {
				if got, want := ends.Has(snapshot, name), snapshot.HasNodeBelow(name); got != want {
					t.Fatalf("step %d: nodes below %s: %t, want %t", step, name, got, want)
				}
			}
		}
	}
}

// BenchmarkNodeSuffixes is what an unknown node costs beside its own row.
func BenchmarkNodeSuffixes(b *testing.B) {
	s := catalog.New()
	for i := range 5000 {
		if _, err := s.Apply(s.Applied()+1, &catalog.Register{Node: catalog.Node{Name: fmt.Sprintf("n%d.example", i), Address: "10.0.0.1"}}); err != nil {
			b.Fatal(err)
		}
	}
	snapshot, ends := s.Snapshot(), dns.NewNodeSuffixes()
	b.ReportAllocs()
	for b.Loop() {
		if ends.Has(snapshot, "nobody") {
			b.Fatal("there is none")
		}
	}
}
