package agent

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// guardRig is a service "web" on nodes of its own, with a clock that tends its guards.
type guardRig struct {
	*testing.T
	raft *direct
	stop func()
}

func underGuard(t *testing.T, g *catalog.Guard, nodes string, test func(r *guardRig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &guardRig{T: t, raft: &direct{state: catalog.New()}}
		for n := range strings.FieldsSeq(nodes) {
			r.do(&catalog.Register{
				Node: catalog.Node{Name: n, Address: "10.0.0.1"}, Instance: &catalog.Instance{ID: "web", Name: "web", Guard: g},
				Checks: []*catalog.Check{{ID: "up", ServiceID: "web", Status: catalog.Passing}},
			})
		}
		r.elect()
		defer func() { r.stop() }()
		test(r)
	})
}

// elect begins a term on a server that remembers nothing but the state.
func (r *guardRig) elect() {
	if r.stop != nil {
		r.stop()
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &guardClock{applier: r.raft, snapshot: r.raft.state.Snapshot, log: slog.New(slog.DiscardHandler)}
	done := make(chan struct{})
	go func() { defer close(done); c.run(ctx) }()
	r.stop = func() { cancel(); <-done }
	synctest.Wait()
}

func (r *guardRig) do(c catalog.Command) {
	r.Helper()
	if _, err := r.raft.Apply(context.Background(), c); err != nil {
		r.Fatal(err)
	}
}

// transcript plays results against the clock: "0s a fail; 5s b pass" is an offset, nodes, a
// status. What stands behind "->" is what guards then remember.
func (r *guardRig) transcript(text string) {
	r.Helper()
	start := time.Now()
	for line := range strings.SplitSeq(text, ";") {
		what, want, expects := strings.Cut(line, "->")
		words := strings.Fields(what)
		at, err := time.ParseDuration(words[0])
		if err != nil {
			r.Fatal(err)
		}
		time.Sleep(time.Until(start.Add(at)))
		synctest.Wait()
		for _, n := range words[1:max(len(words)-1, 1)] {
			status := map[string]catalog.Status{"fail": catalog.Critical, "pass": catalog.Passing}[words[len(words)-1]]
			r.do(&catalog.SetStatus{Node: n, CheckID: "up", Status: status})
		}
		synctest.Wait()
		if got := r.remembered(); expects && got != strings.TrimSpace(want) {
			r.Errorf("%s: %q, want %q", what, got, strings.TrimSpace(want))
		}
	}
}

func (r *guardRig) remembered() string {
	snap := r.raft.state.Snapshot()
	var out []string
	brakes, _ := snap.Brakes()
	for _, b := range brakes {
		out = append(out, fmt.Sprintf("brake %d/%d", b.Failed, b.Of))
	}
	turns, _ := snap.Turns()
	for _, t := range turns {
		if t.Fell {
			out = append(out, t.Node)
		} else {
			out = append(out, fmt.Sprintf("%s:%d", t.Node, t.Step))
		}
	}
	return strings.Join(out, " ")
}

func TestGuardsOverTime(t *testing.T) {
	brake := &catalog.Guard{BrakePercent: 50, BrakeWindow: 10 * time.Second}
	slow := &catalog.Guard{SlowStart: 10 * time.Second}
	last := &catalog.Guard{WhenAllCritical: catalog.AnswerLastPassing, BrakeWindow: 10 * time.Second}
	for _, tt := range []struct {
		name       string
		guard      *catalog.Guard
		transcript string
	}{
		{"a fall is forgotten", brake, "0s a fail -> a; 9s -> a; 11s -> "},
		{"failures far apart do not brake", brake, "0s a fail; 11s b fail; 22s c fail -> c; 33s ->"},
		{"those close together do", brake, "0s a fail; 4s b fail; 8s c fail -> brake 3/4 a b c"},
		{"a brake lasts", brake, "0s a b c fail; 1h -> brake 3/4 a b c"},
		{"until checks recover", brake, "0s a b c fail; 20s a pass -> brake 3/4 b c; 30s b pass -> c; 41s ->"},
		{"a slow start takes its time", slow, "0s a fail -> ; 1s a pass -> a:0; 2500ms -> a:1; 6500ms -> a:5; 12s ->"},
		{"two begin apart", slow, "0s a b fail; 1s a pass; 4500ms b pass -> a:3 b:0; 20s ->"},
		{"flapping starts anew", slow, "0s a fail; 1s a pass; 5s a fail -> ; 6s a pass -> a:0; 17s ->"},
		{"the last to pass are kept while all are critical", last, "0s a fail; 12s b fail; 14s c d fail -> b c d; 1h -> b c d; 2h b pass -> c d; 7220s ->"},
		{"nothing asked, nothing remembered", &catalog.Guard{}, "0s a b c d fail -> ; 1s a b pass ->"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			underGuard(t, tt.guard, "a b c d", func(r *guardRig) { r.transcript(tt.transcript) })
		})
	}
}

func TestGuardsOutliveLeaders(t *testing.T) {
	underGuard(t, &catalog.Guard{BrakePercent: 50, SlowStart: 10 * time.Second, BrakeWindow: 10 * time.Second}, "a b c d", func(r *guardRig) {
		r.transcript("0s a b c fail -> brake 3/4 a b c")
		r.elect()
		r.transcript("20s -> brake 3/4 a b c")
		r.do(&catalog.LiftBrake{Service: "web"})
		r.transcript("5s -> brake 3/4 a b c")
		r.elect()
		r.transcript("5s -> brake 3/4 a b c; 12s -> ; 13s a pass -> a:0; 15500ms -> a:2")
		r.elect()
		r.transcript("9s ->")
	})
}

func TestGuardsWithoutLeader(t *testing.T) {
	underGuard(t, &catalog.Guard{SlowStart: 10 * time.Second}, "a", func(r *guardRig) {
		r.transcript("0s a fail; 0s a pass -> a:0")
		r.raft.setDown(true)
		calls := r.raft.count()
		r.transcript("10s -> a:0")
		if n := r.raft.count() - calls; n == 0 || n > 100 {
			t.Errorf("%d attempts in 10 s", n)
		}
		r.raft.setDown(false)
		r.transcript("12s ->")
	})
}

// TestStepsAreFewEntries: many that come back at once take as many log entries as one.
func TestStepsAreFewEntries(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprint("n", i))
	}
	all := strings.Join(names, " ")
	underGuard(t, &catalog.Guard{SlowStart: 10 * time.Second}, all, func(r *guardRig) {
		r.transcript("0s " + all + " fail; 0s " + all + " pass")
		calls := r.raft.count()
		r.transcript("15s ->")
		if n := r.raft.count() - calls; n > 3*catalog.RampSteps {
			t.Errorf("%d entries", n)
		}
	})
}

func TestBrakesAreLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	engaged := 0
	known := map[string]catalog.Brake{}
	for _, tt := range []struct {
		brakes []*catalog.Brake
		want   string
	}{
		{nil, ""},
		{[]*catalog.Brake{{Service: "web", Index: 7, Percent: 50, Failed: 3, Of: 4}}, "answers keep them"},
		{[]*catalog.Brake{{Service: "web", Index: 7, Percent: 50, Failed: 3, Of: 4}}, ""},
		{[]*catalog.Brake{{Service: "web", Index: 7, Percent: 50, Failed: 3, Of: 4, Lifted: true}}, "brake lifted"},
		{[]*catalog.Brake{{Service: "web", Index: 9, Percent: 50, Failed: 3, Of: 4}}, "index=9"},
		{nil, "brake ended"},
	} {
		out.Reset()
		known = tellBrakes(known, tt.brakes, log, func() { engaged++ })
		if got := out.String(); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.brakes, got, tt.want)
		}
	}
	if engaged != 2 {
		t.Errorf("counted %d", engaged)
	}
}
