package local

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// inMaintenance lists the ids of maintenance checks with their notes.
func inMaintenance(s *Store) string {
	var out []string
	for _, c := range s.Checks() {
		if c.IsMaintenance() {
			out = append(out, c.ID+": "+c.Notes)
		}
	}
	return strings.Join(out, "; ")
}

func TestMaintenanceExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		load(t, s, nil)
		must(t, s.Register(svc("web"), false), s.SetMaintenance("web", true, "new disk", 10*time.Minute), s.SetMaintenance("", true, "", 0))
		const node, until = "_node_maintenance: Taken out of service by hand; no reason was given.", "_service_maintenance:web: new disk (until 2000-01-01T00:10:00Z)"
		looks := func(after time.Duration, want string) {
			t.Helper()
			s.Reap(time.Now().Add(after))
			if got := inMaintenance(s); got != want {
				t.Errorf("after %v: %q, want %q", after, got, want)
			}
		}
		looks(10*time.Minute-time.Second, node+"; "+until)
		s = open(t, dir) // the agent restarts
		load(t, s, nil)
		looks(10*time.Minute-time.Second, node+"; "+until)
		must(t, s.SetMaintenance("web", true, "new disk", 20*time.Minute)) // prolonged
		looks(10*time.Minute, node+"; "+strings.Replace(until, "00:10", "00:20", 1))
		looks(20*time.Minute, node)
		s = open(t, dir)
		load(t, s, nil)
		looks(0, node)
		must(t, s.SetMaintenance("web", true, "x", time.Minute), s.SetMaintenance("web", true, "x", 0)) // for good after all
		looks(time.Hour, node+"; _service_maintenance:web: x")
	})
}

// TestMaintenanceEndsWhileDown: what expired while the agent was down ends once it is back.
func TestMaintenanceEndsWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		load(t, s, nil)
		must(t, s.SetMaintenance("", true, "x", time.Minute))
		time.Sleep(time.Hour)
		s = open(t, dir)
		load(t, s, nil)
		s.Reap(time.Now())
		if got := inMaintenance(s); got != "" {
			t.Error(got)
		}
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		load(t, s, nil)
		must(t, s.Register(svc("web"), false))
		start := time.Now()
		for _, id := range []string{"web", ""} {
			if since, err := s.Drain(id, "leaving"); err != nil || !since.Equal(start) {
				t.Errorf("%q: since %v (%v)", id, since, err)
			}
		}
		time.Sleep(time.Minute)
		if since, err := s.Drain("", "again"); err != nil || !since.Equal(start) {
			t.Errorf("again: since %v (%v)", since, err)
		}
		load(t, s, []catalog.ServiceDefinition{svc("db")}) // a reload
		if got, want := inMaintenance(s), "_node_maintenance: leaving; _service_maintenance:web: leaving"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if _, err := s.Drain("none", ""); catalog.CodeOf(err) != catalog.NotFound {
			t.Error(err)
		}
		must(t, s.SetMaintenance("web", false, "", 0))
		s = open(t, dir)
		load(t, s, nil)
		if got := inMaintenance(s); got != "" {
			t.Errorf("after a restart: %q", got)
		}
	})
}
