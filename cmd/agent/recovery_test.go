package agent

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/consensus"
)

// forgetful servers make snapshots all the time and keep next to no log, so that
// whoever lags is sent a snapshot. Their logs tell of it.
func forgetful(cfg *Config) {
	cfg.RaftSnapshotThreshold, cfg.RaftSnapshotInterval, cfg.RaftTrailingLogs = 8, 20*time.Millisecond, 4
	cfg.Autopilot.ServerStabilizationTime = 50 * time.Millisecond
	cfg.LogLevel = slog.LevelDebug
}

// votes waits until the leader has a server as a voter.
func (c *testCluster) votes(a *testAgent) {
	c.t.Helper()
	c.await(a.name+" votes", func() error {
		servers := c.leader().replica.Servers()
		for _, r := range servers {
			if r.ID == a.id && r.Voter {
				return nil
			}
		}
		return fmt.Errorf("%+v", servers)
	})
}

func TestWipedServerComesBack(t *testing.T) {
	t.Parallel()
	c := setup{tweak: func(cfg *Config) {
		forgetful(cfg)
		if cfg.NodeName == "s1" || cfg.NodeName == "s3" {
			cfg.DataDir = "" // on disk the log keeps what was compacted until a segment of it is full, 16 MiB
		}
	}}.startCluster(t, nil, 3, 1)
	c.external("web", "192.0.2.1")
	c.writeKeys("k", 50)
	wiped := c.by["s2"]
	c.kill(wiped)
	back := c.wipe(wiped)
	c.votes(back)
	if log := back.log.String(); !strings.Contains(log, "nstalled remote snapshot") {
		t.Error("the wiped server was not sent a snapshot")
	}
	if back.id == wiped.id {
		t.Error("the node id outlived the disk")
	}
	c.settled()
	// What it was sent carries the cluster when another server dies.
	for _, a := range c.servers() {
		if a != back {
			c.kill(a)
			break
		}
	}
	c.leader()
	c.keysAre("k", 50)
	c.everywhere("with the server that was wiped", "web.service.consul", "192.0.2.1")
}

// TestAllServersAreWiped has agents refill a catalog that knows nothing of them.
func TestAllServersAreWiped(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 2)
	c.by["c1"].want("PUT", "/v1/agent/service/register", `{"Name":"web","Address":"192.0.2.1"}`, 200, "")
	c.by["c2"].want("PUT", "/v1/agent/service/register", `{"Name":"db","Address":"192.0.2.2","Check":{"TTL":"1h","Status":"passing"}}`, 200, "")
	c.external("gone", "192.0.2.3")
	dead := c.servers()
	for _, a := range dead {
		c.kill(a)
	}
	for _, a := range dead {
		c.wipe(a)
	}
	c.settled()
	c.everywhere("refilled", "web.service.consul", "192.0.2.1")
	c.everywhere("refilled", "db.service.consul", "192.0.2.2")
	c.everywhere("what no agent vouches for", "gone.service.consul", "")
	c.equal()
}

// index is the X-Consul-Index of a read.
func (a *testAgent) index(path string) uint64 {
	a.t.Helper()
	resp, err := a.http.Get("http://" + a.HTTPAddrs()[0].String() + path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := strconv.ParseUint(resp.Header.Get("X-Consul-Index"), 10, 64)
	if err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return n
}

func TestRestoreThroughFollower(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 2)
	c.external("web", "192.0.2.1")
	c.writeKeys("k", 10)
	client := c.by["c1"]
	code, saved, err := client.try("GET", "/v1/snapshot", "")
	if err != nil || code != http.StatusOK {
		t.Fatalf("save: %d %v", code, err)
	}
	client.want("DELETE", "/v1/kv/k?recurse", "", 200, "true")
	client.want("PUT", "/v1/kv/later", "x", 200, "true")
	client.want("PUT", "/v1/catalog/deregister", `{"Node":"ext-web"}`, 200, "true")
	c.external("later", "192.0.2.9")
	c.everywhere("changed", "web.service.consul", "")
	paths := []string{"/v1/catalog/nodes", "/v1/catalog/services", "/v1/kv/later"}
	before := map[string]uint64{}
	for _, p := range paths {
		before[p] = client.index(p)
	}
	resyncs := client.view.Status().Resyncs

	leader := c.leader()
	follower := c.servers()[0]
	if follower == leader {
		follower = c.servers()[1]
	}
	for _, damaged := range []string{saved[:len(saved)/2], "no snapshot", ""} {
		if code, body := follower.call("PUT", "/v1/snapshot", damaged); code < 400 {
			t.Errorf("a damaged snapshot: %d %s", code, body)
		}
	}
	client.want("GET", "/v1/kv/later?raw", "", 200, "x")
	if code, body := follower.call("PUT", "/v1/snapshot", saved); code != http.StatusOK {
		t.Fatalf("restore: %d %s", code, body)
	}
	c.everywhere("restored", "web.service.consul", "192.0.2.1")
	c.everywhere("restored", "later.service.consul", "")
	c.keysAre("k", 10)
	for _, a := range c.running() {
		a.want("GET", "/v1/kv/later", "", 404, "")
		for _, p := range paths[:2] {
			if now := a.index(p); now < before[p] {
				t.Errorf("%s: index of %s was %d, is %d", a.name, p, before[p], now)
			}
		}
	}
	if now := client.view.Status().Resyncs; now == resyncs {
		t.Error("the client's view was not sent the restored rows")
	}
	c.writeKeys("again", 5)
	c.settled()
	c.equal()
}

// TestDeadServerIsReplaced lets autopilot remove a dead server once another has taken its place.
func TestDeadServerIsReplaced(t *testing.T) {
	t.Parallel()
	c := setup{tweak: func(cfg *Config) { cfg.Autopilot.ServerStabilizationTime = 50 * time.Millisecond }}.startCluster(t, nil, 3, 1)
	c.writeKeys("k", 5)
	dead := c.leader()
	c.kill(dead)
	c.noticed(dead.name)
	fourth := dead.setup
	fourth.name, fourth.dataDir = "s4", t.TempDir()
	next := c.start(fourth)
	c.await("the dead one is removed", func() error {
		in := map[string]consensus.Server{}
		for _, s := range c.leader().replica.Servers() {
			in[s.ID] = s
		}
		_, there := in[dead.id]
		switch {
		case !there && !in[next.id].Voter:
			t.Fatal("removed before another had its vote")
		case there:
			return fmt.Errorf("%+v", in)
		}
		return nil
	})
	c.await("its rows are gone everywhere", func() error {
		for _, a := range c.running() {
			if n := a.state.Snapshot().Node(dead.name); n != nil {
				return fmt.Errorf("%s has %+v", a.name, n)
			}
		}
		return nil
	})
	c.settled()
	c.keysAre("k", 5)
	// A quorum is two of three again.
	c.kill(c.leader())
	c.writeKeys("again", 3)
}
