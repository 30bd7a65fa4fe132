package consensus

import "testing"

func TestTurnOf(t *testing.T) {
	list := []Server{
		{ID: "c", Voter: true}, {ID: "a", Voter: true}, {ID: "n"}, {ID: "b", Voter: true},
	}
	for _, tc := range []struct {
		name, id, leader string
		servers          []Server
		want             int
	}{
		{"first", "a", "", list, 0},
		{"last", "c", "", list, 2},
		{"the leader has no turn", "b", "a", list, 0},
		{"nor is it counted", "c", "a", list, 1},
		{"a leader behind it", "a", "c", list, 0},
		{"no vote", "n", "a", list, -1},
		{"a stranger", "x", "a", list, -1},
		{"itself", "a", "a", list, -1},
		{"nobody", "a", "", nil, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := turnOf(tc.id, tc.leader, tc.servers); got != tc.want {
				t.Errorf("turn %d, want %d", got, tc.want)
			}
		})
	}
}

// Looking at the clock leaves the timing as it was, and starts no election while there is a leader.
func TestLookAtClockHarmsNobody(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	term := l.Term()
	for _, m := range c.members {
		raft := m.raft.Load()
		before := raft.ReloadableConfig()
		for range 20 {
			if err := m.lookAtClock(raft); err != nil {
				t.Fatal(err)
			}
		}
		if raft.ReloadableConfig() != before {
			t.Error("the timing has changed")
		}
	}
	put(t, l.Replica, "k")
	if l.Term() != term || !l.IsLeader() {
		t.Errorf("term %d became %d", term, l.Term())
	}
}
