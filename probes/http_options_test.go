package probes

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"muster/catalog"
)

func TestHTTPExpectations(t *testing.T) {
	s := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &code)
		w.WriteHeader(code)
		fmt.Fprint(w, "state: good\n", strings.Repeat("x", 5000), "late")
	})
	for _, c := range []struct {
		code         int
		status, body string
		want         catalog.Status
		says         string
	}{
		{401, "200-299,401", "", catalog.Passing, ": 401 Unauthorized Output: state"},
		{204, "200", "", catalog.Critical, "204 No Content is not expected."},
		{429, "200,429", "", catalog.Passing, "429"},
		{429, "200", "", catalog.Critical, "not expected"},
		{200, "", "state: (good|fair)", catalog.Passing, "200 OK Output"},
		{200, "", "state: bad", catalog.Critical, `but the body does not match "state: bad". Output: state: good`},
		{200, "", "late", catalog.Critical, "does not match"}, // behind what is read
		{429, "", "good", catalog.Warning, "429"},
		{429, "", "bad", catalog.Critical, "does not match"},
		{500, "", "good", catalog.Critical, "500 Internal Server Error Output"},
		{500, "500", "good", catalog.Passing, "500"},
	} {
		def := catalog.CheckDefinition{HTTP: fmt.Sprintf("%s/%d", s.URL, c.code), ExpectStatus: c.status, ExpectBody: c.body}
		res := lookOnce(t, openHTTP, def, long)
		if res.Status != c.want || !strings.Contains(res.Output, c.says) {
			t.Errorf("%d, expected %q %q: %s %.200q, want %s, saying %q", c.code, c.status, c.body, res.Status, res.Output, c.want, c.says)
		}
	}
}

func TestHTTP2(t *testing.T) {
	proto := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	serve := func(secure bool, protos ...func(*http.Protocols, bool)) string {
		s := httptest.NewUnstartedServer(proto)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Config.Protocols = &http.Protocols{}
		for _, set := range protos {
			set(s.Config.Protocols, true)
		}
		if secure {
			s.EnableHTTP2 = s.Config.Protocols.HTTP2()
			s.StartTLS()
		} else {
			s.Start()
		}
		t.Cleanup(s.Close)
		return s.URL
	}
	h1, h2, h2c := (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2, (*http.Protocols).SetUnencryptedHTTP2
	for _, c := range []struct {
		name, url string
		http2     bool
		status    catalog.Status
		want      string
	}{
		{"h2", serve(true, h1, h2), true, catalog.Passing, "HTTP/2.0"},
		{"h2, not asked for", serve(true, h1, h2), false, catalog.Passing, "HTTP/1.1"},
		{"h2c", serve(false, h2c), true, catalog.Passing, "HTTP/2.0"},
		{"TLS server without it", serve(true, h1), true, catalog.Critical, ""},
		{"plain server without it", serve(false, h1), true, catalog.Critical, ""},
		{"slow", "http://" + listen(t, nil), true, catalog.Critical, "no answer within"},
		{"reset", "http://" + listen(t, reset), true, catalog.Critical, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, interval := range []time.Duration{time.Second, time.Minute} {
				def := catalog.CheckDefinition{HTTP: c.url, HTTP2: c.http2, TLSSkipVerify: true, Interval: interval}
				res := lookOnce(t, openHTTP, def, enough)
				if res.Status != c.status || !strings.Contains(res.Output, c.want) {
					t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
				}
			}
		})
	}
}

func TestHTTPTLSFiles(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%d certificates", len(r.TLS.PeerCertificates))
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca, key := authorityOf(t, s), keyOf(t, s)
	for _, c := range []struct {
		name          string
		ca, cert, key string
		status        catalog.Status
		want          string
	}{
		{"authority", ca, "", "", catalog.Passing, "0 certificates"},
		{"client certificate", ca, ca, key, catalog.Passing, "1 certificates"},
		{"authority that signed nothing", key, "", "", catalog.Critical, "holds no certificate"},
		{"no such file", ca + "x", "", "", catalog.Critical, "tls_ca_file"},
		{"key that is none", ca, ca, ca, catalog.Critical, "tls_cert_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := catalog.CheckDefinition{HTTP: s.URL, TLSCAFile: c.ca, TLSCertFile: c.cert, TLSKeyFile: c.key}
			res := lookOnce(t, openHTTP, def, long)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

// Many checks keep no more connections open between them than the budget has.
func TestHTTPManyChecks(t *testing.T) {
	var open, most atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			for n := open.Add(1); ; {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.Start()
	defer s.Close()
	o := &owner{}
	r := newRunner(t, o, nil, func(c *Config) { c.MaxKept, c.MaxConcurrent = 100, 20 })
	var defs []catalog.CheckDefinition
	for i := range 1000 {
		defs = append(defs, catalog.CheckDefinition{ID: fmt.Sprint(i), HTTP: s.URL, Interval: 4 * time.Second})
	}
	r.Reconcile(defs, nil)
	seen := map[string]bool{}
	eventually(t, "every check passes", func() bool {
		for _, x := range o.take() {
			seen[x.id] = x.status == catalog.Passing
		}
		return len(seen) == 1000
	})
	for id, ok := range seen {
		if !ok {
			t.Errorf("check %s does not pass", id)
		}
	}
	// Connections that were just closed here may still be open there.
	if n := most.Load(); n > 100+3*20 {
		t.Errorf("%d connections were open at once, want about 120", n)
	}
	eventually(t, "100 connections stay open", func() bool { return open.Load() == 100 })
	r.Close()
	eventually(t, "none stays open", func() bool { return open.Load() == 0 })
}
