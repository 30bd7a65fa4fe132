package agent

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
	"muster/consensus/transport"
)

// testCA makes certificates in a directory of its own.
type testCA struct {
	t   *testing.T
	dir string
	ca  *certs.Authority
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	c := &testCA{t: t, dir: t.TempDir()}
	made, err := certs.NewAuthority(certs.AuthorityOptions{Lifetime: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	cert, key := c.path("ca.pem"), c.path("ca-key.pem")
	if err := made.Save(cert, key); err != nil {
		t.Fatal(err)
	}
	if c.ca, err = certs.ReadAuthority(cert, key); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *testCA) path(name string) string { return filepath.Join(c.dir, name) }

// issue writes a certificate of a role to NAME.pem and NAME-key.pem, over one that is there.
func (c *testCA) issue(name string, role certs.Role) {
	c.t.Helper()
	made, err := c.ca.Issue(certs.IssueOptions{Role: role, Datacenter: "dc1", Domain: "consul", Lifetime: time.Hour})
	if err != nil {
		c.t.Fatal(err)
	}
	for file, text := range map[string][]byte{name + ".pem": made.Cert, name + "-key.pem": made.Key} {
		if err := os.WriteFile(c.path(file), text, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
}

// files is the configuration of an agent that has the certificate of a name.
func (c *testCA) files(name string) map[string]string {
	return map[string]string{"tls.json": fmt.Sprintf(`{"tls": {"internal_rpc": {
		"ca_file": %q, "cert_file": %q, "key_file": %q,
		"verify_incoming": true, "verify_outgoing": true, "verify_server_hostname": true}}}`,
		c.path("ca.pem"), c.path(name+".pem"), c.path(name+"-key.pem"))}
}

// secureCluster is three servers and a client with certificates of their roles, named after them.
func secureCluster(t *testing.T, ca *testCA) *testCluster {
	t.Helper()
	c := &testCluster{t: t, by: map[string]*testAgent{}}
	for _, name := range []string{"s1", "s2", "s3", "c1"} {
		role := certs.RoleServer
		if name[0] == 'c' {
			role = certs.RoleClient
		}
		ca.issue(name, role)
		c.start(setup{name: name, client: name[0] == 'c', expect: 3, dataDir: t.TempDir(), files: ca.files(name)})
	}
	c.settled()
	return c
}

func TestClusterWithTLS(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	c := secureCluster(t, ca)
	c.external("web", "192.0.2.1")
	c.writeKeys("k", 8)
	c.keysAre("k", 8)

	// In plain text nobody is served, and a stranger's certificate is none.
	other := newTestCA(t)
	other.issue("x", certs.RoleServer)
	for what, files := range map[string]map[string]string{"plain": nil, "foreign": other.files("x")} {
		a := setup{name: what, client: true, dataDir: t.TempDir(), files: files, join: c.addresses(), tweak: impatient}.start(t)
		eventually(t, what+" has met the others", "true", func() string { return fmt.Sprint(a.memberByID(c.by["s1"].id) != nil) })
		if code, body := a.call("PUT", "/v1/kv/from-"+what, "x"); code == 200 {
			t.Errorf("%s wrote: %s", what, body)
		}
		if a.view.Status().Ready || a.lookup("web.service.consul") == "192.0.2.1" {
			t.Errorf("%s has a view: %+v", what, a.view.Status())
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	c.by["c1"].want("GET", "/v1/kv/?keys&separator=-", "", 200, `["k0","k1","k2","k3","k4","k5","k6","k7"]`)
}

// TestClientCertificateSpeaksNoRaft starts a server with the certificate of a client.
func TestClientCertificateSpeaksNoRaft(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	c := secureCluster(t, ca)
	ca.issue("s4", certs.RoleClient)
	cfg := setup{name: "s4", expect: 3, dataDir: t.TempDir(), files: ca.files("s4"), join: c.addresses()}
	if _, err := cfg.make(t); err == nil || !strings.Contains(err.Error(), "server.dc1.consul") {
		t.Errorf("started, or refused for another reason: %v", err)
	}
	// One that does not look at its own certificate is refused by the others.
	cfg.files["tls.json"] = strings.ReplaceAll(cfg.files["tls.json"], `"verify_server_hostname": true`, `"verify_server_hostname": false`)
	impostor := cfg.start(t)
	c.await("the leader refuses it", func() error {
		if log := c.leader().log.String(); !strings.Contains(log, "the certificate is not that of server.dc1.consul") {
			return fmt.Errorf("servers are %+v", c.leader().replica.Servers())
		}
		return nil
	})
	if impostor.replica.LastIndex() > 0 || impostor.ready() {
		t.Errorf("the impostor got a log up to %d", impostor.replica.LastIndex())
	}
	mux, err := transport.Listen(impostor.transportConfig(impostor.config(), "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer mux.Close()
	c.await("a server refuses it", func() error {
		conn, err := mux.Layer(transport.ProtoRaft).Dial(c.by["s1"].raftAddr.String(), time.Second)
		if err != nil {
			return err
		}
		defer conn.Close()
		if log := c.by["s1"].log.String(); !strings.Contains(log, "it may not speak raft: its certificate is not that of server.dc1.consul") {
			return errors.New(log)
		}
		return nil
	})
	for _, s := range c.leader().replica.Servers() {
		if s.ID == impostor.id && s.Voter {
			t.Error("the impostor votes")
		}
	}
	c.writeKeys("k", 4)
}

// TestCertificatesAreReloaded gives all agents new certificates, one after the other.
func TestCertificatesAreReloaded(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t)
	c := secureCluster(t, ca)
	c.external("web", "192.0.2.1")
	q := newAsker(t, "web.service.consul")
	q.begin(c.running()...)
	for _, a := range c.running() {
		role := certs.RoleServer
		if a.client {
			role = certs.RoleClient
		}
		before := serial(t, ca.path(a.name+".pem"))
		ca.issue(a.name, role)
		if serial(t, ca.path(a.name+".pem")) == before {
			t.Fatal("the same certificate")
		}
		if changed, err := a.Reload(); err != nil || !strings.Contains(changed, "certificates") {
			t.Errorf("%s: %q %v", a.name, changed, err)
		}
	}
	// A broken file is refused, and changes nothing.
	broken := c.by["s2"]
	if err := os.WriteFile(ca.path("s2.pem"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := broken.Reload(); err == nil {
		t.Errorf("reloaded nonsense: %q", changed)
	}
	// New connections are made with what is there now.
	q.end(c.by["s3"])
	c.kill(c.by["s3"])
	c.restart(c.by["s3"])
	c.settled()
	c.writeKeys("k", 4)
	c.keysAre("k", 4)
	q.verdict()
}

func serial(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.SerialNumber.String()
}
