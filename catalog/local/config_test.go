package local

import (
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestLoadConfigReplaces(t *testing.T) {
	type defs = []catalog.ServiceDefinition
	edited := catalog.ServiceDefinition{ID: "a", Name: "web", Port: 81, Checks: []catalog.CheckDefinition{ttl("c")}}
	tests := []struct {
		name         string
		first, then  defs
		checks       []catalog.CheckDefinition
		diff, result string
	}{
		{"nothing changed", defs{svc("a", ttl("c"))}, defs{svc("a", ttl("c"))}, nil, "nothing changed", "a | c=p"},
		{"one more", defs{svc("a", ttl("c"))}, defs{svc("a", ttl("c")), svc("b", ttl("d"), ttl("e"))}, nil, "+1 service, +2 checks", "a b | c=p d=c e=c"},
		{"service edited", defs{svc("a", ttl("c"))}, defs{edited}, nil, "~1 service", "a | c=p"},
		{"check edited", defs{svc("a", ttl("c"))}, defs{svc("a", catalog.CheckDefinition{ID: "c", TTL: time.Hour})}, nil, "~1 check", "a | c=c"},
		{"check gone", defs{svc("a", ttl("c"), ttl("d"))}, defs{svc("a", ttl("c"))}, nil, "-1 check", "a | c=p"},
		{"all gone", defs{svc("a", ttl("c")), svc("b")}, nil, nil, "-2 services, -1 check", "|"},
		{"checks alone", defs{svc("a", ttl("c"))}, nil, []catalog.CheckDefinition{ttl("n")}, "-1 service, +1 check, -1 check", "| n=c"},
		{"check moves to the node", defs{svc("a", ttl("c"))}, defs{svc("a")}, []catalog.CheckDefinition{ttl("c")}, "~1 check", "a | c=c"},
		{"check beside its service", defs{svc("a", ttl("c"))}, defs{svc("a", ttl("c"))},
			[]catalog.CheckDefinition{{ID: "x", ServiceID: "a", TTL: time.Second}}, "+1 check", "a | c=p x=c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			load(t, s, tt.first)
			must(t, s.Report("c", catalog.Passing, "", time.Now()))
			if got := load(t, s, tt.then, tt.checks...); got != tt.diff {
				t.Errorf("diff %q, want %q", got, tt.diff)
			}
			if got := summary(s); got != tt.result {
				t.Errorf("have %q, want %q", got, tt.result)
			}
		})
	}
}

func TestLoadConfigIsAllOrNothing(t *testing.T) {
	tests := []struct {
		name     string
		services []catalog.ServiceDefinition
		checks   []catalog.CheckDefinition
		says     []string
	}{
		{"service id twice", []catalog.ServiceDefinition{svc("b"), svc("b")}, nil, []string{`service id "b" is defined twice`}},
		{"check id twice", []catalog.ServiceDefinition{svc("b", ttl("x"))}, []catalog.CheckDefinition{ttl("x")}, []string{"already used by a check of service b"}},
		{"check of no service", nil, []catalog.CheckDefinition{{ID: "x", ServiceID: "nope", TTL: time.Second}}, []string{"nope"}},
		{"every reason is told", []catalog.ServiceDefinition{{Name: "a b"}, {Name: "c d"}}, []catalog.CheckDefinition{{ID: "e"}}, []string{"a b", "c d", `"e"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			load(t, s, []catalog.ServiceDefinition{svc("a", ttl("c"))})
			_, err := s.LoadConfig(append(tt.services, svc("good")), tt.checks)
			if catalog.CodeOf(err) != catalog.Invalid {
				t.Fatalf("error %v", err)
			}
			for _, text := range tt.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not say %q", err, text)
				}
			}
			if got := summary(s); got != "a | c=c" {
				t.Errorf("have %q afterwards", got)
			}
		})
	}
}

func TestConfigAndHTTP(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	fromFile := []catalog.ServiceDefinition{svc("a", ttl("file"))}
	load(t, s, fromFile)

	// HTTP adds to what a config file defines, until the next load also in its place.
	onFile := ttl("late")
	onFile.ServiceID = "a"
	must(t, s.RegisterCheck(onFile), s.SetMaintenance("a", true, "", 0), s.Register(svc("b", ttl("http")), false))
	must(t, s.Register(catalog.ServiceDefinition{ID: "a", Name: "other", Checks: []catalog.CheckDefinition{ttl("own")}}, false))
	if got := s.Instances()[0].Name; got != "other" {
		t.Errorf("service a is named %q", got)
	}
	if got, want := load(t, s, fromFile), "~1 service, -1 check"; got != want {
		t.Errorf("diff %q, want %q", got, want)
	}
	want := "a b | _service_maintenance:a=c file=c http=c late=c"
	if got := summary(s); got != want || s.Instances()[0].Name != "web" {
		t.Errorf("after the load %q, want %q", got, want)
	}

	// What waits on disk for a config file's service comes back with it.
	s = open(t, dir)
	if got, want := summary(s), "b | http=c"; got != want {
		t.Errorf("before the load %q, want %q", got, want)
	}
	load(t, s, fromFile)
	if got := summary(s); got != want {
		t.Errorf("after a restart %q, want %q", got, want)
	}

	// And goes with it, for good.
	s = open(t, dir)
	load(t, s, nil)
	s = open(t, dir)
	load(t, s, fromFile)
	if got, want := summary(s), "a b | file=c http=c"; got != want {
		t.Errorf("after the service was away %q, want %q", got, want)
	}

	// A service that HTTP removes is away until the next load.
	must(t, s.Deregister("a"))
	if got, want := summary(s), "b | http=c"; got != want {
		t.Errorf("after deregistering %q, want %q", got, want)
	}
	if got, want := load(t, s, fromFile), "+1 service, +1 check"; got != want {
		t.Errorf("diff %q, want %q", got, want)
	}
}

func TestConfigTakesAnotherServicesCheck(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.Register(svc("b", ttl("c")), false))
	load(t, s, []catalog.ServiceDefinition{svc("a", ttl("c"))})
	for range 2 {
		if c := s.Checks(); len(c) != 1 || c[0].ServiceID != "a" {
			t.Errorf("checks %+v", c)
		}
		s = open(t, dir)
		load(t, s, []catalog.ServiceDefinition{svc("a", ttl("c"))})
	}
	if got := summary(open(t, dir)); got != "b |" {
		t.Errorf("on disk %q", got)
	}
}

func TestScripts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, func(c *Config) { c.ScriptsFromHTTP = true })
	d := script("c")
	d.Status = catalog.Passing
	must(t, s.Register(svc("a", d), false))
	if len(s.Definitions()) != 1 {
		t.Fatal("an allowed script is not to be probed")
	}
	// Switched off later, the check stays where people see it, critical, and is not run.
	s = open(t, dir, func(c *Config) { c.ScriptsFromConfig = true })
	load(t, s, []catalog.ServiceDefinition{svc("b", script("x"))})
	if got := summary(s); got != "a b | c=c x=c" {
		t.Errorf("have %q", got)
	}
	if c := s.Checks()[0]; c.Output != scriptOff {
		t.Errorf("output %q", c.Output)
	}
	if defs := s.Definitions(); len(defs) != 1 || defs[0].ID != "x" {
		t.Errorf("to be probed: %+v", defs)
	}
}
