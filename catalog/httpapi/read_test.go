package httpapi

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// begin starts a request and returns where its answer will be.
func (f *fixture) begin(ctx context.Context, path string) <-chan response {
	out := make(chan response, 1)
	go func() {
		r, err := f.try(ctx, "GET", path, "")
		if err != nil {
			r.body = err.Error()
		}
		out <- r
	}()
	return out
}

// blocked starts a request and waits until it has looked once and found nothing new.
func (f *fixture) blocked(ctx context.Context, path string) <-chan response {
	f.t.Helper()
	before := f.consensus.readCount()
	out := f.begin(ctx, path)
	eventually(f.t, "read of "+path, func() bool { return f.consensus.readCount() > before })
	return out
}

// await returns an answer that must come.
func await(t *testing.T, what string, out <-chan response) response {
	t.Helper()
	select {
	case r := <-out:
		return r
	case <-time.After(patience):
		t.Fatalf("%s: no answer", what)
		return response{}
	}
}

func TestBlockingReads(t *testing.T) {
	const register = "/v1/catalog/register"
	for _, c := range []struct {
		read, noise, noiseBody, write, body, want string // want is a part of the answer
	}{
		{"/v1/kv/a?raw", "/v1/kv/ab", "x", "/v1/kv/a", "new", "new"},
		{"/v1/kv/dir/?recurse", "/v1/kv/dirt", "x", "/v1/kv/dir/a", "new", "dir/a"},
		{"/v1/kv/dir/?keys", "/v1/kv/other", "x", "/v1/kv/dir/b", "new", "dir/b"},
		{"/v1/catalog/nodes", "/v1/kv/x", "", register, `{"Node": "n3", "Address": "10.0.0.3"}`, "10.0.0.3"},
		{"/v1/catalog/services", register, `{"Node": "n3", "Address": "10.0.0.3"}`,
			register, `{"Node": "n1", "SkipNodeUpdate": true, "Service": {"Service": "new"}}`, `"new":[]`},
		{"/v1/catalog/services?filter=ServicePort==81", register, `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"Name": "x"}}`,
			register, `{"Node": "n2", "SkipNodeUpdate": true, "Service": {"Service": "db", "Port": 81}}`, `{"db":[]}`},
		{"/v1/catalog/service/db", register, `{"Node": "n2", "SkipNodeUpdate": true, "Service": {"ID": "web-2", "Service": "web", "Port": 9}}`,
			register, `{"Node": "n2", "SkipNodeUpdate": true, "Service": {"Service": "db", "Port": 82}}`, `"ServicePort":82`},
		{"/v1/catalog/node/n1", register, `{"Node": "n2", "SkipNodeUpdate": true, "Service": {"Service": "y"}}`,
			register, `{"Node": "n1", "SkipNodeUpdate": true, "Service": {"Service": "z"}}`, `"z":`},
		{"/v1/health/service/web?passing", register, `{"Node": "n2", "SkipNodeUpdate": true, "Check": {"Name": "c", "ServiceID": "db"}}`,
			register, `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "ping", "ServiceID": "web", "Status": "critical"}}`, `[]`},
		{"/v1/health/state/critical", "/v1/kv/x", "",
			register, `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "ping", "ServiceID": "web", "Status": "critical"}}`, `"ping"`},
		{"/v1/health/state/any?node-meta=rack:b", "/v1/kv/x", "",
			register, `{"Node": "n2", "Address": "10.0.0.2", "NodeMeta": {"rack": "b"}}`, `"serfHealth"`},
	} {
		t.Run(c.read, func(t *testing.T) {
			f := newFixture(t, nil)
			twoWebs(f)
			f.put("/v1/kv/a", "old")
			f.put("/v1/kv/dir/x", "old")
			join := "?"
			if strings.Contains(c.read, "?") {
				join = "&"
			}
			first := f.do("GET", c.read, "")
			out := f.blocked(t.Context(), c.read+join+"wait=1m&index="+first.index())
			f.put(c.noise, c.noiseBody)
			select {
			case r := <-out:
				t.Fatalf("woken by %s: %+v", c.noise, r)
			default:
			}
			f.put(c.write, c.body)
			r := await(t, c.read, out)
			if r.status != 200 || !strings.Contains(r.body, c.want) || r.index() == first.index() {
				t.Errorf("got %d index %s: %s", r.status, r.index(), r.body)
			}
		})
	}
}

// TestBlockingReadOfWhatIsNot waits for a key to come and to go.
func TestBlockingReadOfWhatIsNot(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/b", "")
	out := f.blocked(t.Context(), "/v1/kv/a?index=1&raw")
	f.put("/v1/kv/a", "here")
	if r := await(t, "coming", out); r.status != 200 || r.body != "here" || r.index() != "2" {
		t.Errorf("coming: %+v", r)
	}
	now := f.do("GET", "/v1/kv/a", "")
	out = f.blocked(t.Context(), "/v1/kv/a?index="+now.index())
	if r := f.do("DELETE", "/v1/kv/a", ""); r.body != "true" {
		t.Fatal(r)
	}
	if r := await(t, "going", out); r.status != 404 || r.body != "" || r.index() != "3" {
		t.Errorf("going: %+v", r)
	}
}

// TestIndexNotReached: answers at once whenever the client is behind, and after the wait when it is not.
func TestIndexNotReached(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/a", "1")
	f.put("/v1/kv/a", "2")
	for path, status := range map[string]int{
		"/v1/kv/a?index=0&wait=5m":        200,
		"/v1/kv/a?index=1&wait=5m":        200,
		"/v1/kv/a?index=2&wait=1ms":       200,
		"/v1/kv/a?index=99&wait=1ms":      200, // from the future
		"/v1/kv/missing?index=1&wait=1ms": 404,
	} {
		want := "2"
		if status == 404 {
			want = "1"
		}
		if r := f.do("GET", path, ""); r.status != status || r.index() != want {
			t.Errorf("%s: %d index %s, want %d index %s", path, r.status, r.index(), status, want)
		}
	}
}

func TestBlockedReadEndsWithItsClient(t *testing.T) {
	f := newFixture(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	out := f.blocked(ctx, "/v1/kv/a?index=1&wait=10m")
	cancel()
	await(t, "cancelled", out)
	eventually(t, "end of the handler", func() bool { return strings.Contains(f.log.String(), "status=499") })
}

func TestBlockedReadEndsWithTheServer(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/a", "last words")
	out := f.blocked(t.Context(), "/v1/kv/a?raw&index=1&wait=10m")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if r := await(t, "closing", out); r.status != 200 || r.body != "last words" {
		t.Errorf("%+v", r)
	}
}

// TestBlockedReadLosesItsLeader: when woken, a read asks for its consistency again.
func TestBlockedReadLosesItsLeader(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/a", "1")
	out := f.blocked(t.Context(), "/v1/kv/a?index=1&wait=10m")
	f.consensus.fail(catalog.Errorf(catalog.Unavailable, "no leader"))
	if _, err := f.state.Apply(2, &catalog.SetKey{Key: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if r := await(t, "leaderless", out); r.status != 503 || r.body != "no leader" {
		t.Errorf("%+v", r)
	}
}

func TestFreshnessHeaders(t *testing.T) {
	f := newFixture(t, nil)
	for query, want := range map[string]struct {
		leader, contact string
		mode            catalog.Consistency
	}{
		"":            {"true", "0", catalog.Default},
		"?consistent": {"true", "0", catalog.Consistent},
		"?stale":      {"false", "1500", catalog.Stale},
	} {
		h := f.do("GET", "/v1/catalog/nodes"+query, "").header
		if h.Get("X-Consul-KnownLeader") != want.leader || h.Get("X-Consul-LastContact") != want.contact {
			t.Errorf("%q: %v", query, h)
		}
		if got := f.consensus.lastRead(); got != want.mode {
			t.Errorf("%q read in mode %v", query, got)
		}
	}
}

func TestWaits(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"":      5 * time.Minute,
		"0s":    5 * time.Minute,
		"10s":   10 * time.Second,
		"100ms": 100 * time.Millisecond,
		"10m":   10 * time.Minute,
		"24h":   10 * time.Minute,
	} {
		o, err := (&request{query: url.Values{"wait": {text}}}).readOptions()
		if err != nil || o.wait != want {
			t.Errorf("wait=%s: %v, %v; want %v", text, o.wait, err, want)
		}
		for range 100 {
			if j := o.jittered(); j < want || j > want+want/16 {
				t.Fatalf("wait=%s: jittered to %v", text, j)
			}
		}
	}
}
