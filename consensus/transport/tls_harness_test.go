package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"muster/consensus/certs"
)

// shop makes certificates in a directory: NAME.pem and NAME-key.pem.
type shop struct {
	t   *testing.T
	dir string
}

// newShop makes two CAs, "ca" and "other", and a certificate of each kind that may come to the port.
func newShop(t *testing.T) shop {
	s := shop{t, t.TempDir()}
	// A bubble lives in the year 2000, so that what is made in it for a day has expired long ago.
	synctest.Test(t, func(t *testing.T) {
		s.authority("ca")
		s.authority("other")
		s.issue("ca", "expired", certs.RoleServer, "dc1", 24*time.Hour)
	})
	const year = 365 * 24 * time.Hour
	s.issue("ca", "server", certs.RoleServer, "dc1", year)
	s.issue("ca", "client", certs.RoleClient, "dc1", year)
	s.issue("ca", "cli", certs.RoleCLI, "dc1", year)
	s.issue("ca", "server-dc2", certs.RoleServer, "dc2", year)
	s.issue("ca", "wildcard", certs.RoleClient, "dc1", year, "*.dc1.consul")
	s.issue("other", "stranger", certs.RoleServer, "dc1", year)
	return s
}

func (s shop) cert(name string) string { return filepath.Join(s.dir, name+".pem") }

func (s shop) key(name string) string { return filepath.Join(s.dir, name+"-key.pem") }

// save replaces what was there under the name.
func (s shop) save(name string, p certs.PEM, err error) {
	s.t.Helper()
	err = errors.Join(err, os.RemoveAll(s.cert(name)), os.RemoveAll(s.key(name)), p.Save(s.cert(name), s.key(name)))
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s shop) authority(name string) {
	p, err := certs.NewAuthority(certs.AuthorityOptions{CommonName: name, Lifetime: 100 * 365 * 24 * time.Hour})
	s.save(name, p, err)
}

func (s shop) issue(ca, name string, role certs.Role, dc string, life time.Duration, names ...string) {
	s.t.Helper()
	a, err := certs.ReadAuthority(s.cert(ca), s.key(ca))
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := a.Issue(certs.IssueOptions{Role: role, Datacenter: dc, Domain: "consul", Lifetime: life, DNSNames: names})
	s.save(name, p, err)
}

// store loads a certificate, none if it has no name, and the CA "ca".
func (s shop) store(own string, adjust func(*certs.Config)) *certs.Store {
	s.t.Helper()
	cfg := certs.Config{CAFile: s.cert("ca"), Datacenter: "dc1", Domain: "consul"}
	if own != "" {
		cfg.CertFile, cfg.KeyFile = s.cert(own), s.key(own)
	}
	if adjust != nil {
		adjust(&cfg)
	}
	store, err := certs.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

// verifyAll sets what a careful server sets.
func verifyAll(c *certs.Config) {
	c.Server, c.VerifyIncoming, c.VerifyOutgoing, c.VerifyServerHostname = true, true, true, true
}

// pair reads a certificate for use without a store, since a store takes no bad ones.
func (s shop) pair(name string) tls.Certificate {
	s.t.Helper()
	pair, err := tls.LoadX509KeyPair(s.cert(name), s.key(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

// speak connects as a peer would that knows nothing of this package, shows a
// certificate unless own is nil, names a protocol and returns what is answered.
func speak(t *testing.T, addr string, own *tls.Certificate, secure bool, proto byte) string {
	t.Helper()
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	c := raw
	if secure {
		raw.Write([]byte{ProtoTLS})
		cfg := &tls.Config{InsecureSkipVerify: true}
		if own != nil {
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
		}
		c = tls.Client(raw, cfg)
	}
	c.Write([]byte{proto}) // whether it arrives shows in the answer
	got := make([]byte, 2)
	n, err := io.ReadFull(c, got)
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		t.Error("the connection was left open without an answer")
	}
	return string(got[:n])
}
