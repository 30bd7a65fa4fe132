package certs

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// material is everything that was read at one time. It does not change.
type material struct {
	cfg      Config              // settled
	pool     *x509.CertPool      // whom to trust; nil: no CA was given
	cas      []*x509.Certificate // the same
	own      *tls.Certificate    // nil: none was given
	expiry   time.Time
	warnings []string
	sum      [sha256.Size]byte // of all files, to tell whether a later read differs
}

// load reads and checks the files. now is when certificates must be valid.
func load(cfg Config, now time.Time) (*material, error) {
	m := &material{cfg: cfg.settle()}
	if err := m.cfg.check(); err != nil {
		return nil, err
	}
	sum := sha256.New()
	if err := errors.Join(m.loadCAs(now, sum), m.loadOwn(now, sum)); err != nil {
		return nil, err
	}
	sum.Sum(m.sum[:0])
	if m.own != nil && m.pool != nil {
		m.checkChain(now)
	}
	m.expiry = m.ends(now)
	return m, nil
}

func (m *material) warn(format string, args ...any) {
	m.warnings = append(m.warnings, fmt.Sprintf(format, args...))
}

// loadCAs reads ca_file and ca_path.
func (m *material) loadCAs(now time.Time, sum hash.Hash) error {
	files, err := m.caFiles()
	if err != nil || len(files) == 0 {
		return err
	}
	m.pool = x509.NewCertPool()
	for _, f := range files {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		_, _ = sum.Write(data) // never fails (hash.Hash)
		found, err := parseCertificates(data)
		if err != nil {
			return fmt.Errorf("%s %s: %w", f.key, f.path, err)
		}
		for _, c := range found {
			switch {
			case now.After(c.NotAfter):
				m.warn("%s %s: the certificate %q expired at %s and is not used", f.key, f.path, c.Subject, stamp(c.NotAfter))
				continue
			case c.BasicConstraintsValid && !c.IsCA:
				m.warn("%s %s: the certificate %q is not that of a CA", f.key, f.path, c.Subject)
			}
			m.pool.AddCert(c)
			m.cas = append(m.cas, c)
		}
	}
	if len(m.cas) == 0 {
		return fmt.Errorf("%s %s: every certificate has expired", files[0].key, files[0].path)
	}
	return nil
}

// caFile is a file of CA certificates and the setting that led to it.
type caFile struct{ key, path string }

func (m *material) caFiles() ([]caFile, error) {
	var files []caFile
	if m.cfg.CAFile != "" {
		files = append(files, caFile{"ca_file", m.cfg.CAFile})
	}
	if m.cfg.CAPath == "" {
		return files, nil
	}
	entries, err := os.ReadDir(m.cfg.CAPath)
	if err != nil {
		return nil, fmt.Errorf("ca_path: %w", err)
	}
	before := len(files)
	for _, e := range entries {
		path := filepath.Join(m.cfg.CAPath, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue // such as the ..data of Kubernetes
		}
		info, err := os.Stat(path) // entries may be symbolic links
		if err != nil {
			return nil, fmt.Errorf("ca_path: %w", err)
		}
		if info.Mode().IsRegular() {
			files = append(files, caFile{"ca_path", path})
		}
	}
	if len(files) == before {
		return nil, fmt.Errorf("ca_path %s holds no files", m.cfg.CAPath)
	}
	return files, nil
}

// loadOwn reads cert_file and key_file.
func (m *material) loadOwn(now time.Time, sum hash.Hash) error {
	if m.cfg.CertFile == "" {
		return nil
	}
	certPEM, err := os.ReadFile(m.cfg.CertFile)
	if err != nil {
		return fmt.Errorf("cert_file: %w", err)
	}
	keyPEM, err := os.ReadFile(m.cfg.KeyFile)
	if err != nil {
		return fmt.Errorf("key_file: %w", err)
	}
	_, _ = sum.Write(certPEM) // never fails (hash.Hash)
	_, _ = sum.Write(keyPEM)
	if _, err := parseCertificates(certPEM); err != nil {
		return fmt.Errorf("cert_file %s: %w", m.cfg.CertFile, err)
	}
	own, err := keyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("key_file %s, for cert_file %s: %w", m.cfg.KeyFile, m.cfg.CertFile, err)
	}
	leaf := own.Leaf
	switch name := m.ownServerName(); {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("cert_file %s: expired at %s", m.cfg.CertFile, stamp(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("cert_file %s: not valid before %s", m.cfg.CertFile, stamp(leaf.NotBefore))
	case m.cfg.Server && m.cfg.VerifyServerHostname && !hasName(leaf, name):
		return fmt.Errorf("cert_file %s: a server needs the DNS name %s with verify_server_hostname; the certificate has %s",
			m.cfg.CertFile, name, orNone(leaf.DNSNames))
	}
	if info, err := os.Stat(m.cfg.KeyFile); err == nil && info.Mode().Perm()&0o007 != 0 {
		m.warn("key_file %s: everyone on this machine may read it (mode %#o)", m.cfg.KeyFile, info.Mode().Perm())
	}
	m.own = &own
	return nil
}

// parseCertificates reads all PEM certificates; there must be at least one.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	for rest := bytes.TrimSpace(data); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(found)+1, err)
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, errors.New("holds no PEM certificate")
	}
	return found, nil
}

// keyPair joins a certificate and its key.
func keyPair(certPEM, keyPEM []byte) (tls.Certificate, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return pair, errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
