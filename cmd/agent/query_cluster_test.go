package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

// prepares makes a prepared query.
func (a *testAgent) prepares(name, dc, failover string) {
	a.t.Helper()
	code, body := a.call("POST", "/v1/query?dc="+dc, fmt.Sprintf(`{"Name":%q,"Service":{"Service":"web","Failover":%s},"DNS":{"TTL":"7s"}}`, name, failover))
	if code != http.StatusOK || !strings.Contains(body, `"ID"`) {
		a.t.Fatalf("%s: query %s: %d %s", a.name, name, code, body)
	}
}

// executed tells what a query finds: where, how many places it took, and the addresses.
func (a *testAgent) executed(path string) string {
	code, body := a.call("GET", "/v1/query/"+path, "")
	var got httpapi.QueryResult
	if err := json.Unmarshal([]byte(body), &got); code != http.StatusOK || err != nil {
		return fmt.Sprint(code, " ", body)
	}
	out := fmt.Sprint(got.Datacenter, " ", got.Failovers)
	for _, n := range got.Nodes {
		out += " " + n.Node.Address
	}
	return out
}

// TestQueriesFailOver has all agents of a datacenter find in another what their own lacks, also when
// nothing comes from there any more.
func TestQueriesFailOver(t *testing.T) {
	t.Parallel()
	n := newTestNetwork()
	dc1, dc2 := twoDatacenters(t, n, setup{tweak: func(cfg *Config) { cfg.DNS.StaleAfter = 2 * time.Second }})
	c1 := dc1.by["c1"]
	c1.prepares("listed", "dc1", `{"Datacenters":["nowhere","dc2"]}`)
	c1.prepares("nearest", "dc1", `{"NearestN":3}`)
	c1.prepares("target", "dc1", `{"Targets":[{"Service":"none"},{"Datacenter":"dc2","Service":"other"}]}`)
	c1.prepares("alone", "dc1", `{}`)
	c1.prepares("theirs", "dc2", `{"Datacenters":["dc1"]}`)
	dc2.external("other", "192.0.2.7")
	found := func(when string, want map[string]string) {
		t.Helper()
		for _, a := range dc1.running() {
			for path, want := range want {
				eventually(t, when+", "+a.name+" executes "+path, want, func() string { return a.executed(path) })
			}
		}
	}
	resolved := func(when string, want map[string]string) {
		t.Helper()
		for _, a := range dc1.running() {
			for name, address := range want {
				a.resolves(when+", at "+a.name, name+".query.consul", address)
			}
		}
	}
	for _, a := range dc1.running() {
		a.resolves("at "+a.name, "web.service.dc2.consul", "192.0.2.2")
	}
	found("both well", map[string]string{
		"listed/execute": "dc1 0 192.0.2.1", "nearest/execute": "dc1 0 192.0.2.1", "target/execute": "dc1 0 192.0.2.1", "alone/execute": "dc1 0 192.0.2.1",
		"theirs/execute?dc=dc2": "dc2 0 192.0.2.2", "theirs/execute": "404 Query not found",
	})
	resolved("both well", map[string]string{"listed": "192.0.2.1", "nearest": "192.0.2.1", "target": "192.0.2.1", "theirs": ""})

	c1.want("PUT", "/v1/catalog/register", `{"Node":"ext-web","Address":"192.0.2.1","Check":{"Name":"down","Status":"critical"}}`, 200, "true")
	failedOver := map[string]string{
		"listed/execute": "dc2 1 192.0.2.2", "nearest/execute": "dc2 1 192.0.2.2", "target/execute": "dc2 2 192.0.2.7", "alone/execute": "dc1 0",
	}
	found("down here", failedOver)
	names := map[string]string{"listed": "192.0.2.2", "nearest": "192.0.2.2", "target": "192.0.2.7", "alone": ""}
	resolved("down here", names)
	for _, a := range dc1.running() {
		if r, err := a.ask(t.Context(), "listed.query.consul"); err != nil || len(r.Answer) != 1 || !strings.Contains(r.Answer[0], " 7 IN A ") || extended(r) != "" {
			t.Errorf("%s: %+v %v", a.name, r, err)
		}
	}

	n.set(func(from, to string) bool { return strings.HasSuffix(from, ".dc2") != strings.HasSuffix(to, ".dc2") })
	dc1.await("requests are refused", func() error {
		if code, body := c1.call("GET", "/v1/query/theirs/execute?dc=dc2", ""); code != 500 || body != "No path to datacenter" {
			return fmt.Errorf("%d %s", code, body)
		}
		return nil
	})
	found("cut off", failedOver)
	resolved("cut off", names)
	dc2.by["s1"].want("PUT", "/v1/catalog/register", `{"Node":"ext-web","Address":"192.0.2.3","Service":{"Service":"web"}}`, 200, "true")
	n.mend()
	resolved("mended", map[string]string{"listed": "192.0.2.3", "nearest": "192.0.2.3"})
	found("mended", map[string]string{"theirs/execute?dc=dc2": "dc2 0 192.0.2.3"})
}

// TestBrakeInACluster has every agent answer what a brake keeps, while leaders come and go, until it is lifted.
func TestBrakeInACluster(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 1)
	c1 := c.by["c1"]
	const all = "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4"
	for n := 1; n <= 4; n++ {
		c1.want("PUT", "/v1/catalog/register", fmt.Sprintf(`{"Node":"ext-%d","Address":"192.0.2.%d",
			"Service":{"Service":"web","Guard":{"BrakePercent":50,"BrakeWindow":"1h"}},"Check":{"CheckID":"up","Name":"up","ServiceID":"web","Status":"passing"}}`, n, n), 200, "true")
	}
	c.everywhere("all well", "web.service.consul", all)
	turn := func(n int, status string) {
		t.Helper()
		a := c.running()[n%len(c.running())]
		a.want("PUT", "/v1/catalog/register", fmt.Sprintf(`{"Node":"ext-%d","SkipNodeUpdate":true,"Check":{"CheckID":"up","Name":"up","ServiceID":"web","Status":%q}}`, n, status), 200, "true")
	}
	braked := func(when, want string) {
		t.Helper()
		for _, a := range c.running() {
			eventually(t, when+": brakes at "+a.name, want, func() string {
				brakes, _ := a.state.Snapshot().Brakes()
				var out []string
				for _, b := range brakes {
					out = append(out, fmt.Sprintf("%s %d/%d lifted %t", b.Service, b.Failed, b.Of, b.Lifted))
				}
				return strings.Join(out, " ")
			})
		}
	}
	turn(1, "critical")
	c.everywhere("one failed", "web.service.consul", "192.0.2.2 192.0.2.3 192.0.2.4")
	turn(2, "critical")
	turn(3, "critical")
	c.everywhere("too many failed", "web.service.consul", all)
	braked("too many failed", "web 3/4 lifted false")

	old := c.leader()
	c.kill(old)
	c.leader()
	c.everywhere("the leader died", "web.service.consul", all)
	turn(4, "critical")
	c.everywhere("the last failed", "web.service.consul", all)
	braked("the leader died", "web 3/4 lifted false")
	c.restart(old)
	c.settled()
	c.everywhere("the leader returned", "web.service.consul", all)
	braked("the leader returned", "web 3/4 lifted false")

	c1.want("PUT", "/v1/operator/brake/lift?service=web", "", 200, "true")
	c.everywhere("lifted", "web.service.consul", "")
	turn(4, "passing")
	c.everywhere("one is back", "web.service.consul", "192.0.2.4")
}
