package httpapi

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestHosts(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) { c.AllowedHosts = []string{"consul.example.com", ".svc.example.com"} })
	for host, status := range map[string]int{
		"localhost":               200,
		"LocalHost:8500":          200,
		"app.localhost:8500":      200,
		"127.0.0.1:8500":          200,
		"10.1.2.3":                200,
		"[::1]:8500":              200,
		"[::1]":                   200,
		"n1:8500":                 200,
		"N1.":                     200,
		"consul.example.com":      200,
		"a.b.svc.example.com:80":  200,
		"svc.example.com":         421,
		"evil.example.com":        421,
		"evil.example.com:8500":   421,
		"127.0.0.1.evil.com":      421,
		"localhost.evil.com":      421,
		"n1.evil.com":             421,
		"consul.example.com.evil": 421,
	} {
		if r := f.do("GET", "/v1/status/leader", "", "Host: "+host); r.status != status {
			t.Errorf("%s: %d %s, want %d", host, r.status, r.body, status)
		}
	}
	if status, body := f.raw("GET /v1/status/leader HTTP/1.0\r\n\r\n"); status != 200 {
		t.Errorf("no host: %d %s", status, body)
	}
}

func TestCrossSiteWrites(t *testing.T) {
	f := newFixture(t, nil)
	own := "http://" + f.Addrs()[0].String()
	for _, c := range []struct {
		method  string
		headers []string
		status  int
	}{
		{"PUT", nil, 200},
		{"PUT", []string{"Origin: " + own}, 200},
		{"PUT", []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"PUT", []string{"Sec-Fetch-Site: cross-site"}, 403},
		{"PUT", []string{"Sec-Fetch-Site: same-site"}, 403},
		{"DELETE", []string{"Sec-Fetch-Site: cross-site"}, 403},
		{"PUT", []string{"Origin: http://evil.example.com"}, 403},
		{"PUT", []string{"Origin: null"}, 403},
		{"GET", []string{"Sec-Fetch-Site: cross-site", "Origin: http://evil.example.com"}, 200},
	} {
		before := f.consensus.applied()
		r := f.do(c.method, "/v1/kv/a", "", c.headers...)
		if r.status != c.status {
			t.Errorf("%s %v: %d %s, want %d", c.method, c.headers, r.status, r.body, c.status)
		}
		if applied := f.consensus.applied() > before; applied != (c.method != "GET" && c.status == 200) {
			t.Errorf("%s %v: applied is %v", c.method, c.headers, applied)
		}
		for name := range r.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %v: sent %s", c.method, c.headers, name)
			}
		}
	}
}

// TestUnixSocketHasNoHosts: clients of a socket send whatever Host they like.
func TestUnixSocketHasNoHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "http.sock")
	f := newFixture(t, func(c *Config, _ *Deps) { c.Addresses = append(c.Addresses, "unix://"+path) })
	status, body := f.rawTo("unix", path, "GET /v1/status/leader HTTP/1.1\r\nHost: evil.example.com\r\n\r\n")
	if status != 200 || body != `"127.0.0.1:8300"` {
		t.Errorf("%d %s", status, body)
	}
}
