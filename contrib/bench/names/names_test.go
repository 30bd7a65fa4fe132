package names

import (
	"net/netip"
	"testing"
)

func TestInstancesAreDistinctAndEven(t *testing.T) {
	set := Set{Services: 100, Each: 7, Nodes: 20}
	ids, addresses := map[string]bool{}, map[netip.Addr]bool{}
	perService, perNode := map[string]int{}, map[string]int{}
	for n := range set.Len() {
		i := set.Instance(n)
		ids[i.ID], addresses[i.Address] = true, true
		perService[i.Service]++
		perNode[i.Node]++
		if !i.Address.IsPrivate() || !i.NodeAddress.IsPrivate() {
			t.Errorf("instance %d: %s on %s is not private", n, i.Address, i.NodeAddress)
		}
	}
	if len(ids) != 700 || len(addresses) != 700 {
		t.Errorf("700 instances have %d ids and %d addresses", len(ids), len(addresses))
	}
	for _, counts := range []struct {
		of         map[string]int
		kinds, has int
	}{{perService, 100, 7}, {perNode, 20, 35}} {
		if len(counts.of) != counts.kinds {
			t.Errorf("%d owners, want %d", len(counts.of), counts.kinds)
		}
		for owner, n := range counts.of {
			if n != counts.has {
				t.Errorf("%s has %d instances, want %d", owner, n, counts.has)
			}
		}
	}
}

func TestOfIsTheServicesShare(t *testing.T) {
	set := Set{Services: 10, Each: 3, Nodes: 5}
	for s := range set.Services {
		of := set.Of(s)
		if len(of) != set.Each {
			t.Fatalf("service %d has %d instances", s, len(of))
		}
		for _, i := range of {
			if i.Service != set.Service(s) {
				t.Errorf("service %d lists %s of %s", s, i.ID, i.Service)
			}
		}
	}
}

func TestTarget(t *testing.T) {
	if got := Target(netip.MustParseAddr("10.0.1.255")); got != "0a0001ff.addr.dc1.consul" {
		t.Error(got)
	}
}
