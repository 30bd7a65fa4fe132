package local

import (
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

func TestStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		start := time.Now()
		stands := func(id string, want catalog.Standing) {
			t.Helper()
			got, ok := s.Standing(id)
			if !ok || got.Status != want.Status || got.Output != want.Output || !got.Since.Equal(want.Since) || got.OrBefore != want.OrBefore {
				t.Errorf("%s stands at %+v (%t), want %+v", id, got, ok, want)
			}
		}
		good := ttl("good")
		good.Status = catalog.Passing
		must(t, s.RegisterCheck(good), s.RegisterCheck(ttl("c")), s.SetMaintenance("", true, "disk", 0))
		stands("good", catalog.Standing{Status: catalog.Passing, Since: start, OrBefore: true})
		stands("c", catalog.Standing{Status: catalog.Critical, Since: start, OrBefore: true})
		stands(catalog.NodeMaintenance, catalog.Standing{Status: catalog.Critical, Since: start, OrBefore: true})

		time.Sleep(time.Minute) // in the bubble's own time
		passed := time.Now()
		must(t, s.Report("c", catalog.Passing, "up", passed))
		time.Sleep(time.Minute)
		must(t, s.Report("c", catalog.Passing, "still up", time.Now()))
		stands("c", catalog.Standing{Status: catalog.Passing, Output: "still up", Since: passed})
		must(t, s.Report("c", catalog.Critical, "down", time.Now()))
		stands("c", catalog.Standing{Status: catalog.Critical, Output: "down", Since: time.Now()})

		// What a restart forgets is not made up: only that it may be older is said.
		time.Sleep(time.Minute)
		s = open(t, dir)
		stands(catalog.NodeMaintenance, catalog.Standing{Status: catalog.Critical, Since: time.Now(), OrBefore: true})
		if got, ok := s.Standing("none"); ok {
			t.Errorf("an unknown check stands at %+v", got)
		}
	})
}
