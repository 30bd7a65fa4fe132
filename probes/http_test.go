package probes

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
)

const (
	soon   = 200 * time.Millisecond // timeout of probes that get no answer at all
	enough = 2 * time.Second        // timeout of probes that get half of one, on a slow machine too
	long   = 20 * time.Second       // timeout of probes that are not to run out of time
)

func TestHTTPStatusCodes(t *testing.T) {
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &code)
		w.WriteHeader(code)
		if code != http.StatusNoContent && code != http.StatusNotModified {
			fmt.Fprintf(w, "this is %d", code)
		}
	})
	for code, want := range map[int]catalog.Status{
		200: catalog.Passing, 204: catalog.Passing, 299: catalog.Passing,
		429: catalog.Warning,
		300: catalog.Critical, 304: catalog.Critical, 400: catalog.Critical, 404: catalog.Critical, 500: catalog.Critical, 503: catalog.Critical,
	} {
		url := fmt.Sprintf("%s/%d", s.URL, code)
		res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: url}, long)
		if res.Status != want {
			t.Errorf("%d: %s, want %s", code, res.Status, want)
		}
		if begin := fmt.Sprintf("HTTP GET %s: %d", url, code); !strings.HasPrefix(res.Output, begin) {
			t.Errorf("output %q does not begin with %q", res.Output, begin)
		}
	}
	res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: s.URL + "/200"}, long)
	if want := "HTTP GET " + s.URL + "/200: 200 OK Output: this is 200"; res.Output != want {
		t.Errorf("output %q, want %q", res.Output, want)
	}
}

func TestHTTPSendsWhatTheDefinitionSays(t *testing.T) {
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, _, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s", r.Method, r.Host, r.UserAgent(), strings.Join(r.Header["X-Many"], ","), user, body)
	})
	addr := s.Listener.Addr().String()
	for _, c := range []struct {
		name string
		def  catalog.CheckDefinition
		want string
	}{
		{"defaults", catalog.CheckDefinition{HTTP: s.URL}, "GET|" + addr + "|muster-probe|||"},
		{"method and body", catalog.CheckDefinition{HTTP: s.URL, Method: "post", Body: "ping"}, "POST|" + addr + "|muster-probe|||ping"},
		{"headers", catalog.CheckDefinition{HTTP: s.URL, Header: map[string][]string{
			"host": {"web.example"}, "user-agent": {"mine"}, "x-many": {"a", "b"}}}, "GET|web.example|mine|a,b||"},
		{"user of the url", catalog.CheckDefinition{HTTP: "http://joe:secret@" + addr}, "GET|" + addr + "|muster-probe||joe|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openHTTP, c.def, long)
			if _, got, _ := strings.Cut(res.Output, "Output: "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if strings.Contains(res.Output, "secret") {
				t.Errorf("output tells the password: %q", res.Output)
			}
		})
	}
}

func TestHTTPTargetsThatMisbehave(t *testing.T) {
	slow := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			io.WriteString(w, "the first ")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	plain := serveHTTP(t, false, func(http.ResponseWriter, *http.Request) {})
	secure := serveHTTP(t, true, func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name    string
		url     string
		timeout time.Duration
		want    string // part of the output
	}{
		{"nobody listens", "http://" + nobody(t), long, "refused"},
		{"no such host", "http://no-such-host.invalid/", long, "no-such-host.invalid"},
		{"no answer to the request", slow.URL, soon, "no answer within 200ms"},
		{"body that does not end", slow.URL + "/body", enough, "200 OK, then the body broke off: no answer within 2s"},
		{"connected, never accepted", "http://" + listen(t, nil), soon, "no answer within 200ms"},
		{"TLS handshake never answered", "https://" + listen(t, nil), soon, "no answer within 200ms"},
		{"reset at once", "http://" + listen(t, reset), long, ""},
		{"closed without an answer", "http://" + listen(t, answers("")), long, ""},
		{"not HTTP", "http://" + listen(t, answers("SSH-2.0-OpenSSH_9.6\r\n")), long, "malformed HTTP"},
		{"body shorter than announced", "http://" + listen(t, answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")), long, "200 OK, then the body broke off"},
		{"endless header", "http://" + listen(t, answers("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 200<<10))), long, "exceeded"},
		{"certificate nobody trusts", secure.URL, long, "certificate"},
		{"TLS to a plain server", strings.Replace(plain.URL, "http", "https", 1), long, "HTTPS client"},
		{"plain to a TLS server", strings.Replace(secure.URL, "https", "http", 1), long, "400"},
		{"another scheme", "file:///etc/passwd", long, "neither http nor https"},
		{"no URL", "http://[::1", long, "missing ']'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: c.url, Interval: time.Second}, c.timeout)
			if res.Status != catalog.Critical || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want critical, saying %q", res.Status, res.Output, c.want)
			}
		})
	}
}

func TestHTTPHugeBodyIsNotRead(t *testing.T) {
	var sent atomic.Int64
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		block := []byte(strings.Repeat("0123456789abcdef", 4096))
		for r.Context().Err() == nil {
			n, err := w.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: s.URL}, long)
	if res.Status != catalog.Passing || len(res.Output) > catalog.MaxCheckOutput+200 {
		t.Errorf("got %s with %d bytes of output", res.Status, len(res.Output))
	}
	s.Close()
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("the target could send %d bytes", n)
	}
}

func TestHTTPRedirects(t *testing.T) {
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		case "/there":
			io.WriteString(w, "arrived")
		}
	})
	for _, c := range []struct {
		path   string
		follow bool
		status catalog.Status
		want   string
	}{
		{"/", false, catalog.Critical, `302 Found Output: redirect to "/there" not followed`},
		{"/", true, catalog.Passing, "200 OK Output: arrived"},
		{"/round", true, catalog.Critical, "stopped after 10 redirects"},
		{"/file", true, catalog.Critical, "unsupported protocol scheme"},
	} {
		res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: s.URL + c.path, FollowRedirects: c.follow}, long)
		if res.Status != c.status || !strings.Contains(res.Output, c.want) {
			t.Errorf("%s follow=%v: got %s %q, want %s, saying %q", c.path, c.follow, res.Status, res.Output, c.status, c.want)
		}
	}
}

func TestHTTPTLSOptions(t *testing.T) {
	var mu sync.Mutex
	var names []string
	s := serveHTTP(t, true, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		names = append(names, r.TLS.ServerName)
	})
	res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: s.URL, TLSSkipVerify: true, TLSServerName: "web.example"}, long)
	if res.Status != catalog.Passing || !slices.Equal(names, []string{"web.example"}) {
		t.Errorf("got %s %q with server names %q", res.Status, res.Output, names)
	}
	if cfg, err := tlsConfig(&catalog.CheckDefinition{}); err != nil || cfg.MinVersion != tls.VersionTLS12 {
		t.Errorf("oldest TLS version is %x, error %v", cfg.MinVersion, err)
	}
}

func TestHTTPIgnoresProxiesOfTheEnvironment(t *testing.T) {
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) { t.Error("the proxy was asked for " + r.URL.String()) })
	t.Setenv("HTTP_PROXY", s.URL)
	t.Setenv("http_proxy", s.URL)
	lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: "http://no-such-host.invalid/"}, long)
}

func TestHTTPConnectionsAreSharedWithinBounds(t *testing.T) {
	var opened, open atomic.Int64
	var fail atomic.Bool
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fail.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		io.WriteString(w, "here")
	}))
	defer s.Close()
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.Start()
	for _, c := range []struct {
		name string
		def  catalog.CheckDefinition
		fail bool
		want int64 // connections for five probes
	}{
		{"often", catalog.CheckDefinition{Interval: time.Second}, false, 1},
		{"seldom", catalog.CheckDefinition{Interval: 10 * time.Second}, false, 5},
		{"not repeatable", catalog.CheckDefinition{Interval: time.Second, Method: "POST"}, false, 5},
		{"failing", catalog.CheckDefinition{Interval: time.Second}, true, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened.Store(0)
			fail.Store(c.fail)
			c.def.HTTP = s.URL
			look, done := openHTTP(&c.def, newBudget(1, nil))
			for range 5 {
				look(t.Context(), &c.def)
			}
			done()
			if n := opened.Load(); n != c.want {
				t.Errorf("five probes used %d connections, want %d", n, c.want)
			}
			eventually(t, "all connections are closed", func() bool { return open.Load() == 0 })
		})
	}
}
