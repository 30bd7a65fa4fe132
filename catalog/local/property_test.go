package local

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"muster/catalog"
)

// machine does random things to a store and to the catalog behind its back.
type machine struct {
	store *Store
	*replica
	sync *Syncer
}

var (
	serviceIDs = rapid.SampledFrom([]string{"a", "b", "c"})
	checkIDs   = rapid.SampledFrom([]string{"1", "2", "3", "4"})
	statuses   = rapid.SampledFrom([]catalog.Status{catalog.Passing, catalog.Warning, catalog.Critical})
	times      = rapid.SampledFrom([]time.Duration{time.Minute, time.Hour})
)

func drawCheck(t *rapid.T) catalog.CheckDefinition {
	return catalog.CheckDefinition{ID: checkIDs.Draw(t, "check"), TTL: times.Draw(t, "ttl")}
}

func drawService(t *rapid.T) catalog.ServiceDefinition {
	return catalog.ServiceDefinition{
		ID:     serviceIDs.Draw(t, "service"),
		Name:   rapid.SampledFrom([]string{"web", "Web", "db"}).Draw(t, "name"),
		Port:   rapid.IntRange(1, 2).Draw(t, "port"),
		Checks: rapid.SliceOfNDistinct(rapid.Custom(drawCheck), 0, 2, func(c catalog.CheckDefinition) string { return c.ID }).Draw(t, "checks"),
	}
}

// expected passes over the refusals that random input earns.
func expected(t *rapid.T, err error) {
	switch catalog.CodeOf(err) {
	case "", catalog.Conflict, catalog.NotFound, catalog.Invalid, catalog.Unavailable:
	default:
		t.Fatal(err)
	}
}

func (m *machine) actions(tt *testing.T) map[string]func(*rapid.T) {
	behind := func(t *rapid.T, c catalog.Command) {
		_, err := m.Apply(tt.Context(), c)
		expected(t, err)
	}
	return map[string]func(*rapid.T){
		"register": func(t *rapid.T) { expected(t, m.store.Register(drawService(t), rapid.Bool().Draw(t, "replace"))) },
		"check": func(t *rapid.T) {
			d := drawCheck(t)
			d.ServiceID = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "of")
			expected(t, m.store.RegisterCheck(d))
		},
		"deregister": func(t *rapid.T) { expected(t, m.store.Deregister(serviceIDs.Draw(t, "service"))) },
		"uncheck":    func(t *rapid.T) { expected(t, m.store.DeregisterCheck(checkIDs.Draw(t, "check"))) },
		"report": func(t *rapid.T) {
			expected(t, m.store.Report(checkIDs.Draw(t, "check"), statuses.Draw(t, "status"), rapid.StringN(0, 3, 9).Draw(t, "output"), time.Now()))
		},
		"maintenance": func(t *rapid.T) {
			expected(t, m.store.SetMaintenance(rapid.SampledFrom([]string{"", "a"}).Draw(t, "service"), rapid.Bool().Draw(t, "on"), "r", 0))
		},
		"load": func(t *rapid.T) {
			_, err := m.store.LoadConfig(rapid.SliceOfN(rapid.Custom(drawService), 0, 2).Draw(t, "services"), nil)
			expected(t, err)
		},
		"sync": func(*rapid.T) { _, _ = m.sync.pass(tt.Context(), time.Now()) }, // refused now and then, by design of "fail"
		"fail": func(t *rapid.T) {
			m.lost = nil
			if rapid.Bool().Draw(t, "lost") {
				m.lost = catalog.Errorf(catalog.Unavailable, "lost")
			}
		},
		"sabotage service": func(t *rapid.T) { behind(t, &catalog.Deregister{Node: "n1", ServiceID: serviceIDs.Draw(t, "service")}) },
		"sabotage check":   func(t *rapid.T) { behind(t, &catalog.Deregister{Node: "n1", CheckID: checkIDs.Draw(t, "check")}) },
		"sabotage node":    func(t *rapid.T) { behind(t, &catalog.Deregister{Node: "n1"}) },
		"sabotage rows": func(t *rapid.T) {
			behind(t, &catalog.Register{Node: catalog.Node{ID: self.ID, Name: "n1", Address: "9.9.9.9"},
				Instance: &catalog.Instance{ID: serviceIDs.Draw(t, "service"), Name: "evil"},
				Checks:   []*catalog.Check{{ID: checkIDs.Draw(t, "check"), Status: statuses.Draw(t, "status")}}})
		},
		"": m.inLine,
	}
}

// inLine is the invariant: after one comparison without failures, a second one
// at most where a row vanished under a verdict, the catalog is what the store says.
func (m *machine) inLine(t *rapid.T) {
	if !rapid.Bool().Draw(t, "look") {
		return
	}
	lost := m.lost
	m.lost = nil
	if sent, err := m.sync.pass(context.Background(), time.Now()); err != nil || !sent {
		t.Fatalf("sync: %t, %v", sent, err)
	}
	m.lost = lost
	snap := m.state.Snapshot()
	want, have := describeRows(m.store.Instances(), m.store.Checks()), describeRows(snap.InstancesOn("n1"), snap.ChecksOn("n1"))
	if want != have {
		t.Fatalf("the store has\n%s\nthe catalog\n%s", want, have)
	}
	if n := snap.Node("n1"); n.Address != self.Address || n.Datacenter != self.Datacenter {
		t.Fatalf("node %+v", n)
	}
}

func describeRows(instances []*catalog.Instance, checks []*catalog.Check) string {
	var b strings.Builder
	for _, i := range instances {
		fmt.Fprintln(&b, i.Node, i.ID, i.Name, i.Port, i.Tags, i.Weights)
	}
	for _, c := range checks {
		fmt.Fprintf(&b, "%s %s %s %q %s %s\n", c.Node, c.ID, c.Status, c.Output, c.ServiceID, c.ServiceName)
	}
	return b.String()
}

func TestOneSyncBringsTheCatalogInLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &machine{replica: newReplica(), store: open(t, "")}
		m.sync = NewSyncer(SyncConfig{Store: m.store, Applier: m.replica, Snapshot: m.state.Snapshot})
		r.Repeat(m.actions(t))
	})
}

// What came over HTTP is the same after a restart, whatever happened before.
func TestRestartLosesNothing(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		if err != nil {
			r.Fatal(err)
		}
		m := &machine{replica: newReplica(), store: open(t, dir)}
		actions := map[string]func(*rapid.T){}
		for _, name := range []string{"register", "check", "deregister", "uncheck", "maintenance"} {
			actions[name] = m.actions(t)[name]
		}
		r.Repeat(actions)
		back := open(t, dir)
		if want, have := definitions(m.store), definitions(back); want != have {
			r.Fatalf("before\n%s\nafter\n%s", want, have)
		}
	})
}

func definitions(s *Store) string {
	var b strings.Builder
	for _, i := range s.Instances() {
		fmt.Fprintln(&b, i.ID, i.Name, i.Port)
	}
	for _, d := range s.Definitions() {
		fmt.Fprintln(&b, d.ID, d.ServiceID, d.TTL)
	}
	for _, c := range s.Checks() {
		fmt.Fprintln(&b, c.ID, c.ServiceID, c.Notes)
	}
	return b.String()
}
