package certs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// bench makes certificates in a directory of its own: NAME.pem and NAME-key.pem.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T) bench { return bench{t, t.TempDir()} }

func (b bench) file(name string) string { return filepath.Join(b.dir, name) }

func (b bench) cert(name string) string { return b.file(name + ".pem") }

func (b bench) key(name string) string { return b.file(name + "-key.pem") }

// save replaces what was there under the name.
func (b bench) save(name string, p PEM, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, path := range []string{b.cert(name), b.key(name)} {
		if err := os.RemoveAll(path); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := p.Save(b.cert(name), b.key(name)); err != nil {
		b.t.Fatal(err)
	}
}

// authority makes a CA.
func (b bench) authority(name string, life time.Duration) {
	b.t.Helper()
	p, err := NewAuthority(AuthorityOptions{CommonName: name, Lifetime: life})
	b.save(name, p, err)
}

// issue makes a certificate of dc1 under a CA made before.
func (b bench) issue(ca, name string, role Role, life time.Duration) {
	b.t.Helper()
	a, err := ReadAuthority(b.cert(ca), b.key(ca))
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := a.Issue(IssueOptions{Role: role, Datacenter: "dc1", Domain: "consul", Lifetime: life})
	b.save(name, p, err)
}

// write makes a file of bytes.
func (b bench) write(name string, data ...[]byte) {
	b.t.Helper()
	var all []byte
	for _, d := range data {
		all = append(all, d...)
	}
	if err := os.WriteFile(b.file(name), all, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) read(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(b.file(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// config is that of an agent that shows a certificate of a CA and verifies everything.
func (b bench) config(ca, own string) Config {
	return Config{
		CAFile: b.cert(ca), CertFile: b.cert(own), KeyFile: b.key(own),
		VerifyIncoming: true, VerifyOutgoing: true, VerifyServerHostname: true,
		Datacenter: "dc1", Domain: "consul.",
	}
}
