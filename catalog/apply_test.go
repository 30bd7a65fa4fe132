package catalog

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestApplyAllIsApplyOneByOne cuts a random log into random pieces: rows, indexes
// and results are those of applying its commands one at a time, so that members
// which were sent the log in different pieces agree.
func TestApplyAllIsApplyOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		single, pieces := New(), New()
		var steps []Step
		var want []Applied
		for i := range rapid.IntRange(1, 30).Draw(t, "length") {
			step := Step{Index: uint64(i + 1)}
			if rapid.IntRange(0, 9).Draw(t, "empty") == 0 {
				single.Advance(step.Index)
				want = append(want, Applied{})
			} else {
				step.Command = drawCommand(t, step.Index)
				res, err := single.Apply(step.Index, step.Command)
				want = append(want, Applied{res, err})
			}
			steps = append(steps, step)
		}
		for len(steps) > 0 {
			n := rapid.IntRange(1, len(steps)).Draw(t, "piece")
			for i, got := range pieces.ApplyAll(steps[:n]) {
				if got.Result.OK != want[i].Result.OK || CodeOf(got.Err) != CodeOf(want[i].Err) {
					t.Fatalf("%T: %+v, one by one %+v", steps[i].Command, got, want[i])
				}
			}
			steps, want = steps[n:], want[n:]
		}
		if pieces.Applied() != single.Applied() || !bytes.Equal(persisted(t, pieces), persisted(t, single)) {
			t.Fatal("the states differ")
		}
	})
}

func TestApplyAllTellsWatchersOfEveryStep(t *testing.T) {
	s := New()
	apply(t, s, instance("n1", "10.0.0.1", "web1", "web"), instance("n1", "10.0.0.1", "db1", "db"), instance("n2", "10.0.0.2", "cache1", "cache"))
	before := s.Snapshot()
	web, db, cache := markOf(s, "service web"), markOf(s, "service db"), markOf(s, "service cache")
	s.ApplyAll([]Step{
		{Index: 10, Command: instance("n2", "10.0.0.2", "web2", "web")},
		{Index: 11, Command: &SetStatus{Node: "n1", CheckID: "none", Status: Passing}}, // fails
		{Index: 12, Command: &Deregister{Node: "n1", ServiceID: "db1"}},
		{Index: 13},
	})
	if !fired(web.Changed) || !fired(db.Changed) || fired(cache.Changed) {
		t.Errorf("told web %t, db %t, cache %t", fired(web.Changed), fired(db.Changed), fired(cache.Changed))
	}
	if got := markOf(s, "service web").Index; got != 10 {
		t.Errorf("web changed at %d, want its own step's 10", got)
	}
	after := s.Snapshot()
	if after.Index != 13 || len(after.InstancesOf("web")) != 2 || after.HasService("db") {
		t.Errorf("state at %d", after.Index)
	}
	if len(before.InstancesOf("web")) != 1 || !before.HasService("db") || after.Moment() == before.Moment() {
		t.Error("the snapshot from before moved, or passes for the present one")
	}
	if s.ApplyAll(nil) != nil || s.Applied() != 13 {
		t.Error("no steps did something")
	}
}
