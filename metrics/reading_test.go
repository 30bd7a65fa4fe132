package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestRead(t *testing.T) {
	r := New(Build{Version: "v"})
	r.DNS.Query(Slow, "A", "NOERROR", 3*time.Second)
	r.DNS.Query(Hit, "A", "NOERROR", time.Second)
	r.Catalog.Set(1, 2, 3, 4, 99)
	r.Catalog.Behind(7, 2*time.Second)
	odd := prometheus.NewGauge(prometheus.GaugeOpts{Name: "odd", Help: "No number."})
	odd.Set(math.NaN())
	r.reg.MustRegister(odd)

	got, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, v := range append(got.Gauges, got.Counters...) {
		values[v.Name+v.Labels["type"]+v.Labels["rcode"]+v.Labels["path"]+v.Labels["table"]] = v.Value
	}
	for _, o := range got.Observations {
		values[o.Name+" count"], values[o.Name+" sum"] = float64(o.Count), o.Sum
	}
	for name, want := range map[string]float64{
		"muster_dns_queries_totalANOERRORhit": 1, "muster_dns_queries_totalANOERRORslow": 1, "muster_dns_queries_totalANOERRORmiss": 0, "muster_catalog_index": 99, "muster_catalog_rowschecks": 3,
		"muster_catalog_behind_entries": 7, "muster_catalog_behind_seconds": 2,
		"muster_dns_query_duration_seconds count": 2, "muster_dns_query_duration_seconds sum": 4,
	} {
		if have, ok := values[name]; !ok || have != want {
			t.Errorf("%s is %v (%t), want %v", name, have, ok, want)
		}
	}
	if _, ok := values["odd"]; ok {
		t.Error("a value that is no number was not left out")
	}
}
