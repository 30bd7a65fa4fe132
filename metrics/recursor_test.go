package metrics

import (
	"testing"
	"time"
)

func TestRecursor(t *testing.T) {
	r := New(Build{})
	var none *Recursor
	for _, c := range []*Recursor{r.Recursor, none} {
		c.Tried("ok")
		c.Tried("timeout")
		c.Tried("192.0.2.1 says no") // not a label
		c.Looked("hit")
		c.Looked("elsewhere")
		c.Hedged()
		c.Replied(time.Second)
		c.Cached(77)
	}
	got, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, v := range append(got.Gauges, got.Counters...) {
		values[v.Name+" "+v.Labels["result"]] = v.Value
	}
	for name, want := range map[string]float64{
		"muster_recursor_tries_total ok": 1, "muster_recursor_tries_total timeout": 1, "muster_recursor_tries_total other": 1,
		"muster_recursor_tries_total lost": 0, "muster_recursor_tries_total mismatch": 0, "muster_recursor_tries_total refused": 0,
		"muster_recursor_cache_total hit": 1, "muster_recursor_cache_total shared": 0, "muster_recursor_cache_total miss": 0,
		"muster_recursor_hedges_total ": 1, "muster_recursor_cache_bytes ": 77,
	} {
		if have, ok := values[name]; !ok || have != want {
			t.Errorf("%s is %v (%t), want %v", name, have, ok, want)
		}
	}
}
