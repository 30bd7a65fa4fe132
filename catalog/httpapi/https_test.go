package httpapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
)

// httpsCerts makes a CA and a server's certificate, and returns what serves it and
// what dials it. verify asks of clients to show a certificate.
func httpsCerts(t *testing.T, verify bool) (server, client *tls.Config) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ca, err := certs.NewAuthority(certs.AuthorityOptions{Lifetime: time.Hour})
	must(err)
	must(ca.Save(file("ca.pem"), file("ca-key.pem")))
	authority, err := certs.ReadAuthority(file("ca.pem"), file("ca-key.pem"))
	must(err)
	own, err := authority.Issue(certs.IssueOptions{Role: certs.RoleServer, Datacenter: "dc1", Domain: "consul", Lifetime: time.Minute})
	must(err)
	must(own.Save(file("own.pem"), file("own-key.pem")))
	store, err := certs.New(certs.Config{
		CAFile: file("ca.pem"), CertFile: file("own.pem"), KeyFile: file("own-key.pem"),
		VerifyIncoming: verify, Datacenter: "dc1", Domain: "consul",
	})
	must(err)
	server, err = store.HTTPSConfig()
	must(err)
	client = store.ClientConfig("dc1")
	client.MinVersion = tls.VersionTLS12
	return server, client
}

// secured adds an address with TLS to a fixture.
func secured(server *tls.Config) func(*Config, *Deps) {
	return func(c *Config, _ *Deps) { c.TLSAddresses, c.TLS = []string{"127.0.0.1:0"}, server }
}

// getSecurely asks for the leader over TLS.
func (f *fixture) getSecurely(client *tls.Config, http2 bool) (*http.Response, string, error) {
	f.t.Helper()
	transport := &http.Transport{TLSClientConfig: client.Clone(), ForceAttemptHTTP2: http2}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "https://"+f.TLSAddrs()[0].String()+"/v1/status/leader", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func TestHTTPS(t *testing.T) {
	server, client := httpsCerts(t, false)
	f := newFixture(t, secured(server))
	for want, http2 := range map[string]bool{"HTTP/2.0": true, "HTTP/1.1": false} {
		res, body, err := f.getSecurely(client, http2)
		if err != nil {
			t.Errorf("%s: %v", want, err)
		} else if res.Proto != want || res.StatusCode != 200 || body != `"127.0.0.1:8300"` {
			t.Errorf("%s: %s, %d %s", want, res.Proto, res.StatusCode, body)
		}
	}
	if got := f.get("/v1/status/leader"); got != `"127.0.0.1:8300"` {
		t.Errorf("in plain text beside it: %s", got)
	}
	// Whoever mistakes the port is told so, and not sent elsewhere.
	status, body := f.rawTo("tcp", f.TLSAddrs()[0].String(), "GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if status != 400 || !strings.Contains(body, "HTTPS server") {
		t.Errorf("in plain text: %d %s", status, body)
	}
}

func TestHTTPSVerifiesClients(t *testing.T) {
	server, client := httpsCerts(t, true)
	f := newFixture(t, secured(server))
	if res, _, err := f.getSecurely(client, true); err != nil || res.StatusCode != 200 {
		t.Errorf("with a certificate: %v", err)
	}
	client.GetClientCertificate = nil
	if _, _, err := f.getSecurely(client, false); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("without a certificate: %v", err)
	}
}

func TestHTTPSAlone(t *testing.T) {
	server, client := httpsCerts(t, false)
	f := newFixture(t, func(c *Config, d *Deps) { c.Addresses = nil; secured(server)(c, d) })
	if len(f.Addrs()) != 0 {
		t.Errorf("bound to %v", f.Addrs())
	}
	if _, _, err := f.getSecurely(client, true); err != nil {
		t.Error(err)
	}
}

// A handshake that hangs ends with the time a header may take, and holds up nobody.
func TestHTTPSHungHandshakes(t *testing.T) {
	t.Parallel()
	server, client := httpsCerts(t, false)
	f := newFixture(t, secured(server))
	hung, err := net.Dial("tcp", f.TLSAddrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	if _, _, err := f.getSecurely(client, true); err != nil {
		t.Errorf("beside a hung handshake: %v", err)
	}
	hung.SetReadDeadline(time.Now().Add(patience))
	if _, err := bufio.NewReader(hung).ReadByte(); err != io.EOF {
		t.Errorf("a hung handshake ended with %v", err)
	}
}

func TestNewRefusesHTTPS(t *testing.T) {
	server, _ := httpsCerts(t, false)
	f := newFixture(t, secured(server))
	taken := f.TLSAddrs()[0].String()
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{TLSAddresses: []string{"127.0.0.1:0"}}, "https: no certificate to show"},
		{Config{TLSAddresses: []string{taken}, TLS: server}, "https: listen tcp " + taken},
		{Config{Addresses: []string{"127.0.0.1:0"}, TLSAddresses: []string{"127.0.0.1:0", taken}, TLS: server}, "address already in use"},
	} {
		if _, err := New(c.cfg, f.deps); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.cfg.TLSAddresses, err, c.want)
		}
	}
}
