package certs

import (
	"crypto/tls"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// furnish makes the certificates that the tables below speak of.
func furnish(t *testing.T) bench {
	b := newBench(t)
	b.authority("ca", 100*day)
	b.authority("other", 100*day)
	b.authority("brief", 10*day)
	b.issue("ca", "server", RoleServer, 50*day)
	b.issue("ca", "client", RoleClient, 50*day)
	b.issue("ca", "cli", RoleCLI, 50*day)
	b.issue("brief", "doomed", RoleServer, 9*day)
	b.write("empty.pem", []byte("nothing to see"))
	b.write("torn.pem", b.read("ca.pem")[:200], []byte("\n-----END CERTIFICATE-----\n"))
	b.write("both.pem", b.read("brief.pem"), b.read("ca.pem"))
	for name, files := range map[string][]string{"dir": {"ca.pem", "other.pem"}, "dirty": {"ca.pem", "empty.pem"}, "bare": nil} {
		if err := os.MkdirAll(b.file(name)+"/sub", 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b.write(name+"/"+f, b.read(f))
		}
		b.write(name+"/.hidden", []byte("no certificate"))
	}
	return b
}

func TestLoadRefuses(t *testing.T) {
	b := furnish(t)
	for _, tc := range []struct {
		name string
		edit func(*Config)
		in   time.Duration // from now
		want []string      // parts of the error; none: it is accepted
	}{
		{"everything in order", func(c *Config) {}, 0, nil},
		{"a directory of CAs", func(c *Config) { c.CAFile, c.CAPath = "", b.file("dir") }, 0, nil},
		{"a CA alone", func(c *Config) {
			*c = Config{CAFile: c.CAFile, VerifyOutgoing: true, Datacenter: "dc1", Domain: "consul"}
		}, 0, nil},
		{"a certificate alone", func(c *Config) { *c = Config{CertFile: c.CertFile, KeyFile: c.KeyFile} }, 0, nil},
		{"a client's, on a client", func(c *Config) { c.Server, c.CertFile, c.KeyFile = false, b.cert("client"), b.key("client") }, 0, nil},
		{"one CA of two has expired", func(c *Config) { c.CAFile = b.cert("both") }, 11 * day, nil},

		{"no key", func(c *Config) { c.KeyFile = "" }, 0, []string{"server.pem needs a key_file", "verify_incoming needs a cert_file"}},
		{"no certificate", func(c *Config) { c.CertFile = "" }, 0, []string{"server-key.pem needs a cert_file"}},
		{"no CA", func(c *Config) { c.CAFile = "" }, 0, []string{"verify_incoming needs a ca_file", "verify_server_hostname needs a ca_file"}},
		{"no CA, outgoing", func(c *Config) { *c = Config{VerifyOutgoing: true, Datacenter: "dc1", Domain: "x"} }, 0, []string{"verify_outgoing needs a ca_file"}},
		{"no datacenter", func(c *Config) { c.Datacenter = "" }, 0, []string{"need a datacenter"}},
		{"an old version", func(c *Config) { c.MinVersion = tls.VersionTLS10 }, 0, []string{"tls_min_version TLS 1.0"}},

		{"files are missing", func(c *Config) { c.CAFile, c.CertFile = b.file("a"), b.file("b") }, 0, []string{"ca_file: open ", "/a: no such file", "cert_file: open ", "/b: no such file"}},
		{"the key is missing", func(c *Config) { c.KeyFile = b.file("a") }, 0, []string{"key_file: open "}},
		{"the CA is no PEM", func(c *Config) { c.CAFile = b.cert("empty") }, 0, []string{"ca_file ", "empty.pem: holds no PEM certificate"}},
		{"the CA is torn", func(c *Config) { c.CAFile = b.cert("torn") }, 0, []string{"torn.pem: "}},
		{"a CA of several", func(c *Config) { c.CAPath = b.file("dirty") }, 0, []string{"ca_path ", "dirty/empty.pem: holds no PEM certificate"}},
		{"no CA in there", func(c *Config) { c.CAPath = b.file("bare") }, 0, []string{"ca_path ", "bare holds no files"}},
		{"no such directory", func(c *Config) { c.CAPath = b.file("none") }, 0, []string{"ca_path: open "}},
		{"the certificate is a key", func(c *Config) { c.CertFile = c.KeyFile }, 0, []string{"cert_file ", "server-key.pem: holds no PEM certificate"}},
		{"the key is a certificate", func(c *Config) { c.KeyFile = c.CertFile }, 0, []string{"key_file ", "found a certificate rather than a key"}},
		{"another's key", func(c *Config) { c.KeyFile = b.key("client") }, 0, []string{"key_file ", "client-key.pem, for cert_file ", "server.pem: private key does not match public key"}},
		{"expired", func(c *Config) {}, 51 * day, []string{"cert_file ", "server.pem: expired at 20"}},
		{"not yet valid", func(c *Config) {}, -day, []string{"server.pem: not valid before 20"}},
		{"every CA has expired", func(c *Config) {}, 101 * day, []string{"ca.pem: every certificate has expired"}},
		{"not a server's", func(c *Config) { c.CertFile, c.KeyFile = b.cert("client"), b.key("client") }, 0, []string{"client.pem: a server needs the DNS name server.dc1.consul", "has client.dc1.consul, localhost"}},
		{"of another datacenter", func(c *Config) { c.Datacenter = "dc2" }, 0, []string{"server.dc2.consul"}},
		{"of another domain", func(c *Config) { c.Domain = "example" }, 0, []string{"server.dc1.example"}},
	} {
		cfg := b.config("ca", "server")
		cfg.Server = true
		tc.edit(&cfg)
		_, err := load(cfg, time.Now().Add(tc.in))
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		for _, part := range tc.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v\nhas no %q", tc.name, err, part)
			}
		}
	}
}

func TestWarningsAndExpiry(t *testing.T) {
	b := furnish(t)
	for _, tc := range []struct {
		name string
		edit func(*Config)
		in   time.Duration
		want []string      // a part of each warning
		ends time.Duration // from now
	}{
		{"none", func(c *Config) {}, 0, nil, 50 * day},
		{"open key", func(c *Config) {
			c.KeyFile = b.file("open")
			b.write("open", b.read("server-key.pem"))
			if err := os.Chmod(c.KeyFile, 0o644); err != nil {
				t.Fatal(err)
			}
		}, 0, []string{"open: everyone on this machine may read it (mode 0644)"}, 50 * day},
		{"a stranger's certificate", func(c *Config) { c.CAFile = b.cert("other") }, 0, []string{"of servers under the CA of this agent", "of clients under the CA"}, 50 * day},
		{"a certificate that cannot serve", func(c *Config) { c.CertFile, c.KeyFile = b.cert("cli"), b.key("cli") }, 0, []string{"of servers under the CA"}, 50 * day},
		{"another end", func(c *Config) { c.CAFile, c.CertFile, c.KeyFile = b.cert("brief"), b.cert("doomed"), b.key("doomed") }, 0, nil, 9 * day},
		{"an expired CA beside", func(c *Config) { c.CAFile = b.cert("both") }, 11 * day, []string{"both.pem: the certificate \"CN=brief\" expired at"}, 50 * day},
		{"no CA at all", func(c *Config) { c.CAFile = b.cert("server") }, 0, []string{`"CN=server.dc1.consul" is not that of a CA`}, 50 * day},
		{"CAs alone", func(c *Config) { *c = Config{CAFile: b.cert("both")} }, 0, nil, 100 * day},
		{"without CA", func(c *Config) { *c = Config{CertFile: c.CertFile, KeyFile: c.KeyFile} }, 0, nil, 50 * day},
	} {
		cfg := b.config("ca", "server")
		tc.edit(&cfg)
		m, err := load(cfg, time.Now().Add(tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if !slices.EqualFunc(m.warnings, tc.want, strings.Contains) {
			t.Errorf("%s: warnings %q, want %q", tc.name, m.warnings, tc.want)
		}
		if off := time.Until(m.expiry) - tc.ends; off < -time.Hour || off > time.Hour {
			t.Errorf("%s: ends %v, want in %v", tc.name, m.expiry, tc.ends)
		}
	}
}

// A certificate is of no more use than the CA behind it.
func TestExpiryOfTheChain(t *testing.T) {
	b := newBench(t)
	b.authority("ca", 100*day)
	b.issue("ca", "server", RoleServer, 50*day)
	m, err := load(b.config("ca", "server"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m.own.Leaf.NotAfter = m.own.Leaf.NotAfter.Add(100 * day) // as one from elsewhere may
	if got := m.ends(time.Now()); !got.Equal(m.cas[0].NotAfter) {
		t.Errorf("ends %v, want %v, when its CA does", got, m.cas[0].NotAfter)
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]uint16{"": 0, "TLSv1_2": tls.VersionTLS12, "tls12": tls.VersionTLS12, "TLSv1_3": tls.VersionTLS13, "tls13": tls.VersionTLS13} {
		if got, err := ParseVersion(text); got != want || err != nil {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"TLSv1_0", "tls11", "TLS1.2", "13"} {
		if got, err := ParseVersion(text); err == nil || !strings.Contains(err.Error(), "TLSv1_2") {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}
