package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProfiles(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) { c.EnableDebug = true })
	for _, c := range []struct {
		path   string
		status int
		part   string
	}{
		{"/debug/pprof/", 200, "goroutine"},
		{"/debug/pprof/heap", 200, "\x1f\x8b"},
		{"/debug/pprof/goroutine?debug=1", 200, "goroutine profile: total"},
		{"/debug/pprof/profile?seconds=1", 200, "\x1f\x8b"},
		{"/debug/pprof/trace?seconds=0", 200, "go 1."},
		{"/debug/pprof/none", 404, `no profile "none"`},
		{"/debug/pprof/heap%2fx", 404, `no profile "heap/x"`},
		{"/debug/pprof/profile?seconds=601", 400, "seconds: 601 is more than 600"},
		{"/debug/pprof/profile?seconds=-1", 400, "seconds: "},
		{"/debug/vars", 404, "no such endpoint"},
	} {
		if r := f.do("GET", c.path, ""); r.status != c.status || !strings.Contains(r.body, c.part) {
			t.Errorf("%s: %d %.100q", c.path, r.status, r.body)
		}
	}
	if r := f.do("PUT", "/debug/pprof/heap", ""); r.status != 405 {
		t.Errorf("put: %d", r.status)
	}
	for from, status := range map[string]int{"192.0.2.1:1000": 403, "[2001:db8::1]:1": 403, "[::1]:1": 200, "[::ffff:127.0.0.1]:1": 200, "": 403} {
		r := httptest.NewRequest("GET", "http://localhost/debug/pprof/heap", nil)
		r.RemoteAddr = from
		out := httptest.NewRecorder()
		if f.ServeHTTP(out, r); out.Code != status {
			t.Errorf("from %q: %d, want %d", from, out.Code, status)
		}
	}
}

// TestProfilesAreOff: without enable_debug there is no such path.
func TestProfilesAreOff(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof"} {
		if r := f.do("GET", path, ""); r.status != 404 || !strings.HasPrefix(r.body, "no such endpoint") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}
