package agent

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// impatient agents wait for a leader for as long as an election takes, and not much longer.
func impatient(cfg *Config) { cfg.RPCHoldTimeout = 2 * time.Second }

// refuse expects of every agent that it answers none of the requests, "GET /v1/kv/k",
// with anything that could be taken for a success, and that it says so in bounded time.
func refuse(agents []*testAgent, requests ...string) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, a := range agents {
		for _, r := range requests {
			asking.Go(func() {
				method, path, _ := strings.Cut(r, " ")
				begun := time.Now()
				code, body, err := a.try(method, path, "x")
				if took := time.Since(begun); err != nil || code != http.StatusServiceUnavailable || took > 10*time.Second {
					a.t.Errorf("%s: %s: %d %q (%v) after %v, want 503", a.name, r, code, body, err, took)
				}
			})
		}
	}
}

// lastContact is how old a stale read says it is.
func (a *testAgent) lastContact(path string) (time.Duration, error) {
	resp, err := a.http.Get("http://" + a.HTTPAddrs()[0].String() + path)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", path, resp.Status)
	}
	ms, err := strconv.Atoi(resp.Header.Get("X-Consul-LastContact"))
	return time.Duration(ms) * time.Millisecond, err
}

// put writes until it is told of success: a starved machine elects leaders, and
// whoever is impatient may not wait for them.
func (a *testAgent) put(path, body string) {
	a.t.Helper()
	await(a.t, a.name+" writes "+path, func() error {
		if code, text := a.call("PUT", path, body); code != http.StatusOK || text != "true" {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
}

// writeKeys writes so many keys through all agents in turn; they have what keysAre wants.
func (c *testCluster) writeKeys(prefix string, n int) {
	c.t.Helper()
	agents := c.running()
	for i := range n {
		agents[i%len(agents)].put(fmt.Sprintf("/v1/kv/%s%d", prefix, i), fmt.Sprint("of ", i))
	}
}

func (c *testCluster) keysAre(prefix string, n int) {
	c.t.Helper()
	for _, a := range c.running() {
		for i := range n {
			a.want("GET", fmt.Sprintf("/v1/kv/%s%d?raw&consistent", prefix, i), "", 200, fmt.Sprint("of ", i))
		}
	}
}

func TestTwoOfThreeDie(t *testing.T) {
	t.Parallel()
	c := setup{tweak: impatient}.startCluster(t, nil, 3, 2)
	c.external("web", "192.0.2.1")
	c.writeKeys("k", 20)
	dead := []*testAgent{c.leader()}
	for _, a := range c.servers() {
		if len(dead) < 2 && a != dead[0] {
			dead = append(dead, a)
		}
	}
	q := newAsker(t, "web.service.consul")
	for _, a := range c.running() {
		if a != dead[0] && a != dead[1] {
			q.begin(a)
		}
	}
	for _, a := range dead {
		c.kill(a)
	}
	left := c.running()
	q.more(left...)
	refuse(left, "PUT /v1/kv/lost", "GET /v1/kv/k1?raw", "GET /v1/kv/k1?raw&consistent", "GET /v1/catalog/nodes")
	for _, a := range left {
		a.want("GET", "/v1/kv/k1?raw&stale", "", 200, "of 1")
		first, err := a.lastContact("/v1/kv/k1?stale")
		if err != nil {
			t.Fatal(err)
		}
		c.await("age of stale reads", func() error {
			if then, err := a.lastContact("/v1/kv/k1?stale"); err != nil || then <= first {
				return fmt.Errorf("%s: was %v, is %v (%v)", a.name, first, then, err)
			}
			return nil
		})
	}
	q.more(left...)
	for _, a := range dead {
		c.restart(a)
	}
	c.settled()
	q.more(left...)
	q.verdict()
	c.keysAre("k", 20)
	c.writeKeys("again", 5)
	c.equal()
}
