package httpapi

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"muster/catalog"
)

// TestHashBlocking: reads of the agent's own registrations wait for what they show, and for that alone.
func TestHashBlocking(t *testing.T) {
	for _, c := range []struct {
		path, want string // want is part of the answer after the change
		woken      bool   // by the change of web-1's port; otherwise by that of check c1's output
	}{
		{"/v1/agent/services", `"Port":8080`, true},
		{"/v1/agent/services?filter=ID==%22web-1%22", `"Port":8080`, true},
		{"/v1/agent/service/web-1", `"Port":8080`, true},
		{"/v1/agent/checks", `"Output":"slow"`, false},
		{"/v1/agent/checks?filter=CheckID==c1", `"Output":"slow"`, false},
	} {
		t.Run(c.path, func(t *testing.T) {
			f, a := newAgentFixture(t)
			instances, checks := twoInstances()
			a.set(instances, checks)
			join := "?"
			if strings.Contains(c.path, "?") {
				join = "&"
			}
			hash := func(r response) string { return r.header.Get("X-Consul-Contenthash") }
			first := f.do("GET", c.path, "")
			if same := f.do("GET", c.path+join+"wait=5ms&hash="+hash(first), ""); hash(first) == "" || hash(same) != hash(first) || same.body != first.body {
				t.Fatalf("the wait passed: %s and %s", first.body, same.body)
			}
			if other := f.do("GET", c.path+join+"wait=5m&hash=other", ""); hash(other) != hash(first) {
				t.Errorf("with another hash: %v", other)
			}
			out := f.begin(t.Context(), c.path+join+"wait=5m&hash="+hash(first))
			web, check := *instances[0], *checks[0]
			web.Port, check.Output = 8080, "slow"
			changed := []*catalog.Instance{&web, instances[1]}
			if c.woken {
				a.set(instances, []*catalog.Check{&check, checks[1], checks[2]})
			} else {
				a.set(changed, checks)
			}
			select {
			case r := <-out:
				t.Fatalf("woken by something else: %+v", r)
			default:
			}
			a.set(changed, []*catalog.Check{&check, checks[1], checks[2]})
			if r := await(t, c.path, out); r.status != 200 || hash(r) == hash(first) || !strings.Contains(r.body, c.want) {
				t.Errorf("woken with %d %s", r.status, r.body)
			}
		})
	}
}

// TestHashBlockingEnds with its client, its server and its instance.
func TestHashBlockingEnds(t *testing.T) {
	f, a := newAgentFixture(t)
	a.set(twoInstances())
	f.client.CloseIdleConnections()
	goroutines := runtime.NumGoroutine()
	wait := func(ctx context.Context, path string) <-chan response {
		hash := f.do("GET", path, "").header.Get("X-Consul-Contenthash")
		return f.begin(ctx, path+"?wait=10m&hash="+hash)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := wait(ctx, "/v1/agent/services")
	cancel()
	await(t, "cancelled", gone)
	f.client.CloseIdleConnections()
	eventually(t, "end of the handler", func() bool { return runtime.NumGoroutine() <= goroutines })

	removed := wait(t.Context(), "/v1/agent/service/web-2")
	instances, checks := twoInstances()
	a.set(instances[:1], checks)
	if r := await(t, "removed", removed); r.status != 404 {
		t.Errorf("removed: %d %s", r.status, r.body)
	}
	closed := f.begin(t.Context(), "/v1/agent/checks?wait=10m&hash="+f.do("GET", "/v1/agent/checks", "").header.Get("X-Consul-Contenthash"))
	eventually(t, "both are served", func() bool { return strings.Contains(f.metricsText(), "muster_http_requests_in_flight 2") })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if r := await(t, "closing", closed); r.status != 200 {
		t.Errorf("closing: %+v", r)
	}
}

// metricsText is what /metrics says.
func (f *fixture) metricsText() string { return f.get("/metrics") }
