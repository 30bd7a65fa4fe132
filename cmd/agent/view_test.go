package agent

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"muster/catalog"
)

// TestViewIsResumed kills the server that a client follows. The client goes on by
// index with another server and is not sent everything again.
func TestViewIsResumed(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 2)
	c.external("web", "192.0.2.1")
	client := c.by["c1"]
	before := client.view.Status()
	server := c.following(client)
	if server.isLeader() {
		// The feed is what is tested here, not the election.
		if err := server.replica.TransferLeadership(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		c.settled()
	}
	q := newAsker(t, "web.service.consul")
	q.begin(client)
	begun := time.Now()
	c.kill(server)
	c.await("another server", func() error {
		if s := client.view.Status(); !s.Connected || s.Server == server.raftAddr.String() {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	took := time.Since(begun)
	c.running()[0].want("PUT", "/v1/catalog/register", `{"Node":"x","Address":"192.0.2.2","Service":{"Service":"db"}}`, 200, "true")
	client.resolves("from another server", "db.service.consul", "192.0.2.2")
	after := client.view.Status()
	t.Logf("another server after %v, the kill included", took)
	if took > 3*time.Second || after.Resyncs != before.Resyncs || after.Index <= before.Index {
		t.Errorf("after %v: %+v, was %+v", took, after, before)
	}
	q.verdict()
	c.equal()
}

// following returns the server whose feed a client reads.
func (c *testCluster) following(client *testAgent) *testAgent {
	c.t.Helper()
	var server *testAgent
	c.await(client.name+" follows a server", func() error {
		s := client.view.Status()
		for _, a := range c.servers() {
			if s.Connected && s.Server == a.raftAddr.String() {
				server = a
				return nil
			}
		}
		return fmt.Errorf("%+v", s)
	})
	return server
}

// TestFrozenFeed has the server that a client follows fall silent without a word.
func TestFrozenFeed(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	c := setup{}.startCluster(t, n, 3, 1)
	c.external("web", "192.0.2.1")
	client := c.by["c1"]
	before := client.view.Status()
	server := c.following(client)
	n.cutBetween("c1", server.name)
	c.await("another server", func() error {
		if s := client.view.Status(); !s.Connected || s.Server == server.raftAddr.String() {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	c.leader().want("PUT", "/v1/catalog/register", `{"Node":"x","Address":"192.0.2.2","Service":{"Service":"db"}}`, 200, "true")
	client.resolves("from another server", "db.service.consul", "192.0.2.2")
	if after := client.view.Status(); after.Resyncs != before.Resyncs {
		t.Errorf("%+v, was %+v", after, before)
	}
}

// TestChangesShowEverywhere measures how long after its commit a change shows in
// the answers of clients.
func TestChangesShowEverywhere(t *testing.T) {
	c := startCluster(t, 3, 2)
	leader := c.leader()
	const changes = 200
	took := map[string][]time.Duration{}
	for i := range changes {
		address := fmt.Sprintf("192.0.2.%d", i+1)
		_, err := leader.forwarder.Apply(t.Context(), &catalog.Register{
			Node: catalog.Node{Name: "x", Address: address}, Instance: &catalog.Instance{Name: "web", ID: "web", Weights: catalog.DefaultWeights},
		})
		if err != nil {
			t.Fatal(err)
		}
		committed := time.Now()
		for _, name := range []string{"c1", "c2"} {
			eventually(t, "change at "+name, address, func() string { return c.by[name].lookup("web.service.consul") })
			took[name] = append(took[name], time.Since(committed))
		}
	}
	for name, all := range took {
		slices.Sort(all)
		p99 := all[len(all)*99/100]
		t.Logf("%s: %d changes, p50 %v, p99 %v, most %v", name, len(all), all[len(all)/2], p99, all[len(all)-1])
		if p99 > time.Second {
			t.Errorf("%s: p99 is %v", name, p99)
		}
	}
}
