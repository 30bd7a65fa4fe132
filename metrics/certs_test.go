package metrics

import (
	"testing"
	"time"
)

func TestCerts(t *testing.T) {
	r := New(Build{})
	end := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name          string
		server, https time.Time
		want          map[string]float64
	}{
		{"none", time.Time{}, time.Time{}, map[string]float64{}},
		{"one", end, time.Time{}, map[string]float64{"server": float64(end.Unix())}},
		{"both", end, end.Add(time.Hour), map[string]float64{"server": float64(end.Unix()), "https": float64(end.Unix() + 3600)}},
		{"gone", time.Time{}, time.Time{}, map[string]float64{}},
	} {
		if tc.name != "none" { // the state from the start is looked at as it is
			r.Certs.Set(tc.server, tc.https)
		}
		reading, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, v := range reading.Gauges {
			if v.Name != "muster_certificate_expiry_timestamp_seconds" {
				continue
			}
			seen++
			if want, ok := tc.want[v.Labels["door"]]; !ok || v.Value != want {
				t.Errorf("%s: %v is %v, want %v", tc.name, v.Labels, v.Value, want)
			}
		}
		if seen != len(tc.want) {
			t.Errorf("%s: %d doors have a certificate, want %d", tc.name, seen, len(tc.want))
		}
	}
}
