package rpc

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// cutFrom has an agent reach all servers but one: dials fail, or with hang get no answer. It counts them.
func cutFrom(addr string, hang bool, dials *atomic.Int64) func(*ForwarderConfig) {
	return func(cfg *ForwarderConfig) {
		cfg.Dial = func(ctx context.Context, dc, to string) (net.Conn, error) {
			if to != addr {
				return dialTCP(ctx, dc, to)
			}
			dials.Add(1)
			if hang {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, errCut
		}
	}
}

// TestRelay has a client write and read that reaches every server but the leader.
func TestRelay(t *testing.T) {
	for _, tc := range []struct {
		name   string
		hang   bool
		change func(c *cluster) func(*ForwarderConfig)
	}{
		{"connections refused", false, nil},
		{"connections hang", true, nil},
		{"it knows no leader", false, func(*cluster) func(*ForwarderConfig) { return knows("") }},
		{"it takes another server for the leader", false, func(c *cluster) func(*ForwarderConfig) { return knows(c.nodes[1].addr) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 3)
			var dials atomic.Int64
			change := []func(*ForwarderConfig){cutFrom(c.nodes[0].addr, tc.hang, &dials)}
			if tc.change != nil {
				change = append(change, tc.change(c))
			}
			f := c.agent(nil, change...)
			for range 20 {
				if res, err := f.Apply(within(t), set("k")); err != nil || !res.OK {
					t.Fatalf("%+v, %v", res, err)
				}
			}
			if n := len(c.written()); n != 20 {
				t.Errorf("%d commands in the log for 20 writes", n)
			}
			_, err := f.Apply(within(t), &catalog.SetStatus{Node: "nobody", CheckID: "c", Status: catalog.Passing})
			if catalog.CodeOf(err) != catalog.NotFound {
				t.Errorf("the leader's refusal came as %v", err)
			}
			before := c.nodes[0].indexed.Load()
			if _, err := f.Read(within(t), catalog.Consistent); err != nil || c.nodes[0].indexed.Load() == before {
				t.Errorf("%v; the leader was asked %d times", err, c.nodes[0].indexed.Load()-before)
			}
			if n := dials.Load(); n > 2 {
				t.Errorf("the leader was dialed %d times: it is known not to answer", n)
			}
		})
	}
}

// TestRelayOfLostReply loses the reply between leader and relay: the write is repeated and counts once.
func TestRelayOfLostReply(t *testing.T) {
	c := newCluster(t, 3)
	lose, calls := lossOf(func(context.Context) error { c.nodes[0].ln.cut(); return nil })
	c.nodes[0].fault(faults{after: lose})
	f := c.agent(nil, cutFrom(c.nodes[0].addr, false, new(atomic.Int64)))
	if res, err := f.Apply(within(t), create("k")); err != nil || !res.OK || calls.Load() < 2 {
		t.Errorf("%+v, %v after %d attempts", res, err, calls.Load())
	}
}

// believer is a member that takes another server for the leader.
type believer struct {
	*node
	leader string
}

func (b *believer) LeaderWatch() (string, <-chan struct{}) { return b.leader, nil }
func (b *believer) IsLeader() bool                         { return false }

// TestOneRelay asks servers that take each other for the leader: a question is passed on once.
func TestOneRelay(t *testing.T) {
	c := newCluster(t, 3)
	c.lead("")
	for i, n := range c.nodes {
		next := c.nodes[(i+1)%3]
		b := &believer{n, next.addr}
		n.server.cfg.Member = b
		n.relay = c.agent(nil, knows(next.addr))
	}
	f := c.agent(nil)
	for _, tc := range []struct {
		relay bool
		names int // whom the answer names as the leader, by place
	}{{false, 1}, {true, 2}} {
		r, _, err := f.askOne(within(t), c.nodes[0].addr, query{path: pathIndex, params: url.Values{"mode": {"default"}}, relay: tc.relay})
		if err != nil || r.Fate != elsewhere || r.Leader != c.nodes[tc.names].addr {
			t.Errorf("relay %t: %+v, %v", tc.relay, r, err)
		}
	}
	if n := c.nodes[2].ln.accepted(); n != 0 {
		t.Errorf("the third server was asked %d times", n)
	}
}

// TestRelayFails has nobody reach the leader: the client hears what came of its write.
func TestRelayFails(t *testing.T) {
	c := newCluster(t, 3)
	for _, n := range c.nodes {
		n.relay = c.agent(nil, cutFrom(c.nodes[0].addr, false, new(atomic.Int64)))
	}
	f := c.agent(nil, cutFrom(c.nodes[0].addr, false, new(atomic.Int64)))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := f.Apply(ctx, set("k"))
	if catalog.CodeOf(err) != catalog.Unavailable || errors.Is(err, catalog.ErrOutcomeUnknown) == errors.Is(err, catalog.ErrNothingWritten) {
		t.Error(err)
	}
	if n := len(c.written()); n > 0 {
		t.Errorf("%d commands were written", n)
	}
}

// TestLonelyServer is a server that raft has no leader for, while others have one: writes get through, after a while.
func TestLonelyServer(t *testing.T) {
	c := newCluster(t, 3)
	lonely := c.nodes[2]
	f := c.agent(lonely, func(cfg *ForwarderConfig) { cfg.Member = &believer{node: lonely} })
	if res, err := f.Apply(within(t), set("k")); err != nil || !res.OK {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestTarget(t *testing.T) {
	c := newCluster(t, 3)
	leader := c.nodes[0].addr
	client := c.agent(nil)
	server := c.agent(c.nodes[1], func(cfg *ForwarderConfig) { cfg.Member = &believer{node: c.nodes[1]} })
	others := slices.DeleteFunc(client.spread.order(c.Peers()), func(a string) bool { return a == leader })
	expect := func(f *Forwarder, leader string, attempt int, addr string, relay bool) {
		t.Helper()
		if got, relayed := f.target(leader, attempt); got != addr || relayed != relay {
			t.Errorf("leader %q, attempt %d: %q, relay %t; want %q, %t", leader, attempt, got, relayed, addr, relay)
		}
	}
	expect(client, leader, 0, leader, false)
	expect(client, leader, 1, others[0], true)
	expect(client, leader, 2, leader, false)
	expect(client, leader, 3, others[1], true)
	client.detour.note(leader, false)
	expect(client, leader, 0, others[0], true)
	client.detour.note(others[0], false)
	expect(client, leader, 0, others[1], true)
	expect(server, leader, 0, leader, false)
	expect(server, "", 0, "", false)
	expect(server, "", 7, "", false)
	expect(server, "", 9, "", false)
	if addr, relay := server.target("", 8); addr == "" || addr == c.nodes[1].addr || !relay {
		t.Errorf("a server without a leader turns to %q, relay %t", addr, relay)
	}
	alone := c.agent(nil, func(cfg *ForwarderConfig) { cfg.Servers = func() []string { return nil } })
	expect(alone, leader, 1, leader, false)
	expect(alone, "", 1, "", false)
}

// TestDetourEnds asks a server directly again some time after it failed, one request at a time.
func TestDetourEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDetour()
		if !d.direct("a") || d.suspect("a") {
			t.Error("nothing has happened yet")
		}
		d.note("a", false)
		if d.direct("a") || !d.suspect("a") || !d.direct("b") {
			t.Error("just failed")
		}
		time.Sleep(avoidFor)
		if !d.direct("a") || d.direct("a") {
			t.Error("one request goes and sees, and one only")
		}
		time.Sleep(connectTimeout)
		if !d.direct("a") {
			t.Error("the one that went never came back")
		}
		d.note("a", true)
		if !d.direct("a") || d.suspect("a") {
			t.Error("it answers")
		}
		d.note("a", false)
		time.Sleep(11 * avoidFor)
		d.note("b", false)
		if len(d.lost) != 1 {
			t.Errorf("%d servers are remembered", len(d.lost))
		}
	})
}
