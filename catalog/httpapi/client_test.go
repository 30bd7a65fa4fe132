package httpapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clientTo starts a server with a handler and returns a client of it.
func clientTo(t *testing.T, h http.HandlerFunc, adjust func(*ClientConfig)) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg := ClientConfig{Addr: srv.URL}
	if adjust != nil {
		adjust(&cfg)
	}
	c, err := NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"":                         "http://127.0.0.1:8500",
		"127.0.0.1:8500":           "http://127.0.0.1:8500",
		"localhost":                "http://localhost",
		"[::1]:8500":               "http://[::1]:8500",
		"http://10.0.0.1:80/":      "http://10.0.0.1:80",
		"https://consul.example":   "https://consul.example",
		"unix:///run/muster.sock":  "unix:///run/muster.sock",
		"unix://":                  "",
		"ftp://host":               "",
		"http://":                  "",
		"http://host/v1":           "",
		"http://host?x=1":          "",
		"http://user:secret@host/": "",
		"host:port":                "",
	} {
		c, err := NewClient(ClientConfig{Addr: addr})
		switch {
		case err != nil && want != "":
			t.Errorf("%q: %v", addr, err)
		case err == nil && want == "":
			t.Errorf("%q was accepted as %s", addr, c.Addr())
		case err == nil && c.Addr() != want:
			t.Errorf("%q became %s, want %s", addr, c.Addr(), want)
		}
	}
	for addr, want := range map[string]string{"": "https://127.0.0.1:8500", "[::1]:8501": "https://[::1]:8501", "http://h:1": "http://h:1", "unix:///s": "unix:///s"} {
		if c, err := NewClient(ClientConfig{Addr: addr, Secure: true}); err != nil || c.Addr() != want {
			t.Errorf("%q, secure: %v, want %s", addr, err, want)
		}
	}
}

func TestClientEscape(t *testing.T) {
	for key, want := range map[string]string{
		"web/key1":  "web/key1",
		"web/":      "web/",
		"a b%?#":    "a%20b%25%3F%23",
		"a//b.c":    "a%2F%2Fb%2Ec",
		"/a":        "%2Fa",
		"../a":      "%2E%2E%2Fa",
		"a/.":       "a%2F%2E",
		"...":       "...",
		"\xff\x00é": "%FF%00%C3%A9",
	} {
		if got := clientEscapeKey(key); got != want {
			t.Errorf("%q became %s, want %s", key, got, want)
		}
	}
}

// Keys arrive as they were meant, past the path cleaning of net/http.
func TestClientKeysArriveWhole(t *testing.T) {
	var got string
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /v1/kv/{key...}", func(w http.ResponseWriter, r *http.Request) {
		got = r.PathValue("key")
		_, _ = io.WriteString(w, "true")
	})
	c := clientTo(t, mux.ServeHTTP, nil)
	for _, key := range []string{"web/key1", "a//b", "../a", "/a", "a/.", "a b%2F?x#y", "trailing/", "\xff"} {
		if ok, err := c.SetKey(t.Context(), key, nil, 0, ClientWrite{}); err != nil || !ok || got != key {
			t.Errorf("%q arrived as %q (%v, %v)", key, got, ok, err)
		}
	}
}

func TestClientErrors(t *testing.T) {
	for _, tc := range []struct {
		name     string
		status   int
		body     string
		notFound bool
		text     string
	}{
		{"first line", 400, "port: too high\nmore\n", false, "the agent answered 400: port: too high"},
		{"empty body", 404, "", true, "GET /v1/kv/k: the agent answered 404 Not Found"},
		{"server", 503, "no leader", false, "the agent answered 503: no leader"},
		{"redirect", 301, "elsewhere", false, "the agent answered 301: elsewhere"},
		{"not JSON", 200, "<html>", false, "GET /v1/kv/k: the answer of"},
		{"empty list", 200, "[]", true, "GET /v1/kv/k: the agent answered 404 Not Found"},
	} {
		c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/v1/elsewhere")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		}, nil)
		_, err := c.Key(t.Context(), "k", ClientQuery{})
		if err == nil || !strings.HasPrefix(err.Error(), tc.text) || ClientNotFound(err) != tc.notFound {
			t.Errorf("%s: got %v (not found: %v)", tc.name, err, ClientNotFound(err))
		}
	}
}

func TestClientUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	_ = l.Close()
	for _, addr := range []string{free, "unix://" + filepath.Join(t.TempDir(), "none.sock")} {
		c, err := NewClient(ClientConfig{Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Leader(t.Context())
		if e, ok := errors.AsType[*ClientUnreachableError](err); !ok || e.Addr != c.Addr() || e.Err == nil {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}

func TestClientGivesUp(t *testing.T) {
	release := make(chan struct{})
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	c := clientTo(t, hang, func(cfg *ClientConfig) { cfg.Timeout = 50 * time.Millisecond })
	defer close(release)
	if _, err := c.Leader(t.Context()); err == nil || !strings.Contains(err.Error(), "50ms") && !strings.Contains(err.Error(), "timeout") {
		t.Errorf("no answer at all: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Leader(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled by the caller: %v", err)
	}
}

func TestClientOverUnixSocketWithToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `"`+r.Host+" "+r.Header.Get("X-Consul-Token")+`"`)
	}))
	_ = srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	defer srv.Close()
	c, err := NewClient(ClientConfig{Addr: "unix://" + path, Token: "t0"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := c.Leader(t.Context()); err != nil || got != "localhost t0" {
		t.Errorf("got %q, %v", got, err)
	}
}

// Each method asks what the API documents and reads what it answers.
func TestClientRequests(t *testing.T) {
	var asked, body string
	answer := ""
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		asked, body = r.Method+" "+r.URL.RequestURI(), string(data)
		_, _ = io.WriteString(w, answer)
	}, nil)
	ctx := t.Context()
	for _, tc := range []struct {
		asks, body, answer string
		call               func() (any, error)
		want               any
	}{
		{"GET /v1/status/leader", "", `"10.0.0.1:8300"`, func() (any, error) { return c.Leader(ctx) }, "10.0.0.1:8300"},
		{"GET /v1/status/peers", "", `["a","b"]`, func() (any, error) { p, err := c.Peers(ctx); return len(p), err }, 2},
		{"GET /v1/health/service/web?filter=x&near=_agent&node-meta=a%3Ab&passing=", "", `[{"Node":{"Node":"n1"},"Service":{"Port":80},"Checks":[]}]`, func() (any, error) {
			e, err := c.Health(ctx, "web", true, ClientQuery{Filter: "x", Near: "_agent", NodeMeta: []string{"a:b"}})
			return e[0].Node.Node, err
		}, "n1"},
		{"GET /v1/agent/services", "", `{"w1":{"Service":"web"}}`, func() (any, error) { s, err := c.AgentServices(ctx, ClientQuery{}); return s["w1"].Service, err }, "web"},
		{"GET /v1/agent/metrics?format=prometheus", "", "up 1\n", func() (any, error) { m, err := c.Metrics(ctx); return string(m), err }, "up 1\n"},
		{"GET /v1/catalog/node/n%2F1?dc=dc2&stale=", "", `null`, func() (any, error) {
			n, err := c.NodeServices(ctx, "n/1", ClientQuery{Datacenter: "dc2", Stale: true})
			return n == nil, err
		}, true},
		{"PUT /v1/kv/k?cas=0&flags=7", "v", "false\n", func() (any, error) { return c.SetKey(ctx, "k", []byte("v"), 7, ClientWrite{CAS: true}) }, false},
		{"PUT /v1/agent/reload", "", "+1 service\n", func() (any, error) { return c.Reload(ctx) }, "+1 service"},
	} {
		answer = tc.answer
		got, err := tc.call()
		if err != nil || got != tc.want || asked != tc.asks || body != tc.body {
			t.Errorf("%s: asked %s with %q, got %v, %v", tc.asks, asked, body, got, err)
		}
	}
}
