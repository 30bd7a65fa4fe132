package httpapi

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"
)

// proxyTo passes requests to another fixture, as the agents' own port does.
func proxyTo(f *fixture) http.Handler {
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: f.Addrs()[0].String()})
	p.FlushInterval = -1
	p.ErrorLog = log.New(io.Discard, "", 0)
	return p
}

// told is a handler that says what reached it.
func told(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s step=%s token=%s body=%s", r.Method, r.URL.RequestURI(), r.Header.Get(passedHeader), r.Header.Get("X-Consul-Token"), body)
}

// newClientAgent is the API of a client agent whose server is there.
func newClientAgent(t *testing.T, there http.Handler) *fixture {
	return newFixture(t, func(_ *Config, d *Deps) { d.Elsewhere = there })
}

func TestPassedOnWhole(t *testing.T) {
	f := newClientAgent(t, http.HandlerFunc(told))
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/v1/kv/a%2Fb//c?raw&dc=dc2&token=t", "", "GET /v1/kv/a%2Fb//c?raw&dc=dc2&token=t step=1 token=s3 body="},
		{"PUT", "/v1/operator/keyring", `{"Key":"k"}`, `PUT /v1/operator/keyring step=1 token=s3 body={"Key":"k"}`},
		{"PUT", "/v1/kv/a?dc=dc2", strings.Repeat("x", maxBodyBytes+1), "PUT /v1/kv/a?dc=dc2 step=1 token=s3 body=" + strings.Repeat("x", maxBodyBytes+1)},
		{"PUT", "/v1/catalog/register", `{"Datacenter":"DC2","Node":7}`, `body:1:28: Node: wants a string, has a number`},
		{"PUT", "/v1/catalog/register", `{"Datacenter":"DC2"}`, `PUT /v1/catalog/register step=1 token=s3 body={"Datacenter":"DC2"}`},
		{"PUT", "/v1/catalog/deregister", `{"Datacenter":"dc2"}`, `PUT /v1/catalog/deregister step=1 token=s3 body={"Datacenter":"dc2"}`},
	} {
		if r := f.do(c.method, c.path, c.body, "X-Consul-Token: s3"); r.body != c.want {
			t.Errorf("%s %s: %d %.200s, want %.200s", c.method, c.path, r.status, r.body, c.want)
		}
	}
	if text := f.get("/metrics"); !strings.Contains(text, `muster_http_requests_total{code="200",route="/v1/kv/{key}"} 2`) {
		t.Error("passed-on requests are not counted under their routes")
	}
}

// TestClientWithItsServer: a client agent in front of a server answers as the server
// does, headers and compression included, and stale reads from its own view.
func TestClientWithItsServer(t *testing.T) {
	server := newFixture(t, nil)
	twoWebs(server)
	server.put("/v1/kv/a", strings.Repeat("value", 1000))
	client := newClientAgent(t, proxyTo(server))
	for _, path := range []string{
		"/v1/kv/a", "/v1/kv/none", "/v1/catalog/nodes?pretty", "/v1/health/service/web?filter=((", "/v1/kv/a?index=1&wait=1ms", "/v1/status/leader",
	} {
		there, r := server.do("GET", path, "", "Accept-Encoding: gzip"), client.do("GET", path, "", "Accept-Encoding: gzip")
		there.header.Del("Date")
		r.header.Del("Date")
		if r.status != there.status || r.body != there.body || fmt.Sprint(r.header) != fmt.Sprint(there.header) {
			t.Errorf("%s: %d %v %.100s\nthere: %d %v %.100s", path, r.status, r.header, r.body, there.status, there.header, there.body)
		}
	}
	if r := client.do("GET", "/v1/catalog/nodes?stale", ""); r.body != "[]" || r.header.Get("X-Consul-LastContact") != "1500" {
		t.Errorf("stale read of a view without nodes: %s, %v", r.body, r.header)
	}
	client.put("/v1/kv/written", "through the client's own consensus")
	if client.consensus.applied() != 1 {
		t.Errorf("%d commands, want 1", client.consensus.applied())
	}
}

func TestPassedOnBlockingRead(t *testing.T) {
	server := newFixture(t, nil)
	server.put("/v1/kv/a", "1")
	client := newClientAgent(t, proxyTo(server))
	blocked := func() <-chan response {
		before := server.consensus.readCount()
		out := client.begin(t.Context(), "/v1/kv/a?raw&index=1&wait=5m")
		eventually(t, "the read waits at the server", func() bool { return server.consensus.readCount() > before })
		return out
	}
	out := blocked()
	server.put("/v1/kv/a", "2")
	if r := await(t, "a change", out); r.status != 200 || r.body != "2" || r.index() != "2" {
		t.Errorf("%+v", r)
	}
	out = client.begin(t.Context(), "/v1/kv/a?raw&index=2&wait=5m")
	eventually(t, "the read waits at the server", func() bool { return strings.Contains(server.get("/metrics"), "in_flight 2\n") })
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if r := await(t, "the end of the client agent", out); r.status != http.StatusBadGateway { // the proxy's word; a cut connection has none
		t.Errorf("%+v", r)
	}
	eventually(t, "the end of the read at the server", func() bool { return strings.Contains(server.get("/metrics"), "in_flight 1\n") })
}

// TestSteps: a request goes from a client to a server, to another datacenter, to the leader, and never back.
func TestSteps(t *testing.T) {
	here, nobody := http.HandlerFunc(told), http.Handler(nil)
	const (
		taken    = "503 this agent was taken for another and cannot serve the request; try again"
		leader   = "/v1/operator/autopilot/health"
		noLeader = "503 no leader is known; try again when one is elected"
	)
	for _, c := range []struct {
		places Places
		path   string
		step   string // the header it came with
		want   string // a part of status and body
	}{
		{Places{Elsewhere: here}, "/v1/kv/a", "", "200 GET /v1/kv/a step=1"},
		{Places{Elsewhere: here}, "/v1/kv/a", "1", taken},
		{Places{Elsewhere: here}, "/v1/kv/a", "3", taken},
		{Places{Elsewhere: here}, "/v1/catalog/nodes?stale", "1", "200 []"},
		{Places{Remote: func(string) (http.Handler, bool) { return here, true }}, "/v1/kv/a?dc=dc2", "1", "200 GET /v1/kv/a?dc=dc2 step=2"},
		{Places{Remote: func(string) (http.Handler, bool) { return here, true }}, "/v1/kv/a?dc=dc2", "2", taken},
		{Places{Remote: func(string) (http.Handler, bool) { return nil, false }}, "/v1/kv/a?dc=dc2", "1", "500 No path to datacenter"},
		{Places{}, "/v1/kv/a?dc=dc2", "", "500 No path to datacenter"},
		{Places{Leader: func(context.Context) (http.Handler, bool) { return here, false }}, leader, "2", "200 GET " + leader + " step=3"},
		{Places{Leader: func(context.Context) (http.Handler, bool) { return here, false }}, leader, "3", taken},
		{Places{Leader: func(context.Context) (http.Handler, bool) { return nobody, false }}, leader, "", noLeader},
		{Places{Elsewhere: here}, "/v1/kv/a", "0", "400 X-Muster-Passed"},
		{Places{Elsewhere: here}, "/v1/kv/a", "4", "400 X-Muster-Passed"},
		{Places{Elsewhere: here}, "/v1/kv/a", "x", `400 X-Muster-Passed: "x" is none of 1, 2, 3`},
	} {
		f := newFixture(t, func(_ *Config, d *Deps) { d.Places = c.places })
		var headers []string
		if c.step != "" {
			headers = append(headers, passedHeader+": "+c.step)
		}
		r := f.do("GET", c.path, "", headers...)
		if got := fmt.Sprint(r.status, " ", r.body); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s after step %q: %s, want %s", c.path, c.step, got, c.want)
		}
	}
}

// TestPassedSkipsBrowserRules: the first agent has judged Host and Origin.
func TestPassedSkipsBrowserRules(t *testing.T) {
	f := newFixture(t, nil)
	for want, handler := range map[int]http.Handler{421: f.Server, 200: f.Passed()} {
		out := httptest.NewRecorder()
		w := &deadlines{ResponseWriter: out}
		r, err := http.NewRequest("PUT", "http://consul.example/v1/kv/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		handler.ServeHTTP(w, r)
		if got := out.Code; got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
}

func TestHalfAnAnswerIsNoAnswer(t *testing.T) {
	f := newClientAgent(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `["half`)
		panic(http.ErrAbortHandler) // as httputil.ReverseProxy does when its source ends early
	}))
	if r, err := f.try(t.Context(), "GET", "/v1/kv/a", ""); err == nil {
		t.Errorf("passed for an answer: %+v", r)
	}
}

func TestDatacentersKnown(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Datacenters = func() []string { return []string{"dc1", "far", "a"} } })
	expectJSON(t, "datacenters", f.get("/v1/catalog/datacenters"), `["dc1","far","a"]`)
}

func TestHoldTimeout(t *testing.T) {
	if got := (&Server{}).hold(); got != DefaultHoldTimeout {
		t.Errorf("unset: %v", got)
	}
	if got := (&Server{cfg: Config{HoldTimeout: 7}}).hold(); got != 7 {
		t.Errorf("set: %v", got)
	}
}

// TestRelayDeadlines: each piece that arrives or leaves has its time, and between them there is no hurry.
func TestRelayDeadlines(t *testing.T) {
	f := newClientAgent(t, http.HandlerFunc(told))
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	r := httptest.NewRequest("PUT", "http://localhost/v1/operator/keyring", strings.NewReader("body"))
	begin := time.Now()
	f.ServeHTTP(w, r)
	if n := len(w.read); n < 3 || w.read[n-2].Before(begin.Add(bodyTimeout)) || !w.read[n-1].IsZero() {
		t.Errorf("reading: %v", w.read)
	}
	// At its beginning, when it may have to wait, and round each write.
	if n := len(w.write); n < 4 || !w.write[1].IsZero() || w.write[n-2].Before(begin.Add(writeTimeout)) || !w.write[n-1].IsZero() {
		t.Errorf("writing: %v", w.write)
	}
}

// TestWaitForALeader: a request that the leader serves waits for one as long as the client, the server, and the time it may take are there.
func TestWaitForALeader(t *testing.T) {
	waiting := make(chan struct{}, 1)
	leaderless := func(hold time.Duration) *fixture {
		return newFixture(t, func(c *Config, d *Deps) {
			c.HoldTimeout = hold
			d.Places = Places{Leader: func(ctx context.Context) (http.Handler, bool) {
				waiting <- struct{}{}
				<-ctx.Done()
				return nil, false
			}}
		})
	}
	f := leaderless(time.Millisecond)
	r := f.do("GET", "/v1/operator/autopilot/state", "")
	if <-waiting; r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "no leader is known") {
		t.Errorf("in vain: %+v", r)
	}
	f = leaderless(time.Hour)
	out := f.begin(t.Context(), "/v1/operator/autopilot/state")
	<-waiting
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if r := await(t, "the end of the server", out); r.status != http.StatusServiceUnavailable {
		t.Errorf("at the end of the server: %+v", r)
	}
}
