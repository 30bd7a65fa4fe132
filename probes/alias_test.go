package probes

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// world is a catalog that tests write to directly.
type world struct {
	*catalog.State
	index uint64
}

func (w *world) apply(t *testing.T, commands ...catalog.Command) {
	t.Helper()
	for _, c := range commands {
		w.index++
		if _, err := w.Apply(w.index, c); err != nil {
			t.Fatalf("apply: %v", err)
		}
	}
}

// newWorld has a node n1 with instance web and checks on both, all passing, and a bare node n2.
func newWorld(t *testing.T) *world {
	w := &world{State: catalog.New()}
	w.apply(t,
		&catalog.Register{
			Node:     catalog.Node{Name: "n1", Address: "10.0.0.1"},
			Instance: &catalog.Instance{ID: "web", Name: "web"},
			Checks: []*catalog.Check{
				{ID: "disk", Name: "Disk", Status: catalog.Passing},
				{ID: "http", Name: "HTTP", Status: catalog.Passing, ServiceID: "web", Output: "200"},
				{ID: "port", Name: "Port", Status: catalog.Passing, ServiceID: "web"},
			},
		},
		&catalog.Register{Node: catalog.Node{Name: "n2", Address: "10.0.0.2"}})
	return w
}

func status(node, check string, s catalog.Status) catalog.Command {
	return &catalog.SetStatus{Node: node, CheckID: check, Status: s, Output: "says so"}
}

func add(service string, c catalog.Check) catalog.Command {
	c.ServiceID = service
	return &catalog.Register{Node: catalog.Node{Name: "n1"}, SkipNodeUpdate: true, Checks: []*catalog.Check{&c}}
}

func TestAliased(t *testing.T) {
	type cmds = []catalog.Command
	for _, c := range []struct {
		name          string
		first         cmds
		node, service string
		status        catalog.Status
		want          string // part of the output
	}{
		{"all well", nil, "n1", "web", catalog.Passing, "all 3 checks"},
		{"of the node: its own checks only", cmds{status("n1", "http", catalog.Critical)}, "n1", "", catalog.Passing, "all 1 checks"},
		{"no checks at all", nil, "n2", "", catalog.Passing, "no checks"},
		{"warning", cmds{status("n1", "port", catalog.Warning)}, "n1", "web", catalog.Warning, `check "Port" of the target is warning: says so`},
		{"the worst counts", cmds{status("n1", "http", catalog.Warning), status("n1", "port", catalog.Critical)}, "n1", "web", catalog.Critical, `"Port"`},
		{"the node of an instance counts", cmds{status("n1", "disk", catalog.Critical)}, "n1", "web", catalog.Critical, `"Disk"`},
		{"node names have no case", nil, "N1", "web", catalog.Passing, "all 3"},
		{"maintenance", cmds{add("web", catalog.Check{ID: catalog.ServiceMaintenancePrefix + "web", Name: "Maintenance", Status: catalog.Critical})}, "n1", "web", catalog.Critical, "Maintenance"},
		{"no such node", nil, "n9", "web", catalog.Critical, `no node "n9"`},
		{"no such service", nil, "n1", "api", catalog.Critical, `no service with id "api"`},
		{"it does not see itself", cmds{add("web", catalog.Check{ID: "me", Status: catalog.Critical, Type: "alias"})}, "n1", "web", catalog.Passing, "all 3"},
		{"nor other aliases of the node", cmds{add("", catalog.Check{ID: "you", Status: catalog.Critical, Type: "alias"})}, "n1", "web", catalog.Passing, "all 3"},
		{"but aliases of the instance", cmds{add("web", catalog.Check{ID: "you", Name: "You", Status: catalog.Critical, Type: "alias"})}, "n1", "web", catalog.Critical, `"You"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(t, c.first...)
			def := catalog.CheckDefinition{ID: "me", AliasNode: c.node, AliasService: c.service}
			res := aliased(w.Snapshot(), c.node, "n1", &def)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

func TestAliasReactsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, w := &owner{}, newWorld(t)
		r := newRunner(t, o, w.State, nil)
		r.Reconcile([]catalog.CheckDefinition{{ID: "a", AliasService: "web"}}, nil)
		began := time.Now()
		for _, step := range []struct {
			do   catalog.Command
			want string
		}{
			{status("n2", "none", catalog.Passing), "passing"}, // fails; only the first look is heard
			{status("n1", "http", catalog.Critical), "critical"},
			{add("web", catalog.Check{ID: "port", Name: "Port", Status: catalog.Critical}), ""}, // nothing new for the alias
			{status("n1", "http", catalog.Passing), "critical"},                                 // now by the other check
			{status("n1", "port", catalog.Warning), "warning"},
			{status("n1", "port", catalog.Passing), "passing"},
			{&catalog.Deregister{Node: "n1", ServiceID: "web"}, "critical"},
			{&catalog.Deregister{Node: "n1"}, "critical"},
			{&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}, Instance: &catalog.Instance{ID: "web", Name: "web"}}, "passing"},
		} {
			w.index++
			w.Apply(w.index, step.do)
			synctest.Wait()
			if got := o.statuses(); got != step.want {
				t.Errorf("after %+v: heard %q, want %q", step.do, got, step.want)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("it took %v", d)
		}
		r.Close()
	})
}

func TestAliasSaysItAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, w := &owner{refuse: errors.New("not now")}, newWorld(t)
		r := newRunner(t, o, w.State, nil)
		defs := []catalog.CheckDefinition{{ID: "a", AliasService: "web"}}
		r.Reconcile(defs, nil)
		pass(aliasRetry / 2)
		o.setRefuse(nil)
		pass(5 * aliasRetry)
		if got := o.statuses(); got != "passing passing" {
			t.Errorf("heard %q, want the refused report and one more", got)
		}
		for _, c := range []struct {
			held catalog.Status
			want string
		}{{catalog.Passing, ""}, {catalog.Critical, "passing"}} {
			r.Reconcile(defs, map[string]catalog.Status{"a": c.held})
			synctest.Wait()
			if got := o.statuses(); got != c.want {
				t.Errorf("an owner that holds %s heard %q, want %q", c.held, got, c.want)
			}
		}
		r.Close()
	})
}
