package rpc

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// door serves a forwarder's proxy over HTTP/1.1, as an agent's HTTP API does.
func door(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// do returns status and body; the status is 0 when the connection was cut.
func do(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		req.Body = http.NoBody
	}
	resp, err := http.DefaultTransport.(*http.Transport).RoundTrip(req)
	if err != nil {
		t.Log(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, string(text)
	}
	return resp.StatusCode, string(text)
}

// ranked returns the servers in the order in which an agent turns to them.
func (c *cluster) ranked(f *Forwarder) []*node {
	var out []*node
	for _, addr := range f.spread.order(c.Peers()) {
		for _, n := range c.nodes {
			if n.addr == addr {
				out = append(out, n)
			}
		}
	}
	return out
}

func (c *cluster) serveAll(h func(n *node, w http.ResponseWriter, r *http.Request)) {
	for _, n := range c.nodes {
		n.serves(func(w http.ResponseWriter, r *http.Request) { h(n, w, r) })
	}
}

func TestProxyPassesRequests(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(nil)
	c.serveAll(func(n *node, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Consul-Index", "7")
		w.Header().Set("X-Host-Seen", r.Host)
		for name := range r.Header {
			w.Header().Add("X-Seen", name)
		}
		if strings.HasPrefix(r.URL.Path, "/v1/kv/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, r.Method+" "+r.RequestURI+" "+string(body))
	})
	url := door(t, f.Proxy())
	for _, tc := range []struct {
		method, uri, body string
		status            int
	}{
		{"GET", "/v1/kv/a//b/../c?stale&index=4", "", 200},
		{"GET", "/v1/kv/a%2Fb?raw", "", 200},
		{"PUT", "/v1/kv/a?cas=0", "value", 200},
		{"DELETE", "/v1/kv/a", "", 200},
		{"GET", "/v1/kv/missing", "", 404},
	} {
		status, body := do(t, tc.method, url+tc.uri, tc.body)
		if want := tc.method + " " + tc.uri + " " + tc.body; status != tc.status || body != want {
			t.Errorf("%d %q, want %d %q", status, body, tc.status, want)
		}
	}
	req := httptest.NewRequest("GET", "/v1/status/leader", nil).WithContext(within(t))
	for name, value := range map[string]string{
		"Origin": "http://evil.example", "X-Forwarded-For": "10.9.9.9", "Forwarded": "for=10.9.9.9", "X-Real-Ip": "10.9.9.9",
		"Sec-Fetch-Site": "cross-site", "Connection": "Upgrade, X-Hop", "Upgrade": "h2c", "X-Hop": "1",
		"X-Consul-Token": "secret", "Accept-Encoding": "gzip",
	} {
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	f.Proxy().ServeHTTP(w, req)
	seen := strings.Join(w.Header().Values("X-Seen"), " ")
	if w.Code != 200 || w.Header().Get("X-Consul-Index") != "7" || w.Header().Get("X-Host-Seen") != c.ranked(f)[0].addr {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, name := range strings.Fields(seen) {
		switch name {
		case "X-Consul-Token", "Accept-Encoding":
		default:
			t.Errorf("the server saw %s", name)
		}
	}
}

// The server port serves agents what an agent's API holds, but nothing of the agent itself.
func TestServerPortPaths(t *testing.T) {
	c := newCluster(t, 1)
	c.serveAll(func(_ *node, w http.ResponseWriter, r *http.Request) { io.WriteString(w, "api") })
	f := c.agent(nil)
	url := door(t, f.Proxy())
	for path, want := range map[string]int{
		"/v1/kv/k": 200, "/v1/agents": 200, "/v1/kv//v1/agent/x": 200,
		"/v1/agent": 404, "/v1/agent/leave": 404, "/v1/%61gent/leave": 404, "/v1/agent%2fleave": 404, "/v1/agent//x": 404,
		"/": 404, "/ui/": 404, "/metrics": 404, "//v1/kv/k": 404, "/rpc/other": 404,
		pathApply: 405, pathFeed: 400,
	} {
		if status, body := do(t, "GET", url+path, ""); status != want {
			t.Errorf("%s: %d %q, want %d", path, status, body, want)
		}
	}
	if status, _ := do(t, "PUT", url+pathFeed, ""); status != 405 {
		t.Errorf("PUT of a feed: %d", status)
	}
}

// What becomes of a request whose first server fails in some way.
func TestProxyMovesOn(t *testing.T) {
	kill := func(n *node, _ http.ResponseWriter, r *http.Request) { n.ln.cut(); <-r.Context().Done() }
	for _, tc := range []struct {
		name   string
		method string
		down   bool                                                  // before the request
		fail   func(n *node, w http.ResponseWriter, r *http.Request) // while it is served
		status int
		body   string
		served int64 // times that a handler saw the request
	}{
		{"get, refused", "GET", true, nil, 200, "ok", 1},
		{"put, refused", "PUT", true, nil, 200, "ok", 1},
		{"get, cut before the answer", "GET", false, kill, 200, "ok", 2},
		{"head, cut before the answer", "HEAD", false, kill, 200, "", 2},
		{"get, cut in the answer", "GET", false, func(n *node, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			io.WriteString(w, "ha")
			http.NewResponseController(w).Flush()
			n.ln.cut()
		}, 200, "ok", 2},
		{"put, cut", "PUT", false, kill, 503, "the server was lost; the write may or may not have been applied\n", 1},
		{"get, server's own error", "GET", false, func(_ *node, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500, "ok", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCluster(t, 2)
			f := c.agent(nil)
			first := c.ranked(f)[0]
			var served atomic.Int64
			c.serveAll(func(n *node, w http.ResponseWriter, r *http.Request) {
				served.Add(1)
				io.Copy(io.Discard, r.Body)
				if n == first && tc.fail != nil {
					tc.fail(n, w, r)
				}
				io.WriteString(w, "ok")
			})
			if tc.down {
				first.die()
			}
			body := ""
			if tc.method == "PUT" {
				body = "value"
			}
			status, text := do(t, tc.method, door(t, f.Proxy())+"/v1/kv/k", body)
			if status != tc.status || text != tc.body || served.Load() != tc.served {
				t.Errorf("%d %q after %d attempts, want %d %q after %d", status, text, served.Load(), tc.status, tc.body, tc.served)
			}
			if tc.status != 500 && f.spread.well(first.addr) {
				t.Error("the server is not avoided")
			}
		})
	}
}

func TestProxyWithoutServers(t *testing.T) {
	c := newCluster(t, 1)
	f := c.agent(nil)
	for text, servers := range map[string][]string{"no server is known\n": nil, "no server is in reach\n": {"127.0.0.1:1", "127.0.0.1:2"}} {
		url := door(t, f.ProxyTo("dc2", func() []string { return servers }))
		if status, body := do(t, "GET", url+"/v1/kv/k", ""); status != 503 || body != text {
			t.Errorf("%d %q, want 503 %q", status, body, text)
		}
	}
}

// Whatever header an agent lets in, servers take.
func TestProxyCarriesManyHeaders(t *testing.T) {
	c := newCluster(t, 1)
	c.serveAll(func(_ *node, w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(r.Header)) })
	req := httptest.NewRequest("GET", "/v1/kv/k", nil).WithContext(within(t))
	const fields = 16 << 10 / len("A0000: \r\n")
	for i := range fields {
		req.Header[fmt.Sprintf("A%04d", i)] = []string{""}
	}
	w := httptest.NewRecorder()
	c.agent(nil).Proxy().ServeHTTP(w, req)
	if w.Code != 200 || w.Body.String() != fmt.Sprint(fields) {
		t.Errorf("%d %s, want %d", w.Code, w.Body, fields)
	}
}

// A client that fails to send what it promised is its own fault.
func TestProxyBlamesNoServerForClients(t *testing.T) {
	c := newCluster(t, 2)
	f := c.agent(nil)
	c.serveAll(func(_ *node, _ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	req := httptest.NewRequest("PUT", "/v1/kv/k", io.MultiReader(strings.NewReader("va"), iotest.ErrReader(errCut))).WithContext(within(t))
	w := httptest.NewRecorder()
	f.Proxy().ServeHTTP(w, req)
	if w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	for _, n := range c.nodes {
		if !f.spread.well(n.addr) {
			t.Errorf("%s is avoided", n.addr)
		}
	}
}
