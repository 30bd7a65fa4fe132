package agent

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// testCluster is agents of one datacenter in one process.
type testCluster struct {
	t  *testing.T
	by map[string]*testAgent
}

// startCluster starts servers s1.. and clients c1.., in the order of their names or
// in another, and waits until there is a leader and everybody answers.
func startCluster(t *testing.T, servers, clients int, order ...string) *testCluster {
	t.Helper()
	c := &testCluster{t: t, by: map[string]*testAgent{}}
	if order == nil {
		for i := range servers {
			order = append(order, fmt.Sprintf("s%d", i+1))
		}
		for i := range clients {
			order = append(order, fmt.Sprintf("c%d", i+1))
		}
	}
	for _, name := range order {
		c.start(setup{name: name, client: name[0] == 'c', expect: servers, dataDir: t.TempDir()})
	}
	c.settled()
	return c
}

// start starts an agent that meets the others.
func (c *testCluster) start(s setup) *testAgent {
	c.t.Helper()
	s.join = c.addresses()
	a := s.start(c.t)
	c.by[s.name] = a
	// The first has nobody to meet, and does not try for ever.
	if len(s.join) == 0 {
		return a
	}
	return a
}

// addresses are where the running agents gossip.
func (c *testCluster) addresses() []string {
	var out []string
	for _, a := range c.by {
		if !a.dead {
			out = append(out, a.lan.Addr().String())
		}
	}
	return out
}

func (c *testCluster) running() []*testAgent {
	var out []*testAgent
	for _, name := range slices.Sorted(maps.Keys(c.by)) {
		if a := c.by[name]; !a.dead {
			out = append(out, a)
		}
	}
	return out
}

func (c *testCluster) servers() []*testAgent {
	return slices.DeleteFunc(c.running(), func(a *testAgent) bool { return a.client })
}

// settled waits until one server leads, all running servers vote, and every agent's
// catalog lists every running agent as alive.
func (c *testCluster) settled() {
	c.t.Helper()
	c.await("a settled cluster", func() error {
		leader, err := c.agreed()
		if err != nil {
			return err
		}
		voters := 0
		for _, s := range leader.replica.Servers() {
			if s.Voter {
				voters++
			}
		}
		if want := len(c.servers()); voters != want {
			return fmt.Errorf("%d voters, want %d", voters, want)
		}
		for _, a := range c.running() {
			for _, b := range c.running() {
				if got := a.lookup(b.name + ".node.consul"); got != "127.0.0.1" {
					return fmt.Errorf("%s resolves %s to %q", a.name, b.name, got)
				}
			}
		}
		return nil
	})
}

// agreed returns the leader if all running servers agree on it.
func (c *testCluster) agreed() (*testAgent, error) {
	var leader *testAgent
	for _, a := range c.servers() {
		if a.isLeader() {
			leader = a
		}
	}
	if leader == nil {
		return nil, fmt.Errorf("no leader")
	}
	for _, a := range c.running() {
		if got := a.forwarder.Leader(); got != leader.raftAddr.String() {
			return nil, fmt.Errorf("%s takes %q for the leader, which is %s", a.name, got, leader.raftAddr)
		}
	}
	return leader, nil
}

func (c *testCluster) leader() *testAgent {
	c.t.Helper()
	var leader *testAgent
	c.await("a leader", func() (err error) { leader, err = c.agreed(); return err })
	return leader
}

// await polls until ready returns nil.
func (c *testCluster) await(what string, ready func() error) {
	c.t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
	}
	c.t.Fatalf("%s: %v", what, err)
}

// kill ends an agent without a word to the others.
func (c *testCluster) kill(a *testAgent) {
	c.t.Helper()
	a.abandon()
	a.dead = true
}

// restart starts an agent again on its data directory.
func (c *testCluster) restart(a *testAgent) *testAgent {
	c.t.Helper()
	delete(c.by, a.name)
	return c.start(a.setup)
}

// everywhere waits until every running agent resolves a name to an answer.
func (c *testCluster) everywhere(what, name, want string) {
	c.t.Helper()
	for _, a := range c.running() {
		a.resolves(what+", at "+a.name, name, want)
	}
}

// noticed waits until every running agent knows that a node is dead.
func (c *testCluster) noticed(node string) {
	c.t.Helper()
	c.await(node+" is seen to be dead", func() error {
		for _, a := range c.running() {
			if k := a.state.Snapshot().Check(node, catalog.SerfHealth); k == nil || k.Status != catalog.Critical {
				return fmt.Errorf("%s says %+v", a.name, k)
			}
		}
		return nil
	})
}

func TestClusterForms(t *testing.T) {
	for _, order := range []string{"s1 s2 s3 c1 c2", "c1 s3 c2 s2 s1"} {
		t.Run(order, func(t *testing.T) {
			c := startCluster(t, 3, 2, strings.Fields(order)...)
			c.everywhere("servers", "consul.service.consul", "127.0.0.1")
			for _, a := range c.running() {
				if code, body := a.call("GET", "/v1/status/peers", ""); code != http.StatusOK || strings.Count(body, ":") != 3 {
					t.Errorf("peers at %s: %d %s", a.name, code, body)
				}
			}
		})
	}
}

func TestAnyAgentServesAnything(t *testing.T) {
	c := startCluster(t, 3, 2)
	for _, a := range c.running() {
		a.want("PUT", "/v1/kv/"+a.name, "by "+a.name, 200, "true")
		a.want("PUT", "/v1/agent/service/register", fmt.Sprintf(`{"Name":"web-%s","Address":"192.0.2.1"}`, a.name), 200, "")
	}
	for _, a := range c.running() {
		for _, b := range c.running() {
			a.want("GET", "/v1/kv/"+b.name+"?raw", "", 200, "by "+b.name)
			a.want("GET", "/v1/kv/"+b.name+"?raw&consistent", "", 200, "by "+b.name)
			a.resolves("at "+a.name, "web-"+b.name+".service.consul", "192.0.2.1")
		}
	}
}

func TestLeaderDies(t *testing.T) {
	c := startCluster(t, 3, 2)
	c.by["c1"].want("PUT", "/v1/agent/service/register", `{"Name":"web","Address":"192.0.2.1"}`, 200, "")
	c.everywhere("before", "web.service.consul", "192.0.2.1")
	for range 2 {
		dead := c.leader()
		c.kill(dead)
		for _, a := range c.running() {
			a.want("PUT", "/v1/kv/after", "x", 200, "true") // waits for the next leader
			if got := a.lookup("web.service.consul"); got != "192.0.2.1" {
				t.Errorf("%s answers %q while there is no leader", a.name, got)
			}
		}
		c.noticed(dead.name)
		c.restart(dead)
		c.settled()
	}
}

func TestDeadClientIsDropped(t *testing.T) {
	c := startCluster(t, 3, 2)
	c.by["c1"].want("PUT", "/v1/agent/service/register", `{"Name":"web","Address":"192.0.2.1"}`, 200, "")
	c.everywhere("before", "web.service.consul", "192.0.2.1")
	dead := c.by["c1"]
	c.kill(dead)
	c.everywhere("dead", "web.service.consul", "")
	c.restart(dead)
	c.everywhere("back", "web.service.consul", "192.0.2.1")
}

func TestLeaveIsForGood(t *testing.T) {
	c := startCluster(t, 3, 1)
	gone := c.leader()
	gone.want("PUT", "/v1/agent/leave", "", 200, "")
	<-gone.Done()
	if err := gone.Close(); err != nil {
		t.Error(err)
	}
	gone.dead = true
	c.settled()
	c.await("the others forget it", func() error {
		for _, a := range c.running() {
			if a.state.Snapshot().Node(gone.name) != nil {
				return fmt.Errorf("%s knows %s", a.name, gone.name)
			}
		}
		return nil
	})
}

func TestWipedServerComesBack(t *testing.T) {
	c := startCluster(t, 3, 1)
	c.by["c1"].want("PUT", "/v1/kv/k", "v", 200, "true")
	wiped := c.by["s2"]
	c.kill(wiped)
	s := wiped.setup
	s.dataDir = t.TempDir()
	s.expect = 3
	c.noticed("s2")
	back := c.start(s)
	c.await("s2 votes again", func() error {
		for _, r := range c.leader().replica.Servers() {
			if r.ID == back.id && r.Voter {
				return nil
			}
		}
		return fmt.Errorf("%v", c.leader().replica.Servers())
	})
	back.want("GET", "/v1/kv/k?raw&stale", "", 200, "v")
}

func TestClientRebootsAlone(t *testing.T) {
	c := startCluster(t, 1, 1)
	c.by["s1"].want("PUT", "/v1/catalog/register", `{"Node":"x","Address":"192.0.2.1","Service":{"Service":"web"}}`, 200, "true")
	client := c.by["c1"]
	client.resolves("before", "web.service.consul", "192.0.2.1")
	c.kill(c.by["s1"])
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	alone := client.setup.start(t)
	alone.resolves("with no server in reach", "web.service.consul", "192.0.2.1")
	if s := alone.view.Status(); !s.FromDisk || s.Connected {
		t.Errorf("status %+v", s)
	}
	if code, body := alone.call("GET", "/v1/kv/k", ""); code != http.StatusInternalServerError && code != http.StatusServiceUnavailable {
		t.Errorf("a key with no server in reach: %d %s", code, body)
	}
}
