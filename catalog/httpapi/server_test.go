package httpapi

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestServesEveryAddress(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "http.sock")
	// A socket that a killed agent left behind is in nobody's way.
	dead, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(c *Config, _ *Deps) {
		c.Addresses = []string{"127.0.0.1:0", "127.0.0.2:0", "unix://" + socket}
	})
	for i, addr := range f.Addrs() {
		status, body := f.rawTo(addr.Network(), addr.String(), "GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if status != 200 || body != `"127.0.0.1:8300"` {
			t.Errorf("address %d, %v: %d %s", i, addr, status, body)
		}
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket is %v, %v", info, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("socket outlives the server: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFixture(t, nil)
	taken := f.Addrs()[0].String()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "http.sock")
	live, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for _, c := range []struct {
		addrs []string
		want  string
	}{
		{[]string{"127.0.0.1:0", taken}, "address already in use"},
		{[]string{"127.0.0.1:99999"}, "invalid port"},
		{[]string{"unix://" + file}, "exists and is not a socket"},
		{[]string{"unix://" + socket}, "is in use by another process"},
	} {
		s, err := New(Config{Addresses: c.addrs}, f.deps)
		if err == nil {
			t.Errorf("%v was bound to %v", c.addrs, s.Addrs())
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.addrs, err, c.want)
		}
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	f := newFixture(t, nil)
	never, err := New(Config{Addresses: []string{"127.0.0.1:0"}}, f.deps)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := never.Close(); err != nil {
			t.Errorf("never started: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("started: %v", err)
		}
	}
	if conn, err := net.Dial("tcp", f.Addrs()[0].String()); err == nil {
		conn.Close()
		t.Error("still listening")
	}
}

func TestConnectionsPerClient(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) { c.MaxConnsPerClient = 2 })
	dial := func() (net.Conn, string) {
		conn, err := net.Dial("tcp", f.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return conn, strings.TrimSpace(line)
	}
	first, line := dial()
	defer first.Close()
	if line != "HTTP/1.1 200 OK" {
		t.Errorf("first: %s", line)
	}
	second, _ := dial()
	third, line := dial()
	third.Close()
	if line != "HTTP/1.1 429 Too Many Requests" {
		t.Errorf("third: %s", line)
	}
	second.Close()
	eventually(t, "a place for another", func() bool {
		conn, line := dial()
		conn.Close()
		return line == "HTTP/1.1 200 OK"
	})
}

func TestHeaderLimit(t *testing.T) {
	f := newFixture(t, nil)
	for size, want := range map[int]int{15 << 10: 200, 17 << 10: 431} {
		status, _ := f.raw("GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", size) + "\r\n\r\n")
		if status != want {
			t.Errorf("header of %d bytes: %d, want %d", size, status, want)
		}
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	f := newFixture(t, nil)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	f.client.Transport = transport
	f.put("/v1/kv/a//b", "x")
	out := f.blocked(t.Context(), "/v1/kv/a//b?raw&index=1&wait=10m")
	f.put("/v1/kv/a//b", "y")
	if r := await(t, "http2", out); r.body != "y" {
		t.Errorf("%+v", r)
	}
}

func TestPanicIsOneRequestsFailure(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.MetricsHandler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("planted") })
		d.UI = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half an ")
			panic("planted")
		})
	})
	if r, err := f.try(t.Context(), "GET", "/ui/", ""); err == nil {
		t.Errorf("half an answer passed for a whole one: %+v", r)
	}
	r := f.do("GET", "/metrics?token=geheim", "", "X-Consul-Token: geheim", "Authorization: Bearer geheim")
	if r.status != 500 || r.body != internalText {
		t.Errorf("%d %s", r.status, r.body)
	}
	log := f.log.String()
	if !strings.Contains(log, "panic=planted") || !strings.Contains(log, "route=/metrics") {
		t.Errorf("log: %s", log)
	}
	if strings.Contains(log, "geheim") {
		t.Errorf("a token is in the log: %s", log)
	}
}

func TestPrettyAndGzip(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/a", strings.Repeat("x", 3000))
	f.put("/v1/kv/small", "x")
	if got := f.get("/v1/status/peers?pretty"); got != "[]\n" {
		t.Errorf("pretty: %q", got)
	}
	if got := f.get("/v1/kv/small?pretty"); !strings.HasPrefix(got, "[\n    {\n        \"LockIndex\": 0,") {
		t.Errorf("pretty: %s", got)
	}
	for _, c := range []struct {
		path, accept string
		gzipped      bool
	}{
		{"/v1/kv/a", "gzip", true},
		{"/v1/kv/a", "deflate, GZIP;q=0.5", true},
		{"/v1/kv/a", "br, gzip; q=0.0", false},
		{"/v1/kv/a", "", false},
		{"/v1/kv/small", "gzip", false},
		{"/v1/kv/a?raw", "gzip", true},
	} {
		plain := f.do("GET", c.path, "").body
		r := f.do("GET", c.path, "", "Accept-Encoding: "+c.accept)
		if gzipped := r.header.Get("Content-Encoding") == "gzip"; gzipped != c.gzipped {
			t.Errorf("%s accepting %q: gzipped is %v", c.path, c.accept, gzipped)
			continue
		}
		if c.gzipped {
			z, err := gzip.NewReader(strings.NewReader(r.body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			r.body = string(b)
		}
		if r.body != plain {
			t.Errorf("%s accepting %q: %d bytes, want %d", c.path, c.accept, len(r.body), len(plain))
		}
	}
}

func TestHead(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/a", "x")
	get, head := f.do("GET", "/v1/kv/a", ""), f.do("HEAD", "/v1/kv/a", "")
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(get.body)) || head.index() != "1" {
		t.Errorf("%+v", head)
	}
}

func TestUI(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.UI = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page ", r.URL.Path) })
	})
	if r := f.do("GET", "/", ""); r.status != 307 || r.header.Get("Location") != "/ui/" {
		t.Errorf("root: %d %v", r.status, r.header)
	}
	if got := f.get("/ui/services/web"); got != "page /ui/services/web" {
		t.Errorf("ui: %s", got)
	}
}

// TestMetricsNameRoutes: a path, a name or a token never becomes a label.
func TestMetricsNameRoutes(t *testing.T) {
	f := newFixture(t, nil)
	f.put("/v1/kv/private/key", "x")
	f.do("GET", "/v1/kv/private/gone?token=geheim", "")
	f.do("GET", "/private/path", "")
	f.do("BREW", "/v1/kv/private/key", "")
	got := f.get("/metrics")
	for _, want := range []string{
		`muster_http_requests_total{code="200",route="/v1/kv/{key}"} 1`,
		`muster_http_requests_total{code="404",route="/v1/kv/{key}"} 1`,
		`muster_http_requests_total{code="405",route="/v1/kv/{key}"} 1`,
		`muster_http_requests_total{code="404",route="unmatched"} 1`,
		`muster_http_requests_total{code="200",route="/v1/health/service/{service}"} 0`,
		`muster_http_requests_in_flight 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if strings.Contains(got, "private") || strings.Contains(got, "geheim") || strings.Contains(got, "BREW") {
		t.Error("what was sent became a label")
	}
}

// deadlines records the deadlines set on a connection.
type deadlines struct {
	http.ResponseWriter
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = append(d.read, at); return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = append(d.write, at); return nil }

func TestDeadlines(t *testing.T) {
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	begin := time.Now()
	r := httptest.NewRequest("PUT", "/", strings.NewReader("body"))
	setDeadlines(w, r)
	q, err := newRequest(w, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := readBody(w, r); err != nil || string(body) != "body" {
		t.Fatalf("%q, %v", body, err)
	}
	if len(w.read) != 2 || w.read[0].Before(begin.Add(bodyTimeout)) || !w.read[1].IsZero() {
		t.Errorf("reading a body: %v", w.read)
	}
	q.wait()
	a := reply(true)
	a.send(w, []byte("true"), "application/json", false)
	if len(w.write) != 3 || w.write[0].IsZero() || !w.write[1].IsZero() || w.write[2].Before(begin.Add(writeTimeout)) {
		t.Errorf("beginning, waiting and answering: %v", w.write)
	}
}

func TestStatusTable(t *testing.T) {
	for code, want := range map[catalog.Code]int{
		catalog.Invalid: 400, catalog.Denied: 403, catalog.NotFound: 404, catalog.Conflict: 409,
		catalog.TooLarge: 413, catalog.Unavailable: 503, catalog.Internal: 500, "": 500,
	} {
		if got := statusOf(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}
