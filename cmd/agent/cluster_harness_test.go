package agent

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"muster/catalog"
	"muster/consensus/gossip"
)

// testCluster is agents of one datacenter in one process.
type testCluster struct {
	t   *testing.T
	by  map[string]*testAgent
	net *testNetwork // nil: the machine's, which is whole
}

// startCluster starts servers s1.. and clients c1.., in the order of their names or
// in another, and waits until there is a leader and everybody answers.
func startCluster(t *testing.T, servers, clients int, order ...string) *testCluster {
	t.Helper()
	return setup{}.startCluster(t, nil, servers, clients, order...)
}

// startCluster starts agents that have what s says in common, on a network of the test's if there is one.
func (s setup) startCluster(t *testing.T, n *testNetwork, servers, clients int, order ...string) *testCluster {
	t.Helper()
	c := &testCluster{t: t, by: map[string]*testAgent{}, net: n}
	if order == nil {
		for i := range servers {
			order = append(order, fmt.Sprintf("s%d", i+1))
		}
		for i := range clients {
			order = append(order, fmt.Sprintf("c%d", i+1))
		}
	}
	for _, name := range order {
		s.name, s.client, s.expect, s.dataDir = name, name[0] == 'c', servers, t.TempDir()
		c.start(s)
	}
	c.settled()
	return c
}

// start starts an agent that meets the others.
func (c *testCluster) start(s setup) *testAgent {
	c.t.Helper()
	s.join = c.addresses()
	if c.net != nil {
		s.network = c.net.of(s.wireName())
	}
	a := s.start(c.t)
	c.by[s.name] = a
	if c.net != nil {
		c.net.place(a)
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
// catalog and gossip list every running agent as alive.
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
				if m := a.memberByID(b.id); m == nil || m.Status != gossip.Alive {
					return fmt.Errorf("%s says of %s: %+v", a.name, b.name, m)
				}
			}
		}
		return nil
	})
}

// agreed returns the leader if all running agents agree on it.
func (c *testCluster) agreed() (*testAgent, error) { return agree(c.running()) }

// agree returns the one leader among agents if all of them agree on it.
func agree(agents []*testAgent) (*testAgent, error) {
	var leader *testAgent
	for _, a := range agents {
		if !a.isLeader() {
			continue
		}
		if leader != nil {
			return nil, fmt.Errorf("%s and %s lead", leader.name, a.name)
		}
		leader = a
	}
	if leader == nil {
		return nil, fmt.Errorf("no leader")
	}
	for _, a := range agents {
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
	await(c.t, what, ready)
}

func await(t *testing.T, what string, ready func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if err = ready(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
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

// wipe starts a server again that has lost its disk, at the address it had.
func (c *testCluster) wipe(a *testAgent) *testAgent {
	c.t.Helper()
	delete(c.by, a.name)
	s := a.setup
	s.dataDir, s.after = c.t.TempDir(), a
	return c.start(s)
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

// equal waits until all running agents hold the same rows at the same indexes.
func (c *testCluster) equal() {
	c.t.Helper()
	c.await("equal catalogs", func() error {
		var first []byte
		for i, a := range c.running() {
			var rows bytes.Buffer
			if err := a.state.Snapshot().PersistDiscovery(&rows); err != nil {
				return err
			}
			if i == 0 {
				first = rows.Bytes()
			} else if !bytes.Equal(first, rows.Bytes()) {
				return fmt.Errorf("%s differs from %s: %d bytes, %d bytes", a.name, c.running()[0].name, rows.Len(), len(first))
			}
		}
		return nil
	})
}

// external registers a service on a node without an agent, so that no agent's end takes it away.
func (c *testCluster) external(service, address string) {
	c.t.Helper()
	c.running()[0].put("/v1/catalog/register", fmt.Sprintf(`{"Node":"ext-%s","Address":%q,"Service":{"Service":%q}}`, service, address, service))
	c.everywhere("registered", service+".service.consul", address)
}

// joinWAN has one server join one of each other cluster in the pool of all datacenters, and
// waits until all servers have met there.
func (c *testCluster) joinWAN(others ...*testCluster) {
	c.t.Helper()
	all := c.servers()
	for _, o := range others {
		all[0].want("PUT", "/v1/agent/join/"+o.servers()[0].wan.Addr().String()+"?wan", "", 200, "")
		all = append(all, o.servers()...)
	}
	c.await("all servers in the WAN pool", func() error {
		for _, a := range all {
			alive := 0
			for _, m := range a.wan.Members() {
				if m.Status == gossip.Alive {
					alive++
				}
			}
			if alive != len(all) {
				return fmt.Errorf("%s of %s has met %d", a.name, a.config().Datacenter, alive)
			}
		}
		return nil
	})
}
