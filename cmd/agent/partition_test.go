package agent

import (
	"fmt"
	"slices"
	"testing"

	"muster/catalog"
)

// TestLeaderIsCutOff cuts the leader and a client off from all others.
func TestLeaderIsCutOff(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	c := setup{tweak: impatient}.startCluster(t, n, 3, 2)
	c.external("web", "192.0.2.1")
	all, old := c.running(), c.leader()
	minority := []*testAgent{old, c.by["c1"]}
	majority := slices.DeleteFunc(slices.Clone(all), func(a *testAgent) bool { return slices.Contains(minority, a) })
	outside := c.by["c2"]
	outside.put("/v1/kv/k", "old")
	q := newAsker(t, "web.service.consul")
	q.begin(all...)

	n.split(old.name, "c1")
	outside.put("/v1/kv/k", "new")
	// From here on "old" is no right answer to anybody who did not ask for a stale one.
	for range 2 {
		refuse(minority, "GET /v1/kv/k?raw", "GET /v1/kv/k?raw&consistent", "PUT /v1/kv/lost")
	}
	for _, a := range minority {
		a.want("GET", "/v1/kv/k?raw&stale", "", 200, "old")
	}
	c.await("a leader of the majority", func() error { _, err := agree(majority); return err })
	outside.put("/v1/catalog/register", `{"Node":"y","Address":"192.0.2.2","Service":{"Service":"db"}}`)
	for _, a := range majority {
		a.resolves("beyond the cut", "db.service.consul", "192.0.2.2")
		eventually(t, a.name+" on c1", "critical", func() string {
			return string(a.state.Snapshot().Check("c1", catalog.SerfHealth).Status)
		})
	}
	for _, a := range minority {
		if got := a.lookup("db.service.consul"); got != "" {
			t.Errorf("%s knows %s", a.name, got)
		}
	}
	q.more(all...)

	n.mend()
	c.settled()
	for _, a := range all {
		a.want("GET", "/v1/kv/k?raw", "", 200, "new")
		a.resolves("mended", "db.service.consul", "192.0.2.2")
	}
	q.more(all...)
	q.verdict()
	c.equal()
}

// TestEveryServerIsAlone cuts all wires between servers, so that nobody leads.
func TestEveryServerIsAlone(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	c := setup{tweak: impatient}.startCluster(t, n, 3, 1)
	c.external("web", "192.0.2.1")
	c.writeKeys("k", 3)
	all := c.running()
	q := newAsker(t, "web.service.consul")
	q.begin(all...)
	n.set(func(from, to string) bool { return true })
	c.await("nobody leads", func() error {
		for _, a := range all {
			if a.isLeader() {
				return fmt.Errorf("%s leads", a.name)
			}
		}
		return nil
	})
	refuse(all, "PUT /v1/kv/lost", "GET /v1/kv/k1")
	q.more(all...)
	n.mend()
	c.settled()
	q.verdict()
	c.keysAre("k", 3)
	c.writeKeys("again", 3)
	c.equal()
}

// TestOnlyTheLeaderIsOutOfReach cuts nothing but the wire between the leader and a
// client: what that one registers and writes gets there through other servers.
func TestOnlyTheLeaderIsOutOfReach(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	c := setup{}.startCluster(t, n, 3, 2)
	leader, client, other := c.leader(), c.by["c1"], c.by["c2"]
	n.cutBetween(leader.name, client.name)
	for i := range 3 {
		client.want("PUT", "/v1/agent/service/register", fmt.Sprintf(`{"Name":"own%d","Address":"192.0.2.%d"}`, i, i), 200, "")
		other.resolves("registered beyond the cut", fmt.Sprintf("own%d.service.consul", i), fmt.Sprintf("192.0.2.%d", i))
	}
	// Keys pass through a server's HTTP API. One that was on its way to the leader when the wire went has no known outcome.
	eventually(t, "a key is written", "true", func() string { _, body := client.call("PUT", "/v1/kv/k", "v"); return body })
	other.want("GET", "/v1/kv/k?raw&consistent", "", 200, "v")
	other.want("PUT", "/v1/catalog/register", `{"Node":"x","Address":"192.0.2.9","Service":{"Service":"db"}}`, 200, "true")
	if _, err := client.forwarder.Read(t.Context(), catalog.Consistent); err != nil {
		t.Error(err)
	}
	if got := client.lookup("db.service.consul"); got != "192.0.2.9" {
		t.Errorf("after a consistent read of its own state the client answers %q", got)
	}
	if now := c.leader(); now != leader {
		t.Errorf("%s leads, %s did", now.name, leader.name)
	}
	n.mend()
	c.settled()
	c.equal()
}

// TestServerLosesItsLeader cuts the wire between the leader and another server: writes on that one get there through the third.
func TestServerLosesItsLeader(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	c := setup{}.startCluster(t, n, 3, 1)
	leader := c.leader()
	lonely := c.servers()[0]
	if lonely == leader {
		lonely = c.servers()[1]
	}
	n.cutBetween(leader.name, lonely.name)
	lonely.want("PUT", "/v1/agent/service/register", `{"Name":"own","Address":"192.0.2.1"}`, 200, "")
	c.by["c1"].resolves("registered beyond the cut", "own.service.consul", "192.0.2.1")
	n.mend()
	c.settled()
	c.everywhere("mended", "own.service.consul", "192.0.2.1")
	c.equal()
}
