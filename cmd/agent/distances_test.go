package agent

import (
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
)

func TestMedians(t *testing.T) {
	at := func(ms ...float64) (out []httpapi.CoordinateEntry) {
		for _, m := range ms {
			c := catalog.Coordinate(away(m))
			out = append(out, httpapi.CoordinateEntry{Coord: &c})
		}
		return out
	}
	here := catalog.Coordinate(away(0))
	got := medians(&here, []httpapi.CoordinateDatacenter{{Datacenter: "Near", Coordinates: at(900, 8, 10)}, {Datacenter: "far", Coordinates: at(50)}})
	for dc, want := range map[string]time.Duration{"NEAR": 12 * time.Millisecond, "far": 52 * time.Millisecond} {
		if d := distanceOf(got, dc).Round(time.Microsecond); d != want {
			t.Errorf("%s: %v, want %v", dc, d, want)
		}
	}
	if distanceOf(got, "unheard") < time.Hour {
		t.Error("a datacenter without an estimate is near")
	}
}
