package certs

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// greet shakes hands over a pipe, and has the client read a byte, since only then
// does it learn that its certificate was refused (TLS 1.3).
func greet(server, client *tls.Config) (tls.ConnectionState, error) {
	a, b := net.Pipe()
	deadline := time.Now().Add(20 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer a.Close()
		c := tls.Server(a, server)
		if c.Handshake() == nil {
			c.Write([]byte("x"))
		}
	}()
	c := tls.Client(b, client)
	_, err := io.ReadFull(c, make([]byte, 1))
	b.Close()
	<-done
	return c.ConnectionState(), err
}

func TestHTTPSConfig(t *testing.T) {
	b := furnish(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b.read("ca.pem"))
	own := func(name string) []tls.Certificate {
		pair, err := keyPair(b.read(name+".pem"), b.read(name+"-key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{pair}
	}
	b.issue("other", "stranger", RoleCLI, day)
	for _, tc := range []struct {
		name   string
		server func(*Config)
		client *tls.Config
		want   string // of the error; empty: none
		proto  string
	}{
		{"HTTP/2", func(*Config) {}, &tls.Config{NextProtos: []string{"h2"}}, "", "h2"},
		{"HTTP/1.1", func(*Config) {}, &tls.Config{NextProtos: []string{"http/1.1"}}, "", "http/1.1"},
		{"TLS 1.2", func(*Config) {}, &tls.Config{MaxVersion: tls.VersionTLS12}, "", ""},
		{"TLS 1.1", func(*Config) {}, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "protocol version", ""},
		{"less than asked for", func(c *Config) { c.MinVersion = tls.VersionTLS13 }, &tls.Config{MaxVersion: tls.VersionTLS12}, "protocol version", ""},
		{"no certificate", func(c *Config) { c.VerifyIncoming = true }, &tls.Config{}, "certificate required", ""},
		{"a stranger's", func(c *Config) { c.VerifyIncoming = true }, &tls.Config{Certificates: own("stranger")}, "certificate required", ""}, // crypto/tls shows none that the server does not know
		{"one of ours", func(c *Config) { c.VerifyIncoming = true }, &tls.Config{Certificates: own("cli")}, "", ""},
	} {
		cfg := Config{CAFile: b.cert("ca"), CertFile: b.cert("server"), KeyFile: b.key("server")}
		tc.server(&cfg)
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		server, err := s.HTTPSConfig()
		if err != nil {
			t.Fatal(err)
		}
		tc.client.RootCAs, tc.client.ServerName = roots, "localhost"
		state, err := greet(server, tc.client)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
		if err == nil && state.NegotiatedProtocol != tc.proto {
			t.Errorf("%s: speaks %q, want %q", tc.name, state.NegotiatedProtocol, tc.proto)
		}
	}
}

// A listener that has its configuration since the start shows what was reloaded.
func TestHTTPSConfigFollowsReloads(t *testing.T) {
	b := furnish(t)
	s, err := New(Config{CertFile: b.cert("server"), KeyFile: b.key("server")})
	if err != nil {
		t.Fatal(err)
	}
	server, err := s.HTTPSConfig()
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		state, err := greet(server, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		return state.PeerCertificates[0].Issuer.CommonName
	}
	if got := shown(); got != "ca" {
		t.Errorf("shows one of %s", got)
	}
	b.issue("other", "server", RoleServer, day)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := shown(); got != "other" {
		t.Errorf("shows one of %s after a reload", got)
	}
}
