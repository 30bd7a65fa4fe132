package probes

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// at is something that happens to a ttl check of 10 s, and what is heard of it.
type at struct {
	sec    int            // seconds since the start
	update catalog.Status // empty: none
	output string
	want   string // statuses and outputs reported since the step before
}

func TestTTLTranscripts(t *testing.T) {
	const expired = "critical TTL expired: no update within 10s"
	for _, c := range []struct {
		name  string
		steps []at
	}{
		{"silence turns it critical, once", []at{{9, "", "", ""}, {11, "", "", expired}, {60, "", "", ""}}},
		{"a heartbeat puts it off", []at{
			{9, catalog.Passing, "ok", "passing ok"}, {18, "", "", ""}, {20, "", "", expired + ". Last output: ok"}}},
		{"many heartbeats", []at{
			{3, catalog.Passing, "a", "passing a"}, {12, catalog.Passing, "b", "passing b"}, {21, catalog.Warning, "c", "warning c"},
			{30, "", "", ""}, {32, "", "", expired + ". Last output: c"}}},
		{"it comes back, and goes again", []at{
			{13, catalog.Passing, "back", expired + "; passing back"}, {22, "", "", ""}, {24, "", "", expired + ". Last output: back"}}},
		{"a failure told is told as it is", []at{
			{1, catalog.Critical, "down", "critical down"}, {12, "", "", expired + ". Last output: down"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, o := time.Now(), &owner{}
				r := newRunner(t, o, nil, nil)
				r.Reconcile([]catalog.CheckDefinition{{ID: "t", TTL: 10 * time.Second}}, nil)
				for _, s := range c.steps {
					pass(time.Until(began.Add(time.Duration(s.sec) * time.Second)))
					if s.update != "" {
						if err := r.Update("t", s.update, s.output); err != nil {
							t.Fatal(err)
						}
					}
					got := ""
					for i, x := range o.take() {
						if i > 0 {
							got += "; "
						}
						got += string(x.status) + " " + x.output
					}
					if got != s.want {
						t.Errorf("after %d s: heard %q, want %q", s.sec, got, s.want)
					}
				}
				r.Close()
			})
		})
	}
}

func TestTTLKeepsItsDeadlineOverReconcile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, nil)
		def := catalog.CheckDefinition{ID: "t", TTL: 10 * time.Second}
		r.Reconcile([]catalog.CheckDefinition{def}, map[string]catalog.Status{"t": catalog.Passing})
		pass(6 * time.Second)
		def.Notes = "new"
		r.Reconcile([]catalog.CheckDefinition{def}, map[string]catalog.Status{"t": catalog.Passing})
		pass(5 * time.Second)
		if got := o.statuses(); got != "critical" {
			t.Errorf("11 s after the start: %q, want critical", got)
		}
		// The owner lost what it was told: it hears it again, though nothing changed.
		r.Reconcile([]catalog.CheckDefinition{def}, map[string]catalog.Status{"t": catalog.Passing})
		pass(time.Millisecond)
		if got := o.statuses(); got != "critical" {
			t.Errorf("reminded: %q, want critical", got)
		}
		r.Close()
	})
}

func TestTTLExpiryIsSaidAgainIfRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{refuse: errors.New("not now")}
		r := newRunner(t, o, nil, nil)
		r.Reconcile([]catalog.CheckDefinition{{ID: "t", TTL: 10 * time.Second}}, nil)
		pass(11 * time.Second)
		o.setRefuse(nil)
		pass(20 * time.Second)
		if got := o.statuses(); got != "critical critical" {
			t.Errorf("heard %q, want the refused report and one more", got)
		}
		r.Close()
	})
}

func TestUpdateErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &owner{}
		r := newRunner(t, o, nil, nil)
		r.pretend(scripted("P"))
		r.Reconcile([]catalog.CheckDefinition{{ID: "t", TTL: 10 * time.Second}, tcpCheck("tcp", time.Hour)}, nil)
		refused := catalog.Errorf(catalog.Internal, "disk is full")
		for _, c := range []struct {
			id     string
			status catalog.Status
			refuse error
			want   catalog.Code
		}{
			{"t", catalog.Passing, nil, ""},
			{"t", "maintenance", nil, catalog.Invalid},
			{"nope", catalog.Passing, nil, catalog.NotFound},
			{"tcp", catalog.Passing, nil, catalog.Invalid},
			{"t", catalog.Passing, refused, catalog.Internal},
		} {
			o.setRefuse(c.refuse)
			if err := r.Update(c.id, c.status, "x"); catalog.CodeOf(err) != c.want {
				t.Errorf("Update(%q, %q): %v, want code %q", c.id, c.status, err, c.want)
			}
		}
		o.setRefuse(nil)
		pass(9 * time.Second)
		o.setRefuse(refused)
		if err := r.Update("t", catalog.Passing, "y"); err == nil {
			t.Error("a refused heartbeat was taken")
		}
		o.setRefuse(nil)
		o.take()
		pass(2 * time.Second)
		if got := o.take(); len(got) != 1 || got[0].output != "TTL expired: no update within 10s. Last output: x" {
			t.Errorf("a refused heartbeat had an effect: %v", got)
		}
		r.Close()
	})
}
