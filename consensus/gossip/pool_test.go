package gossip

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"muster/metrics"
)

// Every member is known to all with what it tells of itself, tags set later included.
func TestFormation(t *testing.T) {
	reg := metrics.New(metrics.Build{})
	pools := form(t,
		agent("s1", server, func(c *Config) { c.Metrics = reg.Gossip.LAN }),
		agent("s2", server, func(c *Config) { c.Tags = map[string]string{"raft": "1"} }),
		agent("c1"),
	)
	got := byName(pools[2])["s2"]
	want := Member{
		Name: "s2", ID: "id-of-s2", Addr: netip.MustParseAddr("127.0.0.1"), Port: pools[1].Addr().Port(), Status: Alive, Since: got.Since,
		Server: true, Datacenter: "dc1", RPC: netip.MustParseAddrPort("127.0.0.1:8300"), Build: "1.2.3", Protocol: Protocol, Expect: 3,
		Tags: map[string]string{"raft": "1"},
	}
	if !reflect.DeepEqual(got, want) || time.Since(got.Since) > patience {
		t.Errorf("s2 is\n%+v, want\n%+v", got, want)
	}
	if c := byName(pools[0])["c1"]; c.Server || c.RPC.IsValid() {
		t.Errorf("the client is %+v", c)
	}
	for _, tags := range []map[string]string{{"raft": "1", "x": "y"}, nil, {"z": "1"}} {
		if err := pools[0].SetTags(tags); err != nil {
			t.Fatal(err)
		}
		for _, p := range pools {
			await(t, p, fmt.Sprint("tags ", tags), func(m map[string]Member) bool { return fmt.Sprint(m["s1"].Tags) == fmt.Sprint(tags) })
		}
	}
	if err := pools[0].SetTags(map[string]string{"k": strings.Repeat("v", 600)}); err == nil {
		t.Error("tags that do not fit were taken")
	}
	until(t, "metrics", func() bool { return value(t, reg, "muster_gossip_members", "alive") == 3 })
	if n := value(t, reg, "muster_gossip_joins_total", ""); n != 2 {
		t.Errorf("%v joins are counted", n)
	}
}

func value(t *testing.T, reg *metrics.Registry, name, label string) float64 {
	t.Helper()
	r, err := reg.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(r.Gauges, r.Counters...) {
		if v.Name == name && v.Labels["pool"] == "lan" && v.Labels["status"]+v.Labels["reason"] == label {
			return v.Value
		}
	}
	t.Fatalf("no %s %s", name, label)
	return 0
}

// One that leaves is never taken for failed; one that dies is. A dead one comes back.
func TestLeaveAndFailure(t *testing.T) {
	cfgs := []Config{agent("a"), agent("b"), agent("leaves"), agent("dies")}
	pools := form(t, cfgs...)
	failures := watch(pools[:2])
	if err := pools[2].Leave(t.Context()); err != nil {
		t.Error(err)
	}
	if err := pools[2].Leave(t.Context()); err != nil {
		t.Errorf("second leave: %v", err)
	}
	for _, p := range pools[:3] {
		becomes(t, p, "leaves", Left)
	}
	stop(t, pools[2])
	stop(t, pools[3])
	for _, p := range pools[:2] {
		becomes(t, p, "dies", Failed)
		if s := byName(p)["leaves"].Status; s != Left {
			t.Errorf("%s takes the one that left for %s", p.cfg.Name, s)
		}
	}
	if got := failures(); len(got) != 2 || strings.Contains(fmt.Sprint(got), "leaves by") {
		t.Errorf("declared failed: %v", got)
	}
	back := start(t, cfgs[3])
	left := start(t, cfgs[2])
	join(t, back, pools[1])
	join(t, left, pools[1])
	for _, p := range []*Pool{pools[0], pools[1], back, left} {
		await(t, p, "both to be back", func(m map[string]Member) bool { return len(m) == 4 && all(m, Alive) })
	}
}

// A lone agent leaves without waiting for anybody; one whose context has ended, too.
func TestLeaveAlone(t *testing.T) {
	p := start(t, agent("a"))
	if err := p.Leave(t.Context()); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	pools := form(t, agent("b"), agent("c"))
	_ = pools[0].Leave(ended)
	if n, err := New(agent("d")); err != nil {
		t.Error(err)
	} else {
		if err := n.Leave(t.Context()); !errors.Is(err, errNotRunning) {
			t.Errorf("leave before the start: %v", err)
		}
		stop(t, n)
		if err := n.Start(); err == nil {
			t.Error("started after Close")
		}
		if _, err := n.Join(t.Context(), []string{"127.0.0.1:1"}); !errors.Is(err, errNotRunning) {
			t.Errorf("join after the end: %v", err)
		}
	}
}

// Members are met again after a restart, at another port, without being told where; not after a leave, unless asked for.
func TestRejoinFromDisk(t *testing.T) {
	for _, tc := range []struct {
		name          string
		leave, rejoin bool
		back          bool
	}{
		{"killed", false, false, true},
		{"left", true, false, false},
		{"left, to come back", true, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "gossip")
			cfg := agent("a", in(dir), func(c *Config) { c.RejoinAfterLeave = tc.rejoin })
			pools := form(t, agent("b"), agent("c"), cfg)
			if tc.leave {
				if err := pools[2].Leave(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			stop(t, pools[2])
			if info, err := os.Stat(filepath.Join(dir, membersName)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			again := start(t, cfg)
			if !tc.back {
				if n := len(again.Members()); n != 1 {
					t.Errorf("knows %d members", n)
				}
				return
			}
			for _, p := range []*Pool{again, pools[0], pools[1]} {
				await(t, p, "the agent at its new port", func(m map[string]Member) bool {
					return len(m) == 3 && all(m, Alive) && m["a"].Port == again.Addr().Port()
				})
			}
		})
	}
}

// What was known stays listed at the start, as remembered, and fails when it stays silent. A damaged file is no reason not to start.
func TestRemembered(t *testing.T) {
	dir := t.TempDir()
	pools := form(t, agent("a", in(dir)), agent("gone"))
	stop(t, pools[0])
	stop(t, pools[1])
	again := start(t, agent("a", in(dir)))
	if m := byName(again)["gone"]; m.Status != Alive || !m.Remembered {
		t.Errorf("at the start: %+v", m)
	}
	becomes(t, again, "gone", Failed)
	stop(t, again)

	if err := os.WriteFile(filepath.Join(dir, membersName), []byte(`{"Version":1,"Sum":"00","Body":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var j journal
	if p := start(t, agent("a", in(dir), logging(&j))); len(p.Members()) != 1 || len(j.lines("damaged")) != 1 {
		t.Errorf("with a damaged file: %v, %v", p.Members(), j.lines())
	}
}

// An agent that was wiped, and so knows nobody, is found by those who knew it.
func TestReconnect(t *testing.T) {
	pools := form(t, agent("a"), agent("b"), agent("c"))
	at := pools[2].Addr()
	stop(t, pools[2])
	becomes(t, pools[0], "c", Failed)
	becomes(t, pools[1], "c", Failed)
	back := start(t, agent("c", func(c *Config) { c.Bind, c.ID = at, "new-id" }))
	for _, p := range []*Pool{back, pools[0], pools[1]} {
		await(t, p, "the wiped agent", func(m map[string]Member) bool { return len(m) == 3 && all(m, Alive) && m["c"].ID == "new-id" })
	}
}

func TestReap(t *testing.T) {
	pools := form(t, agent("a", func(c *Config) { c.ReconnectTimeout = time.Second }), agent("b", func(c *Config) { c.LeftTimeout = time.Second }), agent("dies"), agent("leaves"))
	if err := pools[3].Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop(t, pools[2])
	await(t, pools[0], "the failed one to be forgotten", func(m map[string]Member) bool { _, ok := m["dies"]; return !ok && m["leaves"].Status == Left })
	await(t, pools[1], "the one that left to be forgotten", func(m map[string]Member) bool { _, ok := m["leaves"]; return !ok && m["dies"].Status == Failed })
}

func TestForceLeave(t *testing.T) {
	pools := form(t, agent("a"), agent("b"), agent("c"), agent("x"), agent("y"))
	stop(t, pools[3])
	stop(t, pools[4])
	for _, p := range pools[:3] {
		becomes(t, p, "x", Failed)
		becomes(t, p, "y", Failed)
	}
	for name, want := range map[string]string{"nobody": ErrUnknownMember.Error(), "a": "cannot force itself"} {
		if err := pools[0].ForceLeave(name, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("force-leave %s: %v", name, err)
		}
	}
	if err := errors.Join(pools[0].ForceLeave("x", false), pools[1].ForceLeave("y", true)); err != nil {
		t.Fatal(err)
	}
	for _, p := range pools[:3] {
		becomes(t, p, "x", Left)
		await(t, p, "y to be pruned", func(m map[string]Member) bool { _, ok := m["y"]; return !ok })
	}
	late := start(t, agent("late"))
	join(t, late, pools[2])
	becomes(t, late, "x", Left)
	if m, ok := byName(late)["y"]; ok {
		t.Errorf("a newcomer hears of the pruned %+v", m)
	}
	back := start(t, agent("y"))
	join(t, back, pools[0])
	for _, p := range []*Pool{late, back, pools[0], pools[1], pools[2]} {
		becomes(t, p, "y", Alive)
	}
}

// One that is alive objects to being forced out, on its own account and on another's behalf.
func TestForcedOutAlive(t *testing.T) {
	pools := form(t, agent("a"), agent("b"), agent("c"))
	for _, prune := range []bool{false, true} {
		_, run, _ := pools[0].book.find("c")
		if err := pools[0].ForceLeave("c", prune); err != nil {
			t.Fatal(err)
		}
		for _, p := range pools {
			await(t, p, "c to object", func(m map[string]Member) bool {
				_, now, _ := p.book.find("c")
				return now > run && len(m) == 3 && all(m, Alive)
			})
		}
	}
}
