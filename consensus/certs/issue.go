package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Role is what the owner of a certificate is.
type Role string

// The roles that certificates are made for.
const (
	RoleServer Role = "server" // may speak raft
	RoleClient Role = "client" // an agent that is no server
	RoleCLI    Role = "cli"    // somebody who asks over HTTPS; cannot serve
)

// IssueOptions describe a new certificate.
type IssueOptions struct {
	Role               Role
	Datacenter, Domain string // both needed
	Node               string // of a server: adds NODE.server.DATACENTER.DOMAIN; empty: no such name
	DNSNames           []string
	Addresses          []netip.Addr
	Lifetime           time.Duration // from now on; must end before the CA does
}

// Issue makes a certificate with a P-256 key of its own. It is named
// ROLE.DATACENTER.DOMAIN, and but for the CLI's, also localhost and 127.0.0.1.
func (a *Authority) Issue(o IssueOptions) (PEM, error) {
	if err := o.check(); err != nil {
		return PEM{}, err
	}
	now := time.Now()
	name := roleName(string(o.Role), o.Datacenter, o.Domain)
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(o.Lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{name},
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		return PEM{}, fmt.Errorf("the certificate would outlive its CA, which expires at %s", stamp(a.cert.NotAfter))
	}
	if o.Node != "" {
		t.DNSNames = append(t.DNSNames, strings.ToLower(o.Node)+"."+name)
	}
	if o.Role != RoleCLI {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		t.DNSNames = append(t.DNSNames, "localhost")
		t.IPAddresses = append(t.IPAddresses, net.IPv4(127, 0, 0, 1))
	}
	for _, n := range o.DNSNames {
		if !slices.Contains(t.DNSNames, n) {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	for _, addr := range o.Addresses {
		t.IPAddresses = append(t.IPAddresses, addr.AsSlice())
	}
	made, err := sign(t, a.cert, a.key)
	if err != nil {
		return PEM{}, err
	}
	if err := a.vouches(made, o.Role); err != nil {
		return PEM{}, err
	}
	return made, nil
}

func (o IssueOptions) check() error {
	if o.Datacenter == "" || strings.Contains(o.Datacenter, ".") {
		return fmt.Errorf("%q is no datacenter", o.Datacenter)
	}
	if bareDomain(o.Domain) == "" {
		return fmt.Errorf("%q is no domain", o.Domain)
	}
	if o.Node != "" && o.Role != RoleServer {
		return errors.New("only a server's certificate names its node")
	}
	for _, n := range o.DNSNames {
		if o.Role != RoleServer && isServerName(n, o.Domain) {
			return fmt.Errorf("the name %s would make a server of a %s", n, o.Role)
		}
	}
	return nil
}

// isServerName reports whether a name is that of the servers of any datacenter.
func isServerName(name, domain string) bool {
	rest, isServer := strings.CutPrefix(strings.ToLower(name), "server.")
	dc, inDomain := strings.CutSuffix(rest, "."+bareDomain(domain))
	return isServer && inDomain && !strings.Contains(dc, ".")
}

// vouches finds out whether a fresh certificate passes under its CA, which may
// have been made for other names only.
func (a *Authority) vouches(made PEM, role Role) error {
	found, err := parseCertificates(made.Cert)
	if err != nil {
		return err
	}
	usage := x509.ExtKeyUsageServerAuth
	if role == RoleCLI {
		usage = x509.ExtKeyUsageClientAuth
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	if _, err := found[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
		return fmt.Errorf("the certificate would not pass under its CA: %s", strings.TrimPrefix(err.Error(), "x509: "))
	}
	return nil
}
