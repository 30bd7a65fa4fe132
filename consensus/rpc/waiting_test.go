package rpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A blocking query outlives its server.
func TestBlockingQueryMovesOn(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(nil)
	waiting, changed := make(chan *node, 2), make(chan struct{})
	c.serveAll(func(n *node, w http.ResponseWriter, r *http.Request) {
		waiting <- n
		select {
		case <-changed:
			io.WriteString(w, "changed")
		case <-r.Context().Done():
		}
	})
	answer := make(chan string, 1)
	url := door(t, f.Proxy())
	go func() { _, body := do(t, "GET", url+"/v1/kv/k?index=5&wait=10m", ""); answer <- body }()
	(<-waiting).die()
	<-waiting
	close(changed)
	if got := <-answer; got != "changed" {
		t.Errorf("%q", got)
	}
}

// A client that goes away is gone at the server, too.
func TestClientLeaves(t *testing.T) {
	c := newCluster(t, 1)
	began, ended := make(chan struct{}), make(chan struct{})
	c.serveAll(func(_ *node, _ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	})
	ctx, cancel := context.WithCancel(context.Background())
	req := httptest.NewRequest("GET", "/v1/kv/k?index=5", nil).WithContext(ctx)
	done := make(chan struct{})
	f := c.agent(nil)
	go func() { f.Proxy().ServeHTTP(httptest.NewRecorder(), req); close(done) }()
	<-began
	cancel()
	for _, freed := range []chan struct{}{ended, done} {
		select {
		case <-freed:
		case <-time.After(patience):
			t.Fatal("still there")
		}
	}
	if !f.spread.well(c.nodes[0].addr) {
		t.Error("the server is blamed")
	}
}

// Many blocking queries share a connection or two, from the first moment on.
func TestManyWaitOverFewConnections(t *testing.T) {
	const many = 600
	c := newCluster(t, 1)
	var waiting atomic.Int64
	release := make(chan struct{})
	c.serveAll(func(_ *node, w http.ResponseWriter, r *http.Request) {
		waiting.Add(1)
		<-release
	})
	proxy := c.agent(nil).Proxy()
	var clients sync.WaitGroup
	for range many {
		clients.Go(func() {
			w := httptest.NewRecorder()
			proxy.ServeHTTP(w, httptest.NewRequest("GET", "/v1/kv/k?index=5", nil).WithContext(within(t)))
			if w.Code != 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	eventually(t, "all wait", func() bool { return waiting.Load() == many })
	close(release)
	clients.Wait()
	if n := c.nodes[0].ln.accepted(); n > 10 {
		t.Errorf("%d connections for %d requests", n, many)
	}
}

// What a server streams arrives as it is sent, and when the server is lost on its
// way the end does not look like one.
func TestProxyStreams(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprint("lost ", lost), func(t *testing.T) {
			c := newCluster(t, 1)
			next := make(chan string, 1)
			c.serveAll(func(_ *node, w http.ResponseWriter, _ *http.Request) {
				for line := range next {
					io.WriteString(w, line)
					http.NewResponseController(w).Flush()
				}
			})
			req, err := http.NewRequestWithContext(within(t), "GET", door(t, c.agent(nil).Proxy())+"/v1/events/stream", nil)
			if err != nil {
				t.Fatal(err)
			}
			next <- "one\n"
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for _, want := range []string{"one\n", "two\n"} {
				if got, err := lines.ReadString('\n'); got != want {
					t.Fatalf("%q, %v", got, err)
				}
				if want == "one\n" {
					next <- "two\n"
				}
			}
			if lost {
				c.nodes[0].die()
			}
			if !lost {
				close(next)
			} else {
				defer close(next)
			}
			if _, err := lines.ReadByte(); errors.Is(err, io.EOF) == lost {
				t.Errorf("the stream ends with %v", err)
			}
		})
	}
}

// A server that stops without a word, its connections open, is found out.
func TestFrozenServer(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(nil)
	waiting := make(chan *node, 2)
	first := c.ranked(f)[0]
	c.serveAll(func(n *node, w http.ResponseWriter, r *http.Request) {
		waiting <- n
		if n == first {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, "alive")
	})
	answer := make(chan string, 1)
	url := door(t, f.Proxy())
	go func() { _, body := do(t, "GET", url+"/v1/kv/k?index=5", ""); answer <- body }()
	<-waiting
	first.ln.ice.Lock()
	defer first.ln.ice.Unlock()
	if got := <-answer; got != "alive" {
		t.Errorf("%q", got)
	}
}
