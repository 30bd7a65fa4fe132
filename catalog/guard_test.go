package catalog

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// guardScript runs a transcript of results on a service "web" of instances on nodes of
// their own. A line is a verb and names: "new a b" registers, "pass", "warn", "fail" report,
// "maint", "unmaint", "gone", "node-fail", "node-pass", "forget" (the fall), "ramp N" (moves the slow start), "lift".
func guardScript(t testing.TB, s *State, g *Guard, script string) {
	t.Helper()
	for line := range strings.SplitSeq(script, ";") {
		words := strings.Fields(line)
		if len(words) == 1 {
			apply(t, s, &LiftBrake{Service: "WEB"})
			continue
		}
		for _, n := range words[1:] {
			status := func(id string, to Status) Command { return &SetStatus{Node: n, CheckID: id, Status: to} }
			tend := func(step int) Command {
				turn := s.Snapshot().Turn(n, "web")
				if turn == nil {
					t.Fatalf("%q: %s has not turned", line, n)
				}
				return &TendTurns{Turns: []TurnOf{{Node: n, ID: "web", Index: turn.Index, Step: step}}}
			}
			var c Command
			switch words[0] {
			case "new":
				r := instance(n, "10.0.0.1", "web", "web", &Check{ID: "up", ServiceID: "web", Status: Critical}, &Check{ID: SerfHealth, Status: Passing})
				r.Instance.Guard = g
				c = r
			case "pass":
				c = status("up", Passing)
			case "warn":
				c = status("up", Warning)
			case "fail":
				c = status("up", Critical)
			case "node-fail":
				c = status(SerfHealth, Critical)
			case "node-pass":
				c = status(SerfHealth, Passing)
			case "maint":
				c = &Register{Node: Node{Name: n}, SkipNodeUpdate: true, Checks: []*Check{{ID: ServiceMaintenancePrefix + "web", ServiceID: "web", Status: Critical}}}
			case "unmaint":
				c = &Deregister{Node: n, CheckID: ServiceMaintenancePrefix + "web"}
			case "gone":
				c = &Deregister{Node: n, ServiceID: "web"}
			case "forget":
				c = tend(0)
			case "ramp1":
				c = tend(1)
			case "ramp10":
				c = tend(RampSteps)
			default:
				t.Fatalf("%q is no verb", words[0])
			}
			apply(t, s, c)
		}
	}
}

// guardsOf reads like "brake 2/4: a fell, b ramp 3".
func guardsOf(s *Snapshot) string {
	var out []string
	brakes, _ := s.Brakes()
	for _, b := range brakes {
		text := fmt.Sprintf("brake %d/%d", b.Failed, b.Of)
		if b.Lifted {
			text += " lifted"
		}
		out = append(out, text)
	}
	turns, _ := s.Turns()
	for _, r := range turns {
		if r.Fell {
			out = append(out, r.Node+" fell")
		} else {
			out = append(out, fmt.Sprintf("%s ramp %d", r.Node, r.Step))
		}
	}
	return strings.Join(out, ", ")
}

func TestGuardsOnTranscripts(t *testing.T) {
	brake := &Guard{BrakePercent: 50}
	slow := &Guard{SlowStart: minSlowStart}
	last := &Guard{WhenAllCritical: AnswerLastPassing}
	both := &Guard{BrakePercent: 50, SlowStart: minSlowStart}
	for _, tt := range []struct {
		name   string
		guard  *Guard
		script string
		want   string
	}{
		{"no guard remembers nothing", nil, "new a b; pass a b; fail a b; pass a", ""},
		{"one that asks for nothing neither", &Guard{WhenAllCritical: AnswerAll}, "new a b; pass a b; fail a b; pass a", ""},
		{"registered critical is no failure", brake, "new a b c", ""},
		{"a failure is remembered", brake, "new a b c d; pass a b c d; fail a", "a fell"},
		{"half is no more than half", brake, "new a b c d; pass a b c d; fail a b", "a fell, b fell"},
		{"more than half brakes", brake, "new a b c d; pass a b c d; fail a b c", "brake 3/4, a fell, b fell, c fell"},
		{"those long critical do not count", brake, "new a b c d e f; pass a b c; fail a b", "brake 2/3, a fell, b fell"},
		{"a lone instance is dropped", brake, "new a; pass a; fail a", "a fell"},
		{"forgotten failures do not count", brake, "new a b c d; pass a b c d; fail a b; forget a b; fail c", "c fell"},
		{"nothing is forgotten while braked", brake, "new a b c; pass a b c; fail a b; forget a", "brake 2/3, a fell, b fell"},
		{"what fails later is kept too", brake, "new a b c; pass a b c; fail a b c", "brake 2/3, a fell, b fell, c fell"},
		{"one recovery is not the end", brake, "new a b c; pass a b c; fail a b; pass a", "brake 2/3, b fell"},
		{"half the limit is", brake, "new a b c d; pass a b c d; fail a b c; pass a b", "c fell"},
		{"warning is healthy", brake, "new a b c d; pass a b c d; fail a b c; warn a b c", ""},
		{"lifted", brake, "new a b c; pass a b c; fail a b; lift", "brake 2/3 lifted, a fell, b fell"},
		{"lifted, forgotten", brake, "new a b c; pass a b c; fail a b; lift; forget a b", ""},
		{"maintenance is no failure", brake, "new a b c; pass a b c; maint a b", ""},
		{"maintenance takes out what a brake kept", brake, "new a b c; pass a b c; fail a b; maint a", "brake 2/3, b fell"},
		{"critical after maintenance is none either", brake, "new a b c; pass a b c; maint a b; fail a b; unmaint a b", ""},
		{"deregistered ones are forgotten", brake, "new a b c; pass a b c; fail a b; gone a b", ""},
		{"nodes that die take instances along", brake, "new a b c; pass a b c; node-fail a b", "brake 2/3, a fell, b fell"},
		{"and bring them back", brake, "new a b c; pass a b c; node-fail a b; node-pass a b", ""},
		{"slow start begins at once", slow, "new a; pass a", "a ramp 0"},
		{"also after warning", slow, "new a; warn a; pass a", "a ramp 0"},
		{"grows", slow, "new a b; pass a b; ramp1 a", "a ramp 1, b ramp 0"},
		{"ends", slow, "new a; pass a; ramp10 a", ""},
		{"ends with a failure", slow, "new a; pass a; fail a", ""},
		{"begins anew", slow, "new a; pass a; ramp1 a; fail a; pass a", "a ramp 0"},
		{"after maintenance", slow, "new a; pass a; ramp10 a; maint a; unmaint a", "a ramp 0"},
		{"one that a brake kept needs none", both, "new a b c; pass a b c; ramp10 a b c; fail a b; pass a", "brake 2/3, b fell"},
		{"the last to pass are not forgotten", last, "new a b c; pass a b c; fail a; forget a; fail b c; forget b c", "b fell, c fell"},
		{"unless one passes again", last, "new a b c; pass a b c; fail a b c; pass c; forget a b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New()
			guardScript(t, s, tt.guard, tt.script)
			if got := guardsOf(s.Snapshot()); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.script, got, tt.want)
			}
		})
	}
}

func TestGuardOfAnotherKindForgets(t *testing.T) {
	s := New()
	guardScript(t, s, &Guard{BrakePercent: 50}, "new a b c; pass a b c; fail a b")
	guardScript(t, s, nil, "new a b")
	if got := guardsOf(s.Snapshot()); got != "" {
		t.Errorf("without a guard: %q", got)
	}
	if _, err := s.Apply(s.Applied()+1, &LiftBrake{Service: "web"}); CodeOf(err) != NotFound {
		t.Errorf("lifting no brake: %v", err)
	}
}

func TestGuardIsWatched(t *testing.T) {
	s := New()
	guardScript(t, s, &Guard{BrakePercent: 50}, "new a b c; pass a b c; fail a")
	b, changed := s.Snapshot().WatchBrake("Web")
	_, any := s.Snapshot().Turns()
	if b != nil || fired(changed) || fired(any) {
		t.Fatalf("before: %+v, %t, %t", b, fired(changed), fired(any))
	}
	guardScript(t, s, nil, "fail b")
	if b, _ := s.Snapshot().WatchBrake("WEB"); b == nil || !fired(changed) || !fired(any) {
		t.Errorf("after: %+v, %t, %t", b, fired(changed), fired(any))
	}
}

// TestGuardsAreReplicated has random commands on guarded instances applied, in one go or
// one by one, restored, and followed by changes: all come to the same rows.
func TestGuardsAreReplicated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, again := New(), New()
		f := &follower{source: s, copy: New(), changes: s.Changes()}
		g := &Guard{
			WhenAllCritical: rapid.SampledFrom([]AllCritical{"", AnswerLastPassing}).Draw(t, "when"),
			BrakePercent:    rapid.IntRange(0, 99).Draw(t, "percent"), SlowStart: minSlowStart,
		}
		var steps []Step
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			index := s.Applied() + 1
			c := drawCommand(t, index)
			switch c := c.(type) {
			case *Register:
				if c.Instance != nil && rapid.IntRange(0, 5).Draw(t, "bare") > 0 {
					c.Instance.Guard = g
				}
			case *SetKey, *DeleteKey:
				continue
			}
			if turns, _ := s.Snapshot().Turns(); len(turns) > 0 && rapid.IntRange(0, 4).Draw(t, "tend") == 0 {
				r := rapid.SampledFrom(turns).Draw(t, "turn")
				c = &TendTurns{Turns: []TurnOf{{r.Node, r.ID, r.Index, r.Step + 1}}}
			}
			if brakes, _ := s.Snapshot().Brakes(); len(brakes) > 0 && rapid.IntRange(0, 4).Draw(t, "lift") == 0 {
				c = &LiftBrake{Service: brakes[0].Service}
			}
			steps = append(steps, Step{index, c})
			s.ApplyAll(steps[len(steps)-1:])
			checkGuards(t, s.Snapshot())
		}
		again.ApplyAll(steps)
		if len(steps) == 0 {
			return
		}
		f.catchUp(t)
		want := discovery(t, s.Snapshot())
		restored := New()
		if err := restored.Restore(bytes.NewReader(want)); err != nil {
			t.Fatal(err)
		}
		for what, other := range map[string]*State{"applied at once": again, "followed": f.copy, "restored": restored} {
			if got := discovery(t, other.Snapshot()); !bytes.Equal(got, want) {
				t.Fatalf("%s it is\n%q, want\n%q", what, got, want)
			}
		}
	})
}

// checkGuards holds what guards remember against the rows as they are.
func checkGuards(t *rapid.T, s *Snapshot) {
	turns, _ := s.Turns()
	fell := map[string]int{}
	for _, r := range turns {
		i := s.Instance(r.Node, r.ID)
		if i == nil || i.Guard == nil || !EqualFold(i.Name, r.Service) {
			t.Fatalf("%+v is of %+v", r, i)
		}
		e := s.EntryOf(i)
		if r.Fell != (e.Status() == Critical) || !r.Fell && !e.Status().healthy() {
			t.Fatalf("%+v is %s", r, e.Status())
		}
		if r.Fell {
			fell[Fold(r.Service)]++
		}
	}
	brakes, _ := s.Brakes()
	for _, b := range brakes {
		if fell[Fold(b.Service)] == 0 {
			t.Fatalf("%+v keeps nothing", b)
		}
	}
}

func TestGuardsThatCannotBe(t *testing.T) {
	for field, g := range map[string]Guard{
		"when_all_critical": {WhenAllCritical: "some"},
		"brake_percent":     {BrakePercent: 100},
		"brake_window":      {BrakeWindow: -1},
		"slow_start":        {SlowStart: minSlowStart - 1},
	} {
		if p := g.Validate(); len(p) != 1 || p[0].Field != field {
			t.Errorf("%+v: %v", g, p)
		}
		d := ServiceDefinition{Name: "web", Guard: &g}
		if p := d.Validate(); len(p) != 1 || p[0].Field != "guard."+field {
			t.Errorf("in a definition: %v", p)
		}
	}
	if p := (&Guard{AnswerAll, 50, maxBrakeWindow, minSlowStart}).Validate(); p != nil {
		t.Error(p)
	}
}
