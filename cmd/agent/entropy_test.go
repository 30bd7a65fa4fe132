package agent

import (
	"strconv"
	"strings"
	"testing"
)

// TestDeletedRowsReturn deletes rows behind the backs of the agents they belong to.
func TestDeletedRowsReturn(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 1)
	for _, name := range []string{"c1", "s2"} {
		a := c.by[name]
		a.want("PUT", "/v1/agent/service/register", `{"Name":"web-`+name+`","Address":"192.0.2.1","Check":{"TTL":"1h","Status":"passing"}}`, 200, "")
		c.everywhere("registered", "web-"+name+".service.consul", "192.0.2.1")
		for what, body := range map[string]string{
			"service": `{"Node":"` + name + `","ServiceID":"web-` + name + `"}`,
			"node":    `{"Node":"` + name + `"}`,
		} {
			before := c.by["s1"].state.Applied()
			c.by["s1"].want("PUT", "/v1/catalog/deregister", body, 200, "true")
			if c.by["s1"].state.Applied() == before {
				t.Errorf("nothing was deleted with the %s of %s", what, name)
			}
			c.everywhere(what+" deleted", "web-"+name+".service.consul", "192.0.2.1")
			c.everywhere(what+" deleted", name+".node.consul", "127.0.0.1")
		}
		// What the agent itself gives up stays away.
		a.want("PUT", "/v1/agent/service/deregister/web-"+name, "", 200, "")
		c.everywhere("deregistered", "web-"+name+".service.consul", "")
	}
	c.settled()
	c.equal()
}

// TestDuplicateName starts an agent under the name of another, which keeps it while it lives.
func TestDuplicateName(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 2)
	owner := c.by["c1"]
	owner.want("PUT", "/v1/agent/service/register", `{"Name":"web","Address":"192.0.2.1"}`, 200, "")
	s := owner.setup
	s.dataDir, s.join = t.TempDir(), c.addresses()
	s.files = map[string]string{"web.json": `{"service": {"name": "web", "address": "192.0.2.66"}}`}
	thief := s.start(t)
	eventually(t, "the thief is told", "true", func() string {
		return strconv.FormatBool(strings.Contains(thief.log.String(), "name or id is taken") && strings.Contains(thief.log.String(), owner.id))
	})
	c.everywhere("while its owner lives", "web.service.consul", "192.0.2.1")
	for _, a := range c.running() {
		if n := a.state.Snapshot().Node("c1"); n == nil || n.ID != owner.id {
			t.Errorf("%s has c1 as %+v", a.name, n)
		}
		if m := a.memberByID(thief.id); m != nil {
			t.Errorf("%s has let in %+v", a.name, m)
		}
	}
	c.kill(owner)
	c.by["c1"] = thief
	c.everywhere("when its owner is dead", "web.service.consul", "192.0.2.66")
	c.settled()
	if n := c.by["s1"].state.Snapshot().Node("c1"); n.ID != thief.id {
		t.Errorf("c1 is %+v", n)
	}
}
