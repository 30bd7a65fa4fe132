package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"
)

// TestBlockedPaths: what begins like a blocked path is not served, however it is written and whether there is such a path.
func TestBlockedPaths(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) {
		c.BlockedPaths = []string{"/v1/kv/secret", "/v1/agent/leave", "/v1/acl", "/v1/health/service/internal"}
	})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/kv/secret", 403},
		{"GET", "/v1/kv/secret/a?recurse", 403},
		{"PUT", "/v1/kv/%73ecret%2Fa", 403},
		{"GET", "/v1/kv/secrets", 403},
		{"GET", "/v1/kv/SECRET", 404},
		{"GET", "/v1/health/service/INTERNAL", 403},
		{"GET", "/v1/kv/public", 404},
		{"PUT", "/v1/kv/public", 200},
		{"GET", "/v1/acl/tokens", 403},
		{"GET", "/v1/acl-is-no-path", 403},
		{"PUT", "/v1/agent/leave", 403},
		{"GET", "/v1/status/leader", 200},
	} {
		before := f.consensus.applied()
		r := f.do(c.method, c.path, "")
		if r.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, r.status, r.body, c.status)
		}
		if c.status == 403 && (f.consensus.applied() != before || r.body != "this path is blocked by the agent's configuration (http_config.block_endpoints)") {
			t.Errorf("%s %s: %s", c.method, c.path, r.body)
		}
	}
	r := httptest.NewRecorder()
	f.Passed().ServeHTTP(r, httptest.NewRequest("GET", "/v1/kv/secret", nil))
	if r.Code != http.StatusNotFound {
		t.Errorf("what another agent passes on: %d %s", r.Code, r.Body)
	}
}

// TestWritesFrom: who is outside the networks may read and change nothing, by whatever method.
func TestWritesFrom(t *testing.T) {
	inside := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	f := newFixture(t, func(c *Config, _ *Deps) { c.WritesFrom = inside })
	for _, c := range []struct {
		method, from string
		allowed      bool
	}{
		{"PUT", "127.0.0.9:1000", true},
		{"PUT", "[::ffff:127.0.0.9]:1000", true},
		{"PUT", "[fd00::1%eth0]:1000", true},
		{"GET", "192.0.2.1:1000", true},
		{"HEAD", "192.0.2.1:1000", true},
		{"PUT", "192.0.2.1:1000", false},
		{"DELETE", "192.0.2.1:1000", false},
		{"POST", "[2001:db8::1]:1000", false},
		{"PUT", "nonsense", false},
	} {
		r := httptest.NewRequest(c.method, "http://127.0.0.1/v1/kv/a", nil)
		r.RemoteAddr = c.from
		before, w := f.consensus.applied(), httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if refused := w.Code == http.StatusForbidden; refused == c.allowed {
			t.Errorf("%s from %s: %d %s", c.method, c.from, w.Code, w.Body)
		}
		if !c.allowed && f.consensus.applied() != before {
			t.Errorf("%s from %s was applied", c.method, c.from)
		}
	}
}

// TestWritesFromASocket: the mode of a unix socket says who may use it.
func TestWritesFromASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "http.sock")
	f := newFixture(t, func(c *Config, _ *Deps) {
		c.Addresses = append(c.Addresses, "unix://"+path)
		c.WritesFrom = []netip.Prefix{netip.MustParsePrefix("255.255.255.255/32")}
	})
	if status, body := f.rawTo("unix", path, "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv"); status != 200 {
		t.Errorf("over the socket: %d %s", status, body)
	}
	if r := f.do("PUT", "/v1/kv/a", "v"); r.status != http.StatusForbidden {
		t.Errorf("over TCP: %d %s", r.status, r.body)
	}
}
