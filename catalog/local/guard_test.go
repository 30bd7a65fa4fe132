package local

import (
	"testing"

	"muster/catalog"
)

// TestDefaultGuard changes the guard of services that state none, under way.
func TestDefaultGuard(t *testing.T) {
	s := open(t, "")
	own := &catalog.Guard{}
	for _, d := range []catalog.ServiceDefinition{{Name: "plain"}, {Name: "stated", Guard: own}} {
		if err := s.Register(d, false); err != nil {
			t.Fatal(err)
		}
	}
	guards := func() map[string]*catalog.Guard {
		out := map[string]*catalog.Guard{}
		for _, i := range s.Instances() {
			out[i.ID] = i.Guard
		}
		return out
	}
	for _, g := range []*catalog.Guard{nil, {BrakePercent: 50}, {SlowStart: 30e9}, nil} {
		changed := s.Changed()
		was := guards()["plain"]
		s.SetGuard(g)
		if got := guards(); !got["plain"].Equal(g) || !got["stated"].Equal(own) {
			t.Errorf("with %+v: %+v", g, got)
		}
		select {
		case <-changed:
		default:
			if !was.Equal(g) {
				t.Error("nobody was told")
			}
		}
	}
	s.SetGuard(&catalog.Guard{BrakePercent: 10})
	if err := s.Register(catalog.ServiceDefinition{Name: "late"}, false); err != nil || guards()["late"].BrakePercent != 10 {
		t.Errorf("registered later: %+v (%v)", guards()["late"], err)
	}
}
