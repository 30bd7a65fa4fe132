package dns_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"pgregory.net/rapid"

	"muster/catalog"
	"muster/dns"
)

// guardedFleet is a service "web" of one instance on each of some nodes, all passing: "a" is 10.0.0.1 and so on.
func guardedFleet(t *testing.T, nodes string, g *catalog.Guard) *catalog.State {
	t.Helper()
	s := catalog.New()
	for i, n := range strings.Fields(nodes) {
		applied(t, s, &catalog.Register{
			Node: catalog.Node{Name: n, Datacenter: "dc1", Address: fmt.Sprint("10.0.0.", i+1)},
			Instance: &catalog.Instance{ID: "web", Name: "web", Port: 80, Tags: []string{"t" + n}, Weights: catalog.DefaultWeights, Guard: g,
				DNS: &catalog.InstanceDNS{Priority: 1}},
			Checks: []*catalog.Check{{ID: "up", ServiceID: "web", Status: catalog.Passing}},
		})
	}
	return s
}

func applied(t *testing.T, s *catalog.State, c catalog.Command) {
	t.Helper()
	if _, err := s.Apply(s.Applied()+1, c); err != nil {
		t.Fatal(err)
	}
}

// statuses has nodes' instances take a status, such as "a b critical".
func statuses(t *testing.T, s *catalog.State, text string) {
	t.Helper()
	words := strings.Fields(text)
	for _, n := range words[:len(words)-1] {
		applied(t, s, &catalog.SetStatus{Node: n, CheckID: "up", Status: catalog.Status(words[len(words)-1])})
	}
}

// answersOf lists who answers a name: last octets of addresses, or of SRV records targets and weights.
func answersOf(t *testing.T, s *catalog.State, cfg dns.Config, name string, qtype uint16) string {
	t.Helper()
	r, err := dns.NewResolver(cfg)
	if err != nil {
		t.Fatal(err)
	}
	a := r.Resolve(dns.Question{Name: name, Type: qtype}, dns.View{Snapshot: s.Snapshot(), Ready: true}, rand.New(rand.NewPCG(1, 2)))
	var out []string
	for _, rr := range a.Answer {
		switch rr := rr.(type) {
		case *mdns.A:
			out = append(out, string(rune('a'-1+rr.A.To4()[3])))
		case *mdns.SRV:
			out = append(out, fmt.Sprintf("%s:%d", rr.Target[:1], rr.Weight))
		}
	}
	if a.Rcode != mdns.RcodeSuccess {
		out = append(out, a.RcodeName())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestGuardedAnswers(t *testing.T) {
	brake := &catalog.Guard{BrakePercent: 50}
	all := &catalog.Guard{WhenAllCritical: catalog.AnswerAll}
	last := &catalog.Guard{WhenAllCritical: catalog.AnswerLastPassing}
	maintenance := &catalog.Register{Node: catalog.Node{Name: "a"}, SkipNodeUpdate: true,
		Checks: []*catalog.Check{{ID: catalog.ServiceMaintenancePrefix + "web", ServiceID: "web", Status: catalog.Critical}}}
	for _, tt := range []struct {
		name    string
		guard   *catalog.Guard
		steps   []string // statuses
		command catalog.Command
		ask     string // empty: the service
		want    string
	}{
		{"no guard", nil, []string{"a b c critical"}, nil, "", "d"},
		{"no guard, all critical", nil, []string{"a b c d critical"}, nil, "", "NXDOMAIN"},
		{"none, all critical", &catalog.Guard{WhenAllCritical: catalog.AnswerNone}, []string{"a b c d critical"}, nil, "", "NXDOMAIN"},
		{"few fail", brake, []string{"a b critical"}, nil, "", "c d"},
		{"too many fail", brake, []string{"a b c critical"}, nil, "", "a b c d"},
		{"all fail", brake, []string{"a b c d critical"}, nil, "", "a b c d"},
		{"lifted", brake, []string{"a b c critical"}, &catalog.LiftBrake{Service: "web"}, "", "d"},
		{"maintenance under a brake", brake, []string{"a b c critical"}, maintenance, "", "b c d"},
		{"by tag under a brake", brake, []string{"a b c critical"}, nil, "ta.web.service.consul.", "a"},
		{"recovered", brake, []string{"a b c critical", "a b passing"}, nil, "", "a b d"},
		{"all, while one passes", all, []string{"a b c critical"}, nil, "", "d"},
		{"all, while one warns", all, []string{"a b c critical", "d warning"}, nil, "", "d"},
		{"all", all, []string{"a b c d critical"}, nil, "", "a b c d"},
		{"all but those in maintenance", all, []string{"a b c d critical"}, maintenance, "", "b c d"},
		{"all by tag", all, []string{"a b c d critical"}, nil, "tb.web.service.consul.", "b"},
		{"a tag alone is not all", all, []string{"a critical"}, nil, "ta.web.service.consul.", "NXDOMAIN"},
		{"last passing", last, []string{"a b c d critical"}, nil, "", "a b c d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := guardedFleet(t, "a b c d", tt.guard)
			for _, step := range tt.steps {
				statuses(t, s, step)
			}
			if tt.command != nil {
				applied(t, s, tt.command)
			}
			if tt.ask == "" {
				tt.ask = "web.service.consul."
			}
			if got := answersOf(t, s, dns.DefaultConfig(), tt.ask, mdns.TypeA); got != tt.want {
				t.Errorf("%s answers %q, want %q", tt.ask, got, tt.want)
			}
		})
	}
}

// TestLastPassing has instances fail so far apart that the first fall is forgotten.
func TestLastPassing(t *testing.T) {
	s := guardedFleet(t, "a b c", &catalog.Guard{WhenAllCritical: catalog.AnswerLastPassing})
	statuses(t, s, "a critical")
	tend(t, s, 0)
	statuses(t, s, "b c critical")
	tend(t, s, 0)
	if got := answersOf(t, s, dns.DefaultConfig(), "web.service.consul.", mdns.TypeA); got != "b c" {
		t.Errorf("answers %q", got)
	}
}

// tend moves all turns on, or forgets them.
func tend(t *testing.T, s *catalog.State, step int) {
	t.Helper()
	c := &catalog.TendTurns{}
	turns, _ := s.Snapshot().Turns()
	for _, r := range turns {
		c.Turns = append(c.Turns, catalog.TurnOf{Node: r.Node, ID: r.ID, Index: r.Index, Step: step})
	}
	applied(t, s, c)
}

func TestSlowStart(t *testing.T) {
	s := guardedFleet(t, "a b", &catalog.Guard{SlowStart: 10 * time.Second})
	says := func(want string) {
		t.Helper()
		if got := answersOf(t, s, dns.DefaultConfig(), "web.service.consul.", mdns.TypeSRV); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	says("a:1 b:1")
	statuses(t, s, "a critical")
	says("b:1")
	statuses(t, s, "a passing")
	says("a:1 b:10")
	tend(t, s, 4)
	says("a:5 b:10")
	tend(t, s, catalog.RampSteps)
	says("a:1 b:1")
	statuses(t, s, "a warning")
	says("a:1 b:1")
	statuses(t, s, "a b critical")
	statuses(t, s, "a b passing")
	says("a:1 b:1")
}

// TestSlowStartKeepsProportions: large weights have parts of their own, and cannot be multiplied.
func TestSlowStartKeepsProportions(t *testing.T) {
	s := guardedFleet(t, "a b", nil)
	for n, w := range map[string]int{"a": 100, "b": 65535} {
		row := *s.Snapshot().Instance(n, "web")
		row.Weights.Passing, row.Guard = w, &catalog.Guard{SlowStart: time.Minute}
		applied(t, s, &catalog.Register{Node: catalog.Node{Name: n}, SkipNodeUpdate: true, Instance: &row})
	}
	statuses(t, s, "a critical")
	statuses(t, s, "a passing")
	if got := answersOf(t, s, dns.DefaultConfig(), "web.service.consul.", mdns.TypeSRV); got != "a:10 b:65535" {
		t.Error(got)
	}
}

func TestGuardsAreExplained(t *testing.T) {
	s := guardedFleet(t, "a b c", &catalog.Guard{BrakePercent: 50, SlowStart: 10 * time.Second})
	statuses(t, s, "a b critical")
	statuses(t, s, "c critical")
	statuses(t, s, "b passing")
	r, err := dns.NewResolver(dns.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	e := r.Explain(dns.Question{Name: "web.service.consul.", Type: mdns.TypeA}, dns.View{Snapshot: s.Snapshot(), Ready: true}, rand.New(rand.NewPCG(1, 2)))
	step := e.Steps[0]
	if b := step.Brake; b == nil || b.Failed != 2 || b.Of != 3 {
		t.Errorf("brake %+v", b)
	}
	for i, want := range []dns.Keeping{dns.ByBrake, dns.NotKept, dns.ByBrake} {
		c := step.Considered[i]
		if c.Kept != want || !c.Verdict.In() {
			t.Errorf("%s: kept %v, %v", c.Node.Name, c.Kept, c.Verdict)
		}
	}
}

// TestCacheWithGuards is TestCacheSaysWhatTheSlowPathSays for services with guards, some
// of which brake, start slowly, or are critical in the whole.
func TestCacheWithGuards(t *testing.T) {
	answered, braked := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		g := &catalog.Guard{
			WhenAllCritical: rapid.SampledFrom([]catalog.AllCritical{"", catalog.AnswerLastPassing, catalog.AnswerAll}).Draw(t, "when"),
			BrakePercent:    rapid.SampledFrom([]int{0, 10, 50}).Draw(t, "percent"), SlowStart: time.Second,
		}
		queries := [][]byte{drawQuery(t), drawQuery(t), drawQuery(t), drawQuery(t)}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c := drawChange(t)
			turns, _ := p.state.Snapshot().Turns()
			brakes, _ := p.state.Snapshot().Brakes()
			braked += len(brakes)
			switch r, isRegister := c.(*catalog.Register); {
			case isRegister && r.Instance != nil:
				r.Instance.Guard = g
			case rapid.IntRange(0, 3).Draw(t, "storm") == 0:
				c = allTo(p.state.Snapshot(), drawStatus(t))
			case len(brakes) > 0 && rapid.IntRange(0, 3).Draw(t, "lift") == 0:
				c = &catalog.LiftBrake{Service: brakes[0].Service}
			case len(turns) > 0 && rapid.Bool().Draw(t, "tend"):
				r := rapid.SampledFrom(turns).Draw(t, "turn")
				c = &catalog.TendTurns{Turns: []catalog.TurnOf{{Node: r.Node, ID: r.ID, Index: r.Index, Step: r.Step + 1}}}
			}
			_, _ = p.state.Apply(p.state.Applied()+1, c) // some of them cannot be, which is fine
			if p.ask(t, queries[rapid.IntRange(0, 3).Draw(t, "query")]) {
				answered++
			}
		}
	})
	if answered == 0 || braked == 0 {
		t.Errorf("the cache answered %d times, of brakes there were %d", answered, braked)
	}
}

// allTo gives every check of an instance the same status.
func allTo(s *catalog.Snapshot, status catalog.Status) catalog.Command {
	all := &catalog.Batch{}
	checks, _ := s.ChecksIn("any")
	for _, c := range checks {
		if c.ServiceID != "" {
			all.Commands = append(all.Commands, &catalog.SetStatus{Node: c.Node, CheckID: c.ID, Status: status})
		}
	}
	return all
}

// TestGuardThatAsksForNothing: answers are those of a catalog without guards.
func TestGuardThatAsksForNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, guarded := catalog.New(), catalog.New()
		r, err := dns.NewResolver(drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			c := drawChange(t)
			_, _ = plain.Apply(plain.Applied()+1, c)
			if reg, ok := c.(*catalog.Register); ok && reg.Instance != nil {
				with := *reg
				i := *reg.Instance
				i.Guard = &catalog.Guard{}
				with.Instance = &i
				c = &with
			}
			_, _ = guarded.Apply(guarded.Applied()+1, c)
			for _, name := range []string{"s0.service.consul.", "s1.service.consul.", "blue.s0.service.consul."} {
				for _, qtype := range []uint16{mdns.TypeA, mdns.TypeSRV} {
					q := dns.Question{Name: name, Type: qtype}
					says := func(s *catalog.State) string {
						a := r.Resolve(q, dns.View{Snapshot: s.Snapshot(), Ready: true}, rand.New(rand.NewPCG(1, 2)))
						return fmt.Sprint(a.Rcode, a.Answer, a.Extra, a.Reason)
					}
					if want, got := says(plain), says(guarded); got != want {
						t.Fatalf("%s with guards\n%s\nwithout\n%s", name, got, want)
					}
				}
			}
		}
	})
}

func TestLongestTTL(t *testing.T) {
	cfg := dns.DefaultConfig()
	cfg.ServiceTTL = map[string]time.Duration{"web": 30 * time.Second, "*": 5 * time.Second}
	cfg.MaxServiceTTL = time.Minute
	wish := func(d time.Duration) *catalog.InstanceDNS { return &catalog.InstanceDNS{TTL: &d} }
	for _, tt := range []struct {
		name string
		asks *catalog.InstanceDNS
		want time.Duration
	}{
		{"web", nil, 30 * time.Second}, {"Web", &catalog.InstanceDNS{}, 30 * time.Second}, {"db", nil, 5 * time.Second},
		{"db", wish(10 * time.Second), 10 * time.Second}, {"db", wish(time.Hour), time.Minute}, {"web", wish(time.Second), 30 * time.Second},
	} {
		if got := cfg.LongestTTL(&catalog.Instance{Name: tt.name, DNS: tt.asks}); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
