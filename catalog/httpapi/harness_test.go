package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// patience is how long tests wait for what must happen; only failures take that long.
const patience = 20 * time.Second

// fakeConsensus applies commands at once, one index each.
type fakeConsensus struct {
	state *catalog.State

	mu       sync.Mutex
	index    uint64
	commands int                   // that reached Apply
	failure  error                 // of every call, nil for none
	reads    []catalog.Consistency // modes asked for
}

func (f *fakeConsensus) Apply(_ context.Context, c catalog.Command) (catalog.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands++
	if f.failure != nil {
		return catalog.Result{}, f.failure
	}
	f.index++
	return f.state.Apply(f.index, c)
}

func (f *fakeConsensus) Read(_ context.Context, mode catalog.Consistency) (catalog.Freshness, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads = append(f.reads, mode)
	if mode == catalog.Stale {
		return catalog.Freshness{LastContact: 1500 * time.Millisecond}, nil
	}
	return catalog.Freshness{KnownLeader: true}, f.failure
}

func (f *fakeConsensus) Leader() string  { return "127.0.0.1:8300" }
func (f *fakeConsensus) Peers() []string { return nil }

func (f *fakeConsensus) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failure = err
}

func (f *fakeConsensus) applied() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commands
}

func (f *fakeConsensus) readCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.reads)
}

func (f *fakeConsensus) lastRead() catalog.Consistency {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads[len(f.reads)-1]
}

// lockedBuffer is a log that a test may read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fixture is a server on loopback with a real state behind it.
type fixture struct {
	*Server
	t         *testing.T
	state     *catalog.State
	consensus *fakeConsensus
	metrics   *metrics.Registry
	log       *lockedBuffer
	client    *http.Client
}

func newFixture(t *testing.T, adjust func(*Config, *Deps)) *fixture {
	t.Helper()
	state := catalog.New()
	f := &fixture{
		t: t, state: state, consensus: &fakeConsensus{state: state},
		metrics: metrics.New(metrics.Build{}), log: &lockedBuffer{},
	}
	cfg := Config{Addresses: []string{"127.0.0.1:0"}, Datacenter: "dc1", Node: "n1"}
	deps := Deps{
		State: state, Consensus: f.consensus, Ready: func() bool { return true },
		Metrics: f.metrics.HTTP, MetricsHandler: f.metrics.Handler(),
		Logger: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if adjust != nil {
		adjust(&cfg, &deps)
	}
	s, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	f.Server = s
	transport := &http.Transport{DisableCompression: true}
	f.client = &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.Start()
	return f
}

// response is what came back.
type response struct {
	status int
	header http.Header
	body   string
}

// index is the X-Consul-Index header.
func (r response) index() string { return r.header.Get("X-Consul-Index") }

// do sends a request; headers are "Name: value".
func (f *fixture) do(method, path, body string, headers ...string) response {
	f.t.Helper()
	r, err := f.try(context.Background(), method, path, body, headers...)
	if err != nil {
		f.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// try is do for requests that may fail and for other goroutines than the test's.
func (f *fixture) try(ctx context.Context, method, path, body string, headers ...string) (response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+f.Addrs()[0].String()+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		} else {
			req.Header.Set(name, value)
		}
	}
	res, err := f.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, string(got)}, err
}

// get expects 200 and returns the body.
func (f *fixture) get(path string) string {
	f.t.Helper()
	r := f.do("GET", path, "")
	if r.status != 200 {
		f.t.Fatalf("GET %s: %d %s", path, r.status, r.body)
	}
	return r.body
}

// put expects 200 true.
func (f *fixture) put(path, body string) {
	f.t.Helper()
	if r := f.do("PUT", path, body); r.status != 200 || r.body != "true" {
		f.t.Fatalf("PUT %s: %d %s", path, r.status, r.body)
	}
}

// raw sends bytes as they are and returns the status code and body of the answer.
func (f *fixture) raw(text string) (int, string) {
	f.t.Helper()
	return f.rawTo("tcp", f.Addrs()[0].String(), text)
}

// rawTo is raw for another address.
func (f *fixture) rawTo(network, addr, text string) (int, string) {
	f.t.Helper()
	conn, err := net.Dial(network, addr)
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		f.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		f.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.t.Fatalf("%.60q: %v", text, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil && res.StatusCode < 400 { // who refuses a request need not read all of it before it hangs up
		f.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// expectJSON compares a body with the JSON it must be, letter by letter; white
// space at the beginnings of want's lines is for the reader only.
func expectJSON(t *testing.T, what, got, want string) {
	t.Helper()
	lines := strings.Split(want, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t ")
	}
	if want = strings.Join(lines, ""); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}
