// Package certs loads the certificates an agent shows and trusts, swaps them
// while it runs, and makes new ones. What a certificate's owner is, stands in its
// DNS names: "server.<datacenter>.<domain>" is a server of that datacenter, and
// nobody else may speak raft.
package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

// Config names the files of one door (the server port, or HTTPS) and says how
// much they are relied on. The zero Config is TLS turned off; see On. The fields
// are the keys of Consul's tls stanza.
type Config struct {
	// CAFile holds the PEM certificates that peers must be signed by. CAPath is a
	// directory of such files, added to it; names that begin with a dot are passed over.
	CAFile, CAPath string
	// CertFile and KeyFile hold this agent's PEM certificate, followed by its
	// intermediates if any, and its key. Both or neither.
	CertFile, KeyFile string

	// VerifyIncoming refuses connections without TLS, and those without a
	// certificate signed by the CA. It needs a CA and an own certificate.
	VerifyIncoming bool
	// VerifyOutgoing dials with TLS, and refuses servers without a certificate
	// signed by the CA. It needs a CA. Without it connections go out in plain text.
	VerifyOutgoing bool
	// VerifyServerHostname refuses servers that are not called
	// server.<datacenter>.<domain>. It implies VerifyOutgoing. Together with
	// VerifyIncoming it keeps everyone but servers from speaking raft.
	VerifyServerHostname bool

	// Server says that this agent is a server, and must be called so itself when
	// VerifyServerHostname is set.
	Server bool
	// Datacenter and Domain of this agent; a dot at the end of Domain does not count.
	Datacenter, Domain string

	// MinVersion is the least version of TLS that HTTPS speaks: tls.VersionTLS12
	// or tls.VersionTLS13. 0: 1.2. The server port speaks 1.3 whatever this says.
	MinVersion uint16
}

// On reports whether the configuration asks for TLS at all.
func (c Config) On() bool {
	return c.CAFile != "" || c.CAPath != "" || c.CertFile != "" || c.KeyFile != "" ||
		c.VerifyIncoming || c.VerifyOutgoing || c.VerifyServerHostname
}

// ServerName is the DNS name in the certificates of a datacenter's servers.
func ServerName(datacenter, domain string) string {
	return roleName("server", datacenter, domain)
}

func roleName(role, datacenter, domain string) string {
	return role + "." + strings.ToLower(datacenter) + "." + bareDomain(domain)
}

func bareDomain(domain string) string {
	return strings.ToLower(strings.TrimSuffix(domain, "."))
}

// ParseVersion reads a tls_min_version as Consul writes it, in its present or
// its former way ("TLSv1_2", "tls12"). Empty means the default, 0.
func ParseVersion(text string) (uint16, error) {
	switch text {
	case "":
		return 0, nil
	case "TLSv1_2", "tls12":
		return tls.VersionTLS12, nil
	case "TLSv1_3", "tls13":
		return tls.VersionTLS13, nil
	case "TLSv1_0", "tls10", "TLSv1_1", "tls11":
		return 0, fmt.Errorf("%s is broken and not spoken; the least is TLSv1_2", text)
	}
	return 0, fmt.Errorf("%q is neither TLSv1_2 nor TLSv1_3", text)
}

// settle makes explicit what settings imply.
func (c Config) settle() Config {
	c.VerifyOutgoing = c.VerifyOutgoing || c.VerifyServerHostname
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS12
	}
	return c
}

// check finds settings that contradict each other, all of them, without a look at any file.
func (c Config) check() error {
	var errs []error
	hasCA, hasOwn := c.CAFile != "" || c.CAPath != "", c.CertFile != "" && c.KeyFile != ""
	switch {
	case c.CertFile != "" && c.KeyFile == "":
		errs = append(errs, fmt.Errorf("cert_file %s needs a key_file", c.CertFile))
	case c.CertFile == "" && c.KeyFile != "":
		errs = append(errs, fmt.Errorf("key_file %s needs a cert_file", c.KeyFile))
	}
	if c.VerifyIncoming && !hasCA {
		errs = append(errs, errors.New("verify_incoming needs a ca_file or ca_path"))
	}
	if c.VerifyIncoming && !hasOwn {
		errs = append(errs, errors.New("verify_incoming needs a cert_file and a key_file"))
	}
	switch {
	case c.VerifyServerHostname && !hasCA:
		errs = append(errs, errors.New("verify_server_hostname needs a ca_file or ca_path"))
	case c.VerifyOutgoing && !hasCA:
		errs = append(errs, errors.New("verify_outgoing needs a ca_file or ca_path"))
	}
	if c.MinVersion != tls.VersionTLS12 && c.MinVersion != tls.VersionTLS13 {
		errs = append(errs, fmt.Errorf("tls_min_version %s is neither 1.2 nor 1.3", tls.VersionName(c.MinVersion)))
	}
	if (c.VerifyServerHostname || c.VerifyOutgoing) && (c.Datacenter == "" || bareDomain(c.Domain) == "") {
		errs = append(errs, errors.New("the names of servers need a datacenter and a domain"))
	}
	return errors.Join(errs...)
}
