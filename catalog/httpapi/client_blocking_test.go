package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestClientBlocking(t *testing.T) {
	var asked, at string
	status := 200
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI()
		if at != "" {
			w.Header().Set("X-Consul-Index", at)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("[1]"))
	}, func(cfg *ClientConfig) { cfg.Timeout = 20 * time.Second })
	read := ClientRead{Path: "/v1/health/service/", Name: "a/b", Query: url.Values{"passing": {""}}}
	for _, tc := range []struct {
		index  uint64
		status int
		at     string
		asks   string
		body   string
		fault  string
	}{
		{0, 200, "7", "/v1/health/service/a%2Fb?passing=", "[1]", ""},
		{7, 200, "8", "/v1/health/service/a%2Fb?index=7&passing=&wait=15s", "[1]", ""},
		{7, 404, "9", "/v1/health/service/a%2Fb?index=7&passing=&wait=15s", "", ""},
		{0, 404, "", "/v1/health/service/a%2Fb?passing=", "", "has no index"},
		{0, 200, "0", "/v1/health/service/a%2Fb?passing=", "", "has no index"},
		{0, 500, "9", "/v1/health/service/a%2Fb?passing=", "", "the agent answered 500: [1]"},
	} {
		status, at = tc.status, tc.at
		body, index, err := c.Blocking(t.Context(), read, tc.index)
		switch {
		case asked != tc.asks || string(body) != tc.body:
			t.Errorf("asked %s, got %q; want %s, %q", asked, body, tc.asks, tc.body)
		case tc.fault == "" && (err != nil || index == 0):
			t.Errorf("index %d, %v", index, err)
		case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)):
			t.Errorf("%v, want %s", err, tc.fault)
		}
	}
	if read.Query.Has("index") {
		t.Error("the caller's query was changed")
	}
}

// A client may ask a handler of its own process, blocking reads included.
func TestClientVia(t *testing.T) {
	f := newFixture(t, nil)
	c, err := NewClient(ClientConfig{Via: f.Passed()})
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := c.SetKey(t.Context(), "a", []byte("1"), 0, ClientWrite{}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	read := ClientRead{Path: "/v1/kv/", Key: "a"}
	body, index, err := c.Blocking(t.Context(), read, 0)
	if err != nil || !strings.Contains(string(body), `"Value":"MQ=="`) {
		t.Fatalf("%s, %v", body, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.Blocking(ctx, read, index); err == nil {
		t.Error("a read of a client that has gone was answered")
	}
	if body, _, err := c.Blocking(t.Context(), ClientRead{Path: "/v1/kv/", Key: "none"}, 0); err != nil || body != nil {
		t.Errorf("%s, %v", body, err)
	}
}
