package consensus

import (
	"strings"
	"testing"

	"muster/catalog"
)

func TestMembershipErrors(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	f := c.others(l)[0]
	for _, tc := range []struct {
		name string
		do   func() error
		code catalog.Code
		text string
	}{
		{"add on a follower", func() error { return f.AddServer(within(t), Server{ID: "x", Address: "h:1"}) }, catalog.Unavailable, "the leader is " + l.cfg.Address},
		{"remove on a follower", func() error { return f.RemoveServer(within(t), l.cfg.ID) }, catalog.Unavailable, "does not lead"},
		{"hand over on a follower", func() error { return f.TransferLeadership(within(t), "") }, catalog.Unavailable, "does not lead"},
		{"restore on a follower", func() error { return f.Restore(within(t), strings.NewReader("")) }, catalog.Unavailable, "does not lead"},
		{"read index on a follower", func() error { _, err := f.ReadIndex(within(t), catalog.Default); return err }, catalog.Unavailable, "does not lead"},
		{"add without an id", func() error { return l.AddServer(within(t), Server{Address: "h:1"}) }, catalog.Invalid, "id is missing"},
		{"add without a port", func() error { return l.AddServer(within(t), Server{ID: "x", Address: "h"}) }, catalog.Invalid, "not host:port"},
		{"add at another's address", func() error { return l.AddServer(within(t), Server{ID: "x", Address: f.cfg.Address}) }, catalog.Conflict, "belongs to server " + f.cfg.ID},
		{"remove a stranger", func() error { return l.RemoveServer(within(t), "x") }, catalog.NotFound, "no server x"},
		{"hand over to a stranger", func() error { return l.TransferLeadership(within(t), "x") }, catalog.NotFound, "no server x"},
		{"hand over to itself", func() error { return l.TransferLeadership(within(t), l.cfg.ID) }, catalog.Conflict, "leads already"},
		{"restore rubbish", func() error { return l.Restore(within(t), strings.NewReader("rubbish")) }, catalog.Invalid, "header"},
		{"expired", func() error { return l.AddServer(expired(t), Server{ID: "x", Address: "h:1"}) }, catalog.Unavailable, "deadline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.do(); catalog.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("%s: %v, want %s: %s", catalog.CodeOf(err), err, tc.code, tc.text)
			}
		})
	}
	if got := l.Servers(); len(got) != 3 {
		t.Errorf("configuration is %+v", got)
	}
}

func TestAloneErrors(t *testing.T) {
	r := led(t)
	if err := r.RemoveServer(within(t), nodeID); catalog.CodeOf(err) != catalog.Conflict {
		t.Errorf("remove the last: %v", err)
	}
	if err := r.TransferLeadership(within(t), ""); catalog.CodeOf(err) != catalog.Conflict {
		t.Errorf("hand over to nobody: %v", err)
	}
	if s := unstarted(t).Servers(); s != nil {
		t.Errorf("servers before Start: %+v", s)
	}
}

// find returns a server of the leader's configuration, and how many there are.
func (c *cluster) find(id string) (found Server, n int) {
	servers := c.leader().Servers()
	for _, s := range servers {
		if s.ID == id {
			found = s
		}
	}
	return found, len(servers)
}

func TestServerJoinsIsPromotedMovesAndGoes(t *testing.T) {
	c := form(t, 1, calm)
	l := c.leader()
	m := c.add("")
	server := Server{ID: m.cfg.ID, Address: m.cfg.Address}
	add := func() {
		t.Helper()
		before := l.CommitIndex()
		for range 2 { // the second changes nothing
			if err := l.AddServer(within(t), server); err != nil {
				t.Fatal(err)
			}
		}
		if after := l.CommitIndex(); after != before+1 {
			t.Errorf("two calls made %d log entries", after-before)
		}
		if got, n := c.find(server.ID); got != server || n != 2 {
			t.Errorf("configuration has %+v of %d, want %+v", got, n, server)
		}
	}
	add()
	c.expect([]*member{m}, "formed")
	until(t, "the new one is ready", m.Ready)
	if peers := m.Peers(); len(peers) != 2 {
		t.Errorf("the new one knows of %v", peers)
	}
	if err := l.TransferLeadership(within(t), server.ID); catalog.CodeOf(err) != catalog.Conflict || !strings.Contains(err.Error(), "has no vote") {
		t.Errorf("hand over to a non-voter: %v", err)
	}

	server.Voter = true
	add()
	if err := l.AddServer(within(t), Server{ID: server.ID, Address: server.Address}); err != nil {
		t.Fatal(err)
	}
	if got, _ := c.find(server.ID); !got.Voter {
		t.Error("AddServer took a vote away")
	}

	// It moves to another port. Two voters, so the leader needs it for the change: it is told first.
	m.Close()
	m.cfg.Address = ""
	c.start(m)
	server.Address = m.cfg.Address
	if err := l.AddServer(within(t), server); err != nil {
		t.Fatal(err)
	}
	put(t, l.Replica, "moved")
	c.expect([]*member{m}, "formed", "moved")

	if err := l.RemoveServer(within(t), server.ID); err != nil {
		t.Fatal(err)
	}
	put(t, l.Replica, "without")
	if _, n := c.find(server.ID); n != 1 {
		t.Errorf("%d servers are left", n)
	}
}

func TestLeaderRemovesItself(t *testing.T) {
	c := form(t, 3, nil)
	old := c.leader()
	if err := old.RemoveServer(within(t), old.cfg.ID); err != nil {
		t.Fatal(err)
	}
	c.put([]*member{old}, "after")
	c.expect(c.others(old), "after")
	l := c.leader(old)
	if old.IsLeader() || len(l.Servers()) != 2 {
		t.Errorf("it leads: %v; configuration is %+v", old.IsLeader(), l.Servers())
	}
}

// A server that lost its disk comes back under a new id at the old address.
func TestWipedServerReturns(t *testing.T) {
	c := newCluster(t, func(cfg *Config) { calm(cfg); cfg.TrailingLogs = 1 })
	for range 3 {
		c.add(t.TempDir())
	}
	c.bootstrap()
	l := c.leader()
	put(t, l.Replica, keys("a", 50)...)
	if err := l.Snapshot(within(t)); err != nil {
		t.Fatal(err)
	}
	lost := c.others(l)[0]
	former := lost.cfg.ID
	lost.Close()
	lost.cfg.Dir, lost.cfg.ID = t.TempDir(), id(9)
	c.start(lost)
	fresh := Server{ID: lost.cfg.ID, Address: lost.cfg.Address}
	if err := l.AddServer(within(t), fresh); catalog.CodeOf(err) != catalog.Conflict {
		t.Fatalf("AddServer at an address that is taken: %v", err)
	}
	if err := l.RemoveServer(within(t), former); err != nil {
		t.Fatal(err)
	}
	if err := l.AddServer(within(t), fresh); err != nil {
		t.Fatal(err)
	}
	c.expect([]*member{lost}, keys("a", 50)...)
	fresh.Voter = true
	if err := l.AddServer(within(t), fresh); err != nil {
		t.Fatal(err)
	}
	if got, n := c.find(fresh.ID); n != 3 || !got.Voter {
		t.Errorf("configuration has %+v of %d", got, n)
	}
	// Its vote counts: with another one gone, writes need it.
	c.others(l, lost)[0].Close()
	put(t, l.Replica, "by two")
}

func TestTransferLeadership(t *testing.T) {
	c := form(t, 3, calm)
	for _, toWhom := range []bool{true, false} {
		l := c.leader()
		want := ""
		if toWhom {
			want = c.others(l)[0].cfg.ID
		}
		if err := l.TransferLeadership(within(t), want); err != nil {
			t.Fatal(err)
		}
		if l.IsLeader() {
			t.Error("it leads still")
		}
		next := c.leader(l)
		if toWhom && next.cfg.ID != want {
			t.Errorf("%s leads, not %s", next.cfg.ID, want)
		}
		put(t, next.Replica, "after", "after "+want)
	}
}

func TestTransferToTheDeadFails(t *testing.T) {
	c := form(t, 3, calm)
	l := c.leader()
	dead := c.others(l)[0]
	c.isolate(dead, true)
	if err := l.TransferLeadership(within(t), dead.cfg.ID); catalog.CodeOf(err) != catalog.Unavailable {
		t.Fatalf("TransferLeadership: %v", err)
	}
	put(t, l.Replica, "leads on")
	if _, err := l.Read(within(t), catalog.Default); err != nil {
		t.Errorf("reads are not served again: %v", err)
	}
}
