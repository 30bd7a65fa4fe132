package metrics

import "testing"

// A nil pool counts nothing; the series of both pools stand from the start.
func TestGossip(t *testing.T) {
	var none *GossipPool
	none.Set(map[string]int{"alive": 1})
	none.Joined()
	none.Failed()
	none.Refused(RefusedKey)
	none.Strain(1)

	r := New(Build{Version: "v"})
	r.Gossip.LAN.Set(map[string]int{"alive": 3, "failed": 1})
	r.Gossip.LAN.Set(map[string]int{"alive": 2})
	r.Gossip.WAN.Joined()
	r.Gossip.WAN.Failed()
	r.Gossip.LAN.Refused(RefusedKey)
	r.Gossip.LAN.Strain(2)
	got, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, v := range append(got.Gauges, got.Counters...) {
		values[v.Name+" "+v.Labels["pool"]+" "+v.Labels["status"]+v.Labels["reason"]] = v.Value
	}
	for name, want := range map[string]float64{
		"muster_gossip_members lan alive": 2, "muster_gossip_members lan failed": 0, "muster_gossip_members wan left": 0,
		"muster_gossip_joins_total wan ": 1, "muster_gossip_joins_total lan ": 0, "muster_gossip_failures_total wan ": 1,
		"muster_gossip_refused_total lan key": 1, "muster_gossip_refused_total wan name": 0, "muster_gossip_strain lan ": 2,
	} {
		if have, ok := values[name]; !ok || have != want {
			t.Errorf("%s is %v (%t), want %v", name, have, ok, want)
		}
	}
}
