package local

import (
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestRegister(t *testing.T) {
	type op func(*Store) error
	register := func(d catalog.ServiceDefinition) op { return func(s *Store) error { return s.Register(d, false) } }
	replace := func(d catalog.ServiceDefinition) op { return func(s *Store) error { return s.Register(d, true) } }
	check := func(d catalog.CheckDefinition) op { return func(s *Store) error { return s.RegisterCheck(d) } }
	report := func(id string, st catalog.Status) op {
		return func(s *Store) error { return s.Report(id, st, "", time.Now()) }
	}
	gone := func(id string) op { return func(s *Store) error { return s.Deregister(id) } }
	uncheck := func(id string) op { return func(s *Store) error { return s.DeregisterCheck(id) } }
	maint := func(id string, on bool) op { return func(s *Store) error { return s.SetMaintenance(id, on, "", 0) } }
	of := func(service string, d catalog.CheckDefinition) catalog.CheckDefinition {
		d.ServiceID = service
		return d
	}
	other := catalog.CheckDefinition{ID: "c", TTL: time.Hour}
	stated := catalog.CheckDefinition{ID: "c", TTL: time.Minute, Status: catalog.Warning}

	tests := []struct {
		name string
		ops  []op
		want string
	}{
		{"a check starts critical", []op{register(svc("a", ttl("c")))}, "a | c=c"},
		{"or as stated", []op{register(svc("a", stated))}, "a | c=w"},
		{"ids are made up", []op{register(catalog.ServiceDefinition{Name: "web", Check: &catalog.CheckDefinition{TTL: time.Second}})}, "web | service:web=c"},
		{"the same again keeps the verdict", []op{register(svc("a", ttl("c"))), report("c", catalog.Passing), register(svc("a", ttl("c")))}, "a | c=p"},
		{"also when the service changed", []op{register(svc("a", ttl("c"))), report("c", catalog.Passing), register(catalog.ServiceDefinition{ID: "a", Name: "web", Port: 81, Checks: []catalog.CheckDefinition{ttl("c")}})}, "a | c=p"},
		{"another definition starts anew", []op{register(svc("a", ttl("c"))), report("c", catalog.Passing), register(svc("a", other))}, "a | c=c"},
		{"checks not named stay", []op{register(svc("a", ttl("c"), ttl("d"))), register(svc("a", ttl("c")))}, "a | c=c d=c"},
		{"unless replaced", []op{register(svc("a", ttl("c"), ttl("d"))), check(of("a", ttl("e"))), replace(svc("a", ttl("c")))}, "a | c=c"},
		{"maintenance is not replaced", []op{register(svc("a", ttl("c"))), maint("a", true), replace(svc("a"))}, "a | _service_maintenance:a=c"},
		{"checks of the node are not replaced", []op{check(ttl("n")), replace(svc("a"))}, "a | n=c"},
		{"a service takes its checks along", []op{register(svc("a", ttl("c"))), check(of("a", ttl("e"))), check(ttl("n")), maint("a", true), gone("a")}, "| n=c"},
		{"a check goes alone", []op{register(svc("a", ttl("c"), ttl("d"))), uncheck("c")}, "a | d=c"},
		{"maintenance of the node", []op{maint("", true), maint("", true)}, "| _node_maintenance=c"},
		{"and its end", []op{maint("", true), maint("", false), maint("", false)}, "|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			for _, o := range tt.ops {
				must(t, o(s))
			}
			if got := summary(s); got != tt.want {
				t.Errorf("have %q, want %q", got, tt.want)
			}
			// All of it came over HTTP, so all of it comes back, with verdicts forgotten.
			back := open(t, dir)
			load(t, back, nil)
			if got, want := summary(back), strings.ReplaceAll(tt.want, "=p", "=c"); got != want {
				t.Errorf("after a restart %q, want %q", got, want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name string
		do   func(*Store) error
		code catalog.Code
		says string
	}{
		{"bad name", func(s *Store) error { return s.Register(catalog.ServiceDefinition{Name: "a b"}, false) }, catalog.Invalid, "name"},
		{"bad check", func(s *Store) error { return s.RegisterCheck(catalog.CheckDefinition{ID: "x"}) }, catalog.Invalid, "says nothing to probe"},
		{"script", func(s *Store) error { return s.RegisterCheck(script("x")) }, catalog.Denied, "enable_script_checks"},
		{"script of a service", func(s *Store) error { return s.Register(svc("b", script("x")), false) }, catalog.Denied, "args"},
		{"script in config", func(s *Store) error { return loadErr(s, svc("b", script("x"))) }, catalog.Denied, "enable_local_script_checks"},
		{"files for TLS", func(s *Store) error {
			return s.RegisterCheck(catalog.CheckDefinition{ID: "x", TCP: "h:1", Interval: time.Second, TCPUseTLS: true, TLSCAFile: "ca.pem"})
		}, catalog.Denied, "config files"},
		{"serfHealth", func(s *Store) error { return s.RegisterCheck(ttl(catalog.SerfHealth)) }, catalog.Invalid, "own"},
		{"maintenance by hand", func(s *Store) error { return s.RegisterCheck(ttl("_service_maintenance:a")) }, catalog.Invalid, "own"},
		{"the servers' service", func(s *Store) error { return s.Register(catalog.ServiceDefinition{Name: "consul"}, false) }, catalog.Invalid, "own"},
		{"id not UTF-8", func(s *Store) error { return s.Register(svc("\xff"), false) }, catalog.Invalid, "UTF-8"},
		{"check id not UTF-8", func(s *Store) error { return s.RegisterCheck(ttl("\xff")) }, catalog.Invalid, "UTF-8"},
		{"check of an unknown service", func(s *Store) error {
			d := ttl("x")
			d.ServiceID = "nope"
			return s.RegisterCheck(d)
		}, catalog.NotFound, "nope"},
		{"another service's check", func(s *Store) error { return s.Register(svc("b", ttl("c")), false) }, catalog.Conflict, "service a"},
		{"a check moved to the node", func(s *Store) error { return s.RegisterCheck(ttl("c")) }, catalog.Conflict, "service a"},
		{"check id twice", func(s *Store) error {
			return s.Register(catalog.ServiceDefinition{Name: "b", Check: &catalog.CheckDefinition{ID: "x", TTL: time.Second}, Checks: []catalog.CheckDefinition{ttl("x")}}, false)
		}, catalog.Invalid, "twice"},
		{"unknown service", func(s *Store) error { return s.Deregister("nope") }, catalog.NotFound, "nope"},
		{"unknown check", func(s *Store) error { return s.DeregisterCheck("nope") }, catalog.NotFound, "nope"},
		{"maintenance of an unknown service", func(s *Store) error { return s.SetMaintenance("nope", true, "", 0) }, catalog.NotFound, "nope"},
		{"verdict on an unknown check", func(s *Store) error { return s.Report("nope", catalog.Passing, "", time.Now()) }, catalog.NotFound, "nope"},
		{"verdict of an unknown kind", func(s *Store) error { return s.Report("c", "fine", "", time.Now()) }, catalog.Invalid, "fine"},
		{"verdict on maintenance", func(s *Store) error { return s.Report(catalog.NodeMaintenance, catalog.Passing, "", time.Now()) }, catalog.Invalid, "not probed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			must(t, s.Register(svc("a", ttl("c")), false), s.SetMaintenance("", true, "", 0))
			before := summary(s)
			err := tt.do(s)
			if catalog.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q of code %s, want code %s and %q", err, catalog.CodeOf(err), tt.code, tt.says)
			}
			if got := summary(s); got != before {
				t.Errorf("refused, yet %q became %q", before, got)
			}
			if got := summary(open(t, dir)); got != before {
				t.Errorf("refused, yet on disk %q became %q", before, got)
			}
		})
	}
}

func loadErr(s *Store, services ...catalog.ServiceDefinition) error {
	_, err := s.LoadConfig(services, nil)
	return err
}

func TestRows(t *testing.T) {
	s := open(t, "")
	must(t, s.Register(catalog.ServiceDefinition{Name: "web", Tags: []string{"x"}, Port: 80, Check: &catalog.CheckDefinition{TCP: "localhost:80", Interval: time.Second, Notes: "n"}}, false))
	must(t, s.SetMaintenance("web", true, "disk swap", 0), s.SetMaintenance("", true, "", 0))
	i, c := s.Instances()[0], s.Checks()
	if i.Node != "n1" || i.Weights != catalog.DefaultWeights || i.Port != 80 {
		t.Errorf("instance %+v", i)
	}
	if k := c[2]; k.Name != "Service 'web' check" || k.Type != "tcp" || k.Interval != "1s" || k.Timeout != "" || k.Notes != "n" || k.ServiceName != "web" || k.ServiceTags[0] != "x" {
		t.Errorf("check %+v", k)
	}
	if c[0].Notes == "" || c[0].ServiceID != "" || !c[0].IsMaintenance() {
		t.Errorf("node maintenance %+v", c[0])
	}
	if c[1].Notes != "disk swap" || c[1].ServiceName != "web" || !c[1].IsMaintenance() {
		t.Errorf("service maintenance %+v", c[1])
	}
	if d := s.Definitions(); len(d) != 1 || d[0].ID != "service:web" {
		t.Errorf("to be probed: %+v", d)
	}
}

func TestChanged(t *testing.T) {
	s := open(t, "")
	fires := func(name string, want bool, do func() error) {
		t.Helper()
		ch := s.Changed()
		must(t, do())
		select {
		case <-ch:
			if !want {
				t.Errorf("%s: told of a change", name)
			}
		default:
			if want {
				t.Errorf("%s: told of no change", name)
			}
		}
	}
	register := func() error { return s.Register(svc("a", ttl("c")), false) }
	pass := func() error { return s.Report("c", catalog.Passing, "ok", time.Now()) }
	fires("register", true, register)
	fires("the same again", false, register)
	fires("verdict", true, pass)
	fires("the same verdict", false, pass)
	fires("other output", true, func() error { return s.Report("c", catalog.Passing, "still ok", time.Now()) })
	fires("deregister", true, func() error { return s.Deregister("a") })
}
