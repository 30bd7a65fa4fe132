package metrics

import (
	"testing"
	"time"
)

func TestView(t *testing.T) {
	r := New(Build{})
	var none *View
	ends := map[string]func(){}
	for name, reading := range map[string]ViewReading{
		"own":    {Index: 7, Age: time.Second, Connected: true},
		"abroad": {Index: 900, Age: 3 * time.Second},
	} {
		none.Watch(func() ViewReading { return reading })()
		ends[name] = r.View.Watch(func() ViewReading { return reading })
	}
	for _, v := range []*View{r.View, none} {
		v.Resynced()
		v.Applied()
		v.Applied()
		v.Received(100)
	}
	expect := func(want map[string]float64) {
		t.Helper()
		got, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]float64{}
		for _, v := range append(got.Gauges, got.Counters...) {
			values[v.Name] = v.Value
		}
		for name, want := range want {
			if have, ok := values[name]; !ok || have != want {
				t.Errorf("%s is %v (%t), want %v", name, have, ok, want)
			}
		}
	}
	expect(map[string]float64{
		"muster_views": 2, "muster_views_connected": 1, "muster_view_age_seconds": 3, "muster_view_index": 900,
		"muster_view_resyncs_total": 1, "muster_view_batches_total": 2, "muster_view_received_bytes_total": 100,
	})
	ends["abroad"]()
	expect(map[string]float64{"muster_views": 1, "muster_views_connected": 1, "muster_view_age_seconds": 1, "muster_view_index": 7})
	ends["own"]()
	ends["own"]()
	expect(map[string]float64{"muster_views": 0, "muster_view_age_seconds": 0})
}
