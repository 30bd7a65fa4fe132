package metrics

import "testing"

func TestRPC(t *testing.T) {
	r := New(Build{})
	var none *RPC
	for _, c := range []*RPC{r.RPC, none} {
		c.Forwarded("ok")
		c.Forwarded("10.0.0.1 says no") // not a label
		c.Retried("write")
		c.Retried("what?")
		c.Indexed()
		c.Shared(41)
		c.Proxied("2xx")
		c.Proxied("999")
		c.FeedBegan()
		c.FeedBegan()
		c.FeedEnded()
	}
	got, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, v := range append(got.Gauges, got.Counters...) {
		values[v.Name+" "+v.Labels["result"]+v.Labels["of"]+v.Labels["class"]] = v.Value
	}
	for name, want := range map[string]float64{
		"muster_rpc_forwards_total ok": 1, "muster_rpc_forwards_total other": 1, "muster_rpc_forwards_total unknown": 0,
		"muster_rpc_retries_total write": 1, "muster_rpc_retries_total other": 1, "muster_rpc_retries_total feed": 0,
		"muster_rpc_proxied_total 2xx": 1, "muster_rpc_proxied_total other": 1, "muster_rpc_proxied_total unserved": 0,
		"muster_rpc_index_requests_total ": 1, "muster_rpc_index_shared_total ": 41,
		"muster_rpc_feeds ": 1, "muster_rpc_feeds_served_total ": 1,
	} {
		if have, ok := values[name]; !ok || have != want {
			t.Errorf("%s is %v (%t), want %v", name, have, ok, want)
		}
	}
}
