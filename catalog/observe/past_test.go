package observe

import (
	"testing"
	"time"

	"muster/catalog"
)

// What an observer saw of a target is remembered as long as it is one: every change of the status, with its time and reason.
func TestHistory(t *testing.T) {
	inBubble(t, []string{"a1"}, func(b *bench) {
		o := b.by["a1"]
		b.do(t, externalRow("ext", catalog.CheckDefinition{})) // registered as critical
		b.wait()
		row := func() *catalog.Check { return b.state.Snapshot().Check("ext", "up") }
		began := time.Now()
		s, ok := o.Standing(row())
		if !ok || s.Status != catalog.Critical || !s.OrBefore || s.Transitions != nil {
			t.Errorf("before the first look: %+v, %v", s, ok)
		}
		report := func(s catalog.Status, output string) {
			b.pass(time.Minute)
			if err := o.Report(b.probers["a1"].watched()[0], s, output, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		report(catalog.Passing, "connected")
		report(catalog.Passing, "connected again")
		report(catalog.Critical, "refused\nby all")
		o.Blind(b.probers["a1"].watched()[0], "not allowed")
		if s, _ = o.Standing(row()); s.Status != "" || s.Output != "not allowed" || len(s.Transitions) != 2 {
			t.Errorf("while it cannot look: %+v", s)
		}
		report(catalog.Critical, "refused")
		s, ok = o.Standing(row())
		want := []catalog.Transition{
			{At: began.Add(time.Minute), From: catalog.Critical, To: catalog.Passing, Reason: "connected"},
			{At: began.Add(3 * time.Minute), From: catalog.Passing, To: catalog.Critical, Reason: "refused"},
		}
		if !ok || len(s.Transitions) != 2 || s.OrBefore || !s.Since.Equal(want[1].At) || s.Status != catalog.Critical || s.Output != "refused" {
			t.Fatalf("%+v", s)
		}
		for i, w := range want {
			if got := s.Transitions[i]; !got.At.Equal(w.At) || got.From != w.From || got.To != w.To || got.Reason != w.Reason {
				t.Errorf("transition %d: %+v, want %+v", i, got, w)
			}
		}
		for range 3 * catalog.KeptTransitions {
			report(catalog.Passing, "")
			report(catalog.Critical, "")
		}
		if s, _ = o.Standing(row()); len(s.Transitions) != catalog.KeptTransitions {
			t.Errorf("%d transitions are kept", len(s.Transitions))
		}

		old := row()
		b.do(t, &catalog.Deregister{Node: "ext"})
		b.wait()
		if s, ok := o.Standing(old); ok || len(o.pasts) != 0 {
			t.Errorf("of what is no target any more: %+v, %d pasts", s, len(o.pasts))
		}
	})
}
