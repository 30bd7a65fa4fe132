package consensus

import "testing"

// The log comes to a new member in pieces; none but the last makes it whole.
func TestReadyOnlyWhenWhole(t *testing.T) {
	c := newCluster(t, calm)
	c.add(t.TempDir())
	c.bootstrap()
	l := c.leader()
	all := keys("a", 1000)
	put(t, l.Replica, all...)
	m := c.add(t.TempDir())
	if err := l.AddServer(within(t), Server{ID: m.cfg.ID, Address: m.cfg.Address}); err != nil {
		t.Fatal(err)
	}
	until(t, "the new member is ready", m.Ready)
	expectKeys(t, m.state, all...)

	// After a restart its log holds everything, but only a leader can say what of it is committed.
	c.isolate(m, true)
	c.restart(m)
	put(t, l.Replica, "meanwhile")
	if m.Ready() || m.Leader() != "" {
		t.Error("it is ready without a leader")
	}
	if m.LastContact() <= 0 {
		t.Errorf("last contact %v ago", m.LastContact())
	}
	c.isolate(m, false)
	until(t, "it is ready again", m.Ready)
	expectKeys(t, m.state, append(all, "meanwhile")...)
	if m.Term() != l.Term() || l.LastContact() != 0 {
		t.Errorf("terms %d and %d, last contact of the leader %v", m.Term(), l.Term(), l.LastContact())
	}
}

func TestCatchUp(t *testing.T) {
	r, state := leader(t, config(t, ""))
	put(t, r, "k")
	m, applied := r.raft.Load(), state.Applied()
	for _, tc := range []struct {
		name string
		goal uint64
		want bool
	}{
		{"no leader heard", 0, false},
		{"reached", applied, true},
		{"behind it are entries no state sees", m.CommitIndex(), true},
		{"to come", m.CommitIndex() + 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.ready.Store(false)
			r.goal.Store(0)
			r.heard(tc.goal)
			r.heard(tc.goal + 100) // the first counts
			if tc.goal == 0 {
				r.goal.Store(0)
			}
			r.catchUp(m)
			if r.Ready() != tc.want {
				t.Errorf("ready: %v", r.Ready())
			}
		})
	}
}

func TestBehind(t *testing.T) {
	none, _ := start(t, config(t, ""))
	if n := none.Behind(); n != 0 {
		t.Errorf("behind by %d before the start", n)
	}
	r, state := leader(t, config(t, ""))
	put(t, r, "a", "b")
	if n := r.Behind(); n != 0 {
		t.Errorf("a leader that has applied all is behind by %d", n)
	}
	r.heard(state.Applied() + 100) // as from another leader
	if n := r.Behind(); n != 100 {
		t.Errorf("behind by %d, want 100", n)
	}
	r.heard(1)
	if n := r.Behind(); n != 0 {
		t.Errorf("behind by %d what was committed long ago", n)
	}
}
