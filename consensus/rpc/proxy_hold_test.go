package rpc

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestProxyHolds: a client's request waits until a server is in reach, known or not when it came, whatever its method.
func TestProxyHolds(t *testing.T) {
	c := newCluster(t, 1)
	c.serveAll(func(_ *node, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })
	var asked atomic.Int32
	servers := func() []string {
		switch asked.Add(1) {
		case 1:
			return []string{"127.0.0.1:1"} // nobody listens there
		case 2:
			return nil
		}
		return []string{c.nodes[0].addr}
	}
	f := c.agent(nil, func(cfg *ForwarderConfig) { cfg.Servers, cfg.Hold = servers, patience })
	url := door(t, f.Proxy())
	for _, method := range []string{"GET", "PUT"} {
		asked.Store(0)
		if status, body := do(t, method, url+"/v1/kv/k", ""); status != 200 || body != method || asked.Load() != 3 {
			t.Errorf("%s: %d %q in round %d", method, status, body, asked.Load())
		}
	}
}

// TestProxyHoldsWhoWaitedLong: the hold begins when the server goes, however long the request has been with it.
func TestProxyHoldsWhoWaitedLong(t *testing.T) {
	c := newCluster(t, 1)
	const hold = 500 * time.Millisecond
	var asked atomic.Int32
	c.serveAll(func(_ *node, w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			time.Sleep(hold + 100*time.Millisecond) // a blocking query, which its server never answers
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, "at last")
	})
	f := c.agent(nil, func(cfg *ForwarderConfig) {
		cfg.Servers, cfg.Hold = func() []string { return []string{c.nodes[0].addr} }, hold
	})
	if status, body := do(t, "GET", door(t, f.Proxy())+"/v1/kv/k", ""); status != 200 || body != "at last" || asked.Load() != 2 {
		t.Errorf("%d %q after %d questions", status, body, asked.Load())
	}
}

// TestProxyHoldEnds: the wait has an end, of its own or with the client's or the agent's.
func TestProxyHoldEnds(t *testing.T) {
	c := newCluster(t, 1)
	nobody := func(hold time.Duration) func(*ForwarderConfig) {
		return func(cfg *ForwarderConfig) {
			cfg.Servers, cfg.Hold = func() []string { return nil }, hold
		}
	}
	if status, body := do(t, "GET", door(t, c.agent(nil, nobody(100*time.Millisecond)).Proxy())+"/v1/kv/k", ""); status != 503 || body != "no server is known\n" {
		t.Errorf("when the wait is over: %d %q", status, body)
	}
	f := c.agent(nil, nobody(time.Hour))
	serve := func(ctx context.Context) <-chan int {
		ended := make(chan int, 1)
		go func() {
			w := httptest.NewRecorder()
			f.Proxy().ServeHTTP(w, httptest.NewRequest("GET", "/v1/kv/k", nil).WithContext(ctx))
			ended <- w.Code
		}()
		return ended
	}
	ctx, cancel := context.WithCancel(within(t))
	for _, c := range []struct {
		who  string
		ctx  context.Context
		goes func()
	}{{"client", ctx, cancel}, {"agent", within(t), func() { f.Close() }}} {
		ended := serve(c.ctx)
		c.goes()
		select {
		case code := <-ended:
			if code != http.StatusServiceUnavailable {
				t.Errorf("the %s went: %d", c.who, code)
			}
		case <-time.After(patience):
			t.Fatalf("the %s went, the request did not", c.who)
		}
	}
}

// TestProxyFollowsTheLeader: what only the leader can do waits out an election.
func TestProxyFollowsTheLeader(t *testing.T) {
	c := newCluster(t, 2)
	c.serveAll(func(n *node, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, n.addr) })
	c.lead("127.0.0.1:1") // it is dead, and nobody knows
	f := c.agent(c.nodes[1], func(cfg *ForwarderConfig) { cfg.Hold = patience })
	served := make(chan string, 1)
	go func() {
		w := httptest.NewRecorder()
		f.ProxyToLeader().ServeHTTP(w, httptest.NewRequest("PUT", "/v1/session/renew/x", nil).WithContext(within(t)))
		served <- w.Body.String()
	}()
	eventually(t, "the dead leader was tried", func() bool { return !f.spread.well("127.0.0.1:1") })
	c.lead("")
	c.lead(c.nodes[0].addr)
	if by := <-served; by != c.nodes[0].addr {
		t.Errorf("served by %q", by)
	}
}
