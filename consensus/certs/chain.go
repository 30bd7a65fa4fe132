package certs

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// checkChain warns of a certificate that peers with the same CA would refuse.
// That need not be a mistake: both sides may have CAs of their own.
func (m *material) checkChain(now time.Time) {
	for _, use := range []struct {
		usage x509.ExtKeyUsage
		text  string
	}{{x509.ExtKeyUsageServerAuth, "servers"}, {x509.ExtKeyUsageClientAuth, "clients"}} {
		if _, err := m.own.Leaf.Verify(m.verifyOptions(intermediates(m.own), use.usage, now)); err != nil {
			m.warn("cert_file %s: does not pass for a certificate of %s under the CA of this agent: %s",
				m.cfg.CertFile, use.text, strings.TrimPrefix(err.Error(), "x509: "))
		}
	}
}

func (m *material) verifyOptions(between *x509.CertPool, usage x509.ExtKeyUsage, now time.Time) x509.VerifyOptions {
	return x509.VerifyOptions{Roots: m.pool, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage}, CurrentTime: now}
}

// ends is when this agent's certificate stops to be of use: when it or the last
// CA that vouches for it expires.
func (m *material) ends(now time.Time) time.Time {
	if m.own == nil {
		var latest time.Time
		for _, c := range m.cas {
			latest = later(latest, c.NotAfter)
		}
		return latest
	}
	end := m.own.Leaf.NotAfter
	if m.pool == nil {
		return end
	}
	chains, err := m.own.Leaf.Verify(m.verifyOptions(intermediates(m.own), x509.ExtKeyUsageAny, now))
	if err != nil {
		return end // a warning has told of it
	}
	var longest time.Time
	for _, chain := range chains {
		longest = later(longest, slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter)
	}
	return longest
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// intermediates are the certificates behind the first.
func intermediates(own *tls.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range own.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil { // load has parsed them all
			pool.AddCert(c)
		}
	}
	return pool
}
