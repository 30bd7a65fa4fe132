package agent

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestClusterForms(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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

func TestClientRebootsAlone(t *testing.T) {
	t.Parallel()
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
