package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// skew is how far validity reaches back, for machines whose clocks differ.
const skew = 5 * time.Minute

// PEM is a certificate and its key.
type PEM struct {
	Cert, Key []byte
	NotAfter  time.Time
}

// AuthorityOptions describe a new CA.
type AuthorityOptions struct {
	CommonName string        // empty: "Muster Agent CA"
	Lifetime   time.Duration // from now on
	// OnlyDomains, unless empty, are all that certificates of this CA can be about
	// (X.509 name constraints), names below them included.
	OnlyDomains []string
}

// NewAuthority makes a CA with a P-256 key that signs certificates of agents, but no further CAs.
func NewAuthority(o AuthorityOptions) (PEM, error) {
	if o.CommonName == "" {
		o.CommonName = "Muster Agent CA"
	}
	now := time.Now()
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: o.CommonName},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(o.Lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	if len(o.OnlyDomains) > 0 {
		t.PermittedDNSDomains, t.PermittedDNSDomainsCritical = o.OnlyDomains, true
	}
	return sign(t, nil, nil)
}

// Authority is a CA that can sign.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// ReadAuthority reads a CA and its key from PEM files, in any form of key that Go knows.
func ReadAuthority(certFile, keyFile string) (*Authority, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	pair, err := keyPair(certPEM, keyPEM)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s, for %s: %w", keyFile, certFile, err)
	case !pair.Leaf.IsCA:
		return nil, fmt.Errorf("%s is not the certificate of a CA", certFile)
	case time.Now().After(pair.Leaf.NotAfter):
		return nil, fmt.Errorf("%s expired at %s", certFile, stamp(pair.Leaf.NotAfter))
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s cannot sign", keyFile)
	}
	return &Authority{cert: pair.Leaf, key: key}, nil
}

// Expiry is when the CA expires.
func (a *Authority) Expiry() time.Time { return a.cert.NotAfter }

// sign makes a certificate with a key of its own; without a parent it signs itself.
func sign(t, parent *x509.Certificate, by crypto.Signer) (PEM, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return PEM{}, fmt.Errorf("make a key: %w", err)
	}
	if parent == nil {
		parent, by = t, key
	}
	// A nil serial number is drawn at random by CreateCertificate, as key ids are computed.
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	if err != nil {
		return PEM{}, fmt.Errorf("sign a certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return PEM{}, fmt.Errorf("encode a key: %w", err)
	}
	return PEM{
		Cert:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		NotAfter: t.NotAfter,
	}, nil
}

// Save writes a certificate, readable by everyone, and its key, readable by its
// owner alone, to files that must not exist yet. It writes both or neither.
func (p PEM) Save(certFile, keyFile string) error {
	if err := create(keyFile, p.Key, 0o600); err != nil {
		return err
	}
	if err := create(certFile, p.Cert, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyFile))
	}
	return nil
}

// create writes a file that must not exist yet.
func create(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
