package certs

import (
	"crypto/tls"
	"strings"
	"testing"
)

// subject is whom the store's configuration for the server port speaks for.
func subject(t *testing.T, c *tls.Config) string {
	t.Helper()
	if c == nil {
		return "nobody"
	}
	return c.Certificates[0].Leaf.Issuer.CommonName + "/" + c.Certificates[0].Leaf.Subject.CommonName
}

func TestReload(t *testing.T) {
	b := furnish(t)
	cfg := b.config("ca", "server")
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Expiry()
	change, err := s.Prepare(cfg)
	if err != nil || change.Any() {
		t.Errorf("unchanged files are a change: %v, %v", change, err)
	}

	// A pair of which half has been written is refused, and nothing changes.
	b.issue("ca", "next", RoleServer, 20*day)
	b.write("server.pem", b.read("next.pem"))
	if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "server-key.pem") {
		t.Errorf("half a pair: %v", err)
	}
	if !s.Expiry().Equal(before) {
		t.Error("a refused certificate is in use")
	}
	b.write("server-key.pem", b.read("next-key.pem"))
	if change, err = s.Prepare(cfg); err != nil || !change.Any() {
		t.Errorf("new files are no change: %v", err)
	}
	if !s.Expiry().Equal(before) {
		t.Error("a change is in use before its time")
	}
	if err := s.Reload(); err != nil || !s.Expiry().Before(before) {
		t.Errorf("%v, expiry %v, was %v", err, s.Expiry(), before)
	}

	// Other files and settings take effect together.
	cfg = b.config("other", "stranger")
	b.issue("other", "stranger", RoleClient, day)
	cfg.VerifyIncoming = false
	if change, err = s.Prepare(cfg); err != nil || !change.Any() {
		t.Fatalf("other files are no change: %v", err)
	}
	if len(change.Warnings()) != 0 {
		t.Errorf("warnings %q", change.Warnings())
	}
	change.Commit()
	if got := subject(t, s.ServerConfig()); got != "other/client.dc1.consul" || s.VerifyIncoming() || !s.VerifyOutgoing() {
		t.Errorf("now speaks for %s, verifies incoming: %t, outgoing: %t", got, s.VerifyIncoming(), s.VerifyOutgoing())
	}
	if _, err := s.Prepare(Config{Datacenter: "dc1"}); err == nil {
		t.Error("TLS was turned off while it ran")
	}
}

func TestSettingsThatImply(t *testing.T) {
	b := furnish(t)
	if (Config{Server: true, Datacenter: "dc1", Domain: "consul", MinVersion: tls.VersionTLS13}).On() {
		t.Error("on without anything set")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a store of nothing")
	}
	s, err := New(Config{CAFile: b.cert("ca"), VerifyServerHostname: true, Datacenter: "dc1", Domain: "consul"})
	if err != nil {
		t.Fatal(err)
	}
	if !s.VerifyOutgoing() || s.VerifyIncoming() || s.ServerConfig() != nil || len(s.Warnings()) != 0 {
		t.Errorf("outgoing %t, incoming %t, config %v, warnings %q", s.VerifyOutgoing(), s.VerifyIncoming(), s.ServerConfig(), s.Warnings())
	}
	if _, err := s.HTTPSConfig(); err == nil {
		t.Error("HTTPS without a certificate")
	}
	for want, got := range map[string]string{"server.dc2.consul": s.ClientConfig("dc2").ServerName, "server.dc1.consul": s.ClientConfig("").ServerName} {
		if got != want {
			t.Errorf("dials %s, want %s", got, want)
		}
	}
}
