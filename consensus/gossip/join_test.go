package gossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSplitAddress(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1": "10.0.0.1 8301", "10.0.0.1:99": "10.0.0.1 99", "host": "host 8301", "host.example:99": "host.example 99",
		"::1": "::1 8301", "[::1]": "::1 8301", "[::1]:99": "::1 99", " host ": "host 8301",
		"": "empty", "host:": "not host:port", "host:0": "not host:port", "host:http": "not host:port", "host:70000": "not host:port", ":99": "not host:port", "a:b:c": "too many colons", "[]": "missing port",
	} {
		host, port, err := splitAddress(in, 8301)
		if got := fmt.Sprint(host, " ", port); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v, want %s", in, got, err, want)
		}
	}
}

// A name stands for all its addresses; the dead ones among them, and this agent's own, do no harm.
func TestJoinNames(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadAt := dead.Addr().String()
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	b := start(t, agent("b"))
	// Names have one port, so that the others listen where b does, on further addresses of this host.
	at := func(ip string) func(*Config) {
		return func(c *Config) { c.Bind = netip.AddrPortFrom(netip.MustParseAddr(ip), b.Addr().Port()) }
	}
	start(t, agent("c", at("127.0.0.2")))
	a := start(t, agent("a", func(c *Config) {
		c.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
			switch host {
			case "agents.example":
				return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::ffff:127.0.0.2"), netip.MustParseAddr("127.0.0.3")}, nil
			case "empty.example":
				return nil, nil
			}
			return nil, errors.New("no such host")
		}
	}))
	n, err := a.Join(t.Context(), []string{fmt.Sprint("agents.example:", b.Addr().Port()), "missing.example", deadAt, a.Addr().String()})
	if n != 2 || err != nil {
		t.Errorf("%d answered, %v", n, err)
	}
	await(t, b, "all three", func(m map[string]Member) bool { return len(m) == 3 && all(m, Alive) })

	n, err = a.Join(t.Context(), []string{"missing.example", "empty.example", deadAt, "bad:port:x"})
	for _, want := range []string{"missing.example: no such host", "empty.example: has no address", deadAt, "too many colons"} {
		if n != 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d answered, %v, without %q", n, err, want)
		}
	}
	if _, err = a.Join(t.Context(), []string{a.Addr().String()}); !errors.Is(err, ErrOnlySelf) {
		t.Errorf("join to itself: %v", err)
	}
}

func TestJoinForever(t *testing.T) {
	var j journal
	a, b := start(t, agent("a", logging(&j))), start(t, agent("b"))
	var asked atomic.Int32
	addrs := func() []string {
		if asked.Add(1) < 20 {
			return []string{"127.0.0.1:1"}
		}
		return []string{b.Addr().String()}
	}
	if err := a.JoinForever(t.Context(), addrs, time.Millisecond, 3); err == nil || !strings.Contains(err.Error(), "gave up after 3 tries") || asked.Load() != 3 {
		t.Errorf("%v after %d tries", err, asked.Load())
	}
	if err := a.JoinForever(t.Context(), addrs, time.Millisecond, 0); err != nil || asked.Load() != 20 {
		t.Errorf("%v after %d tries", err, asked.Load())
	}
	becomes(t, b, "a", Alive)
	if n := len(j.lines("cannot join yet")); n == 0 || n > 2 {
		t.Errorf("%d lines tell of 19 failures", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	never := func() []string { cancel(); return []string{"127.0.0.1:1"} }
	if err := a.JoinForever(ctx, never, time.Hour, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Join ends with its context, and Close ends what Join left behind, although the peer says nothing.
func TestJoinSilentPeer(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	a := start(t, agent("a", func(c *Config) { c.Timing.StreamTimeout = time.Hour }))
	if _, err := a.Join(within(t, 50*time.Millisecond), []string{mute.Addr().String()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	stop(t, a)
}

// Two agents may not share a name, or an id: the second one's Join fails, and the first keeps it.
func TestNameConflict(t *testing.T) {
	var j journal
	pools := form(t, agent("a", logging(&j)), agent("b"))
	for name, cfg := range map[string]Config{
		"name": agent("a", func(c *Config) { c.ID = "thief" }),
		"id":   agent("thief", func(c *Config) { c.ID = "id-of-a" }),
	} {
		thief := start(t, cfg)
		for _, p := range pools {
			if n, err := thief.Join(t.Context(), []string{p.Addr().String()}); n != 0 || !errors.Is(err, ErrNameTaken) || !strings.Contains(err.Error(), "id-of-a") || !strings.Contains(err.Error(), "thief") {
				t.Errorf("same %s: %d, %v", name, n, err)
			}
		}
		for _, p := range pools {
			if m := byName(p); len(m) != 2 || m["a"].ID != "id-of-a" || m["a"].Port != pools[0].Addr().Port() {
				t.Errorf("same %s: %s has %+v", name, p.cfg.Name, m)
			}
		}
		stop(t, thief)
	}
	until(t, "one line of the conflict", func() bool { return len(j.lines("gossip member refused", "id-of-a", "thief")) == 1 })

	stop(t, pools[0]) // the name is free
	becomes(t, pools[1], "a", Failed)
	heir := start(t, agent("a", func(c *Config) { c.ID = "heir" }))
	join(t, heir, pools[1])
	await(t, pools[1], "the heir", func(m map[string]Member) bool { return m["a"].ID == "heir" && m["a"].Status == Alive })
}

// The same agent comes back at another address before anybody found it gone.
func TestMoved(t *testing.T) {
	pools := form(t, agent("a"), agent("b"), agent("c"))
	stop(t, pools[2])
	moved := start(t, agent("c"))
	join(t, moved, pools[0])
	for _, p := range []*Pool{moved, pools[0], pools[1]} {
		await(t, p, "c at its new address", func(m map[string]Member) bool { return all(m, Alive) && m["c"].Port == moved.Addr().Port() })
	}
}

// A pool keeps to its datacenter, and to its kind.
func TestPoolsApart(t *testing.T) {
	wan := func(dc string) func(*Config) { return func(c *Config) { server(c); c.WAN, c.Datacenter = true, dc } }
	lan := start(t, agent("a"))
	one, two := start(t, agent("a", wan("dc1"))), start(t, agent("a", wan("dc2"), func(c *Config) { c.ID = "other" }))
	for _, tc := range []struct {
		cfg  Config
		to   *Pool
		want string
	}{
		{agent("x", func(c *Config) { c.Datacenter = "dc2" }), lan, `is of datacenter "dc1", this agent is of "dc2"`},
		{agent("x", wan("dc1")), lan, "gossips in the pool of one datacenter"},
		{agent("x"), one, "gossips in the pool of all datacenters"},
	} {
		p := start(t, tc.cfg)
		if n, err := p.Join(t.Context(), []string{tc.to.Addr().String()}); n != 0 || err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%d, %v, want %q", n, err, tc.want)
		}
		if len(p.Members()) != 1 || len(tc.to.Members()) != 1 {
			t.Errorf("%s: both know one another", tc.want)
		}
	}
	join(t, one, two)
	for _, p := range []*Pool{one, two} {
		await(t, p, "both datacenters", func(m map[string]Member) bool { return m["a.dc1"].Status == Alive && m["a.dc2"].Status == Alive })
	}
}
