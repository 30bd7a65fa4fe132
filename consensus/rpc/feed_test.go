package rpc

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
	"muster/catalog/view"
)

// open opens a feed and reads its first bytes.
func open(t *testing.T, f *Forwarder, dc string) *feed {
	t.Helper()
	body, err := f.Feed(t.Context(), dc, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	return body.(*feed)
}

func TestFeedMovesOn(t *testing.T) {
	c := newCluster(t, 3)
	f := c.agent(nil)
	order := f.spread.order(c.Peers())
	byAddr := func(addr string) *node {
		return c.nodes[slices.IndexFunc(c.nodes, func(n *node) bool { return n.addr == addr })]
	}
	one := open(t, f, "")
	if one.Server() != order[0] {
		t.Errorf("fed by %s, at home at %s", one.Server(), order[0])
	}
	one.Close() // whatever was wrong with it
	two := open(t, f, "")
	if two.Server() != order[1] || two.goHome(f, "") {
		t.Errorf("fed by %s, next is %s", two.Server(), order[1])
	}
	byAddr(order[1]).die()
	if _, err := io.Copy(io.Discard, two); err == nil {
		t.Error("a feed that was cut ended well")
	}
	two.Close()
	byAddr(order[2]).ready.Store(false)
	three := open(t, f, "")
	defer three.Close()
	if three.Server() != order[0] {
		t.Errorf("fed by %s, but %s failed just now and %s is not ready", three.Server(), order[1], order[2])
	}
}

// An agent goes back to its own server when that is well, and does not think ill of the one it leaves.
func TestFeedGoesHome(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(nil)
	order := f.spread.order(c.Peers())
	f.spread.fail(order[0])
	away := open(t, f, "")
	defer away.Close()
	if away.Server() != order[1] || away.goHome(f, "") {
		t.Fatalf("fed by %s, home is %s and failed", away.Server(), order[0])
	}
	clear(f.spread.failed)
	if !away.goHome(f, "") {
		t.Fatal("did not go home")
	}
	if _, err := io.Copy(io.Discard, away); err == nil {
		t.Error("the feed goes on")
	}
	home := open(t, f, "")
	defer home.Close()
	if home.Server() != order[0] || home.goHome(f, "") || !f.spread.well(order[1]) {
		t.Errorf("fed by %s; %s is well: %t", home.Server(), order[1], f.spread.well(order[1]))
	}
}

func TestFeedErrors(t *testing.T) {
	c := newCluster(t, 2)
	for _, n := range c.nodes {
		if n.addr != c.nodes[0].addr {
			n.ready.Store(false)
		}
	}
	remote := c.agent(nil, func(cfg *ForwarderConfig) {
		cfg.Remote = func(dc string) []string {
			return map[string][]string{"dc2": {"127.0.0.1:1"}}[dc]
		}
	})
	for _, tc := range []struct {
		name string
		f    *Forwarder
		dc   string
		text string
	}{
		{"the servers do not know it", c.agent(nil), "dc9", noDatacenter},
		{"the agent does not know it", remote, "dc9", noDatacenter},
		{"it is out of reach", remote, "dc2", "refused"},
		{"no servers", c.agent(nil, func(cfg *ForwarderConfig) { cfg.Servers = func() []string { return nil } }), "", "no server"},
		{"not ready", c.agent(nil, func(cfg *ForwarderConfig) { cfg.Servers = func() []string { return []string{c.nodes[1].addr} } }), "", "not ready"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := tc.f.Feed(t.Context(), tc.dc, 0)
			if err == nil {
				body.Close()
				t.Fatal("opened")
			}
			if !contains(err, tc.text) {
				t.Error(err)
			}
		})
	}
}

// A server that connects and says nothing does not hold up the opening of a feed.
func TestFeedOfSilentServer(t *testing.T) {
	c := newCluster(t, 1)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts what the kernel does
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	servers := []string{silent.Addr().String(), c.nodes[0].addr}
	f := c.agent(nil, func(cfg *ForwarderConfig) {
		cfg.Servers = func() []string { return servers }
		for i := 0; newSpread(cfg.Node).home(servers) != servers[0]; i++ {
			cfg.Node = fmt.Sprint("node ", i)
		}
	})
	began := time.Now()
	o := open(t, f, "")
	defer o.Close()
	if took := time.Since(began); took > 3*openTimeout {
		t.Errorf("took %v", took)
	}
	if o.Server() != servers[1] || f.spread.well(servers[0]) {
		t.Errorf("fed by %s, %s is well: %t", o.Server(), servers[0], f.spread.well(servers[0]))
	}
}

// Feeds end with the server, at once, and with the agent.
func TestFeedEnds(t *testing.T) {
	c := newCluster(t, 1)
	f, g := c.agent(nil), c.agent(nil)
	one, two := open(t, f, ""), open(t, g, "")
	defer one.Close()
	defer two.Close()
	f.Close()
	if _, err := io.Copy(io.Discard, one); err == nil {
		t.Error("outlived the agent's forwarder")
	}
	began := time.Now()
	if err := c.nodes[0].server.Close(); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, two) // returns
	if took := time.Since(began); took > drainTimeout {
		t.Errorf("feeds held up the server's end for %v", took)
	}
}

// A follower that does not read keeps nobody else waiting, neither over the same connection.
func TestSlowFollower(t *testing.T) {
	c := newCluster(t, 1)
	f := c.agent(nil)
	slow := open(t, f, "")
	defer slow.Close()
	v, err := view.New(view.Config{Datacenter: "dc1", Logger: slog.New(slog.DiscardHandler), Open: func(ctx context.Context, since uint64) (io.ReadCloser, error) {
		return f.Feed(ctx, "dc1", since)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan struct{})
	go func() { v.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	output := strings.Repeat("x", 64<<10)
	for i := range 100 { // more than HTTP/2 takes without a reader
		r := register("n")
		r.Checks = []*catalog.Check{{ID: "c", Name: "c", Status: catalog.Passing, Output: output[:len(output)-i]}}
		if _, err := f.Apply(within(t), r); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the view has it all", func() bool { return v.State().Applied() == c.nodes[0].state.Applied() })
	if n := c.nodes[0].ln.accepted(); n > 2 {
		t.Errorf("%d connections", n)
	}
}
