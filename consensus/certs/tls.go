package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// VerifyIncoming reports whether incoming connections without TLS must be refused.
func (s *Store) VerifyIncoming() bool { return s.current.Load().cfg.VerifyIncoming }

// VerifyOutgoing reports whether connections must be dialed with TLS.
func (s *Store) VerifyOutgoing() bool { return s.current.Load().cfg.VerifyOutgoing }

// ServerConfig is for one incoming connection to the server port: TLS 1.3, with a
// certificate asked of the peer when VerifyIncoming is set. It is nil when this
// agent has no certificate to show.
func (s *Store) ServerConfig() *tls.Config {
	m := s.current.Load()
	if m.own == nil {
		return nil
	}
	c := m.serverConfig()
	c.MinVersion = tls.VersionTLS13
	return c
}

// HTTPSConfig is for a listener: it serves HTTP/2 and HTTP/1.1 and looks up the
// certificates anew for every connection.
func (s *Store) HTTPSConfig() (*tls.Config, error) {
	if s.current.Load().own == nil {
		return nil, errors.New("https needs a cert_file and a key_file")
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m := s.current.Load()
			if m.own == nil {
				return nil, errors.New("there is no certificate to show any more")
			}
			c := m.serverConfig()
			c.MinVersion = m.cfg.MinVersion
			c.NextProtos = []string{"h2", "http/1.1"}
			return c, nil
		},
	}, nil
}

func (m *material) serverConfig() *tls.Config {
	c := &tls.Config{
		Certificates: []tls.Certificate{*m.own},
		// A resumed session would carry a peer's certificate over a reload that
		// has stopped to trust it.
		SessionTicketsDisabled: true,
	}
	if m.cfg.VerifyIncoming {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, m.pool
	}
	return c
}

// ClientConfig is for one connection to a server of a datacenter, "" being this
// agent's own: TLS 1.3, with this agent's certificate if the server asks for one.
// The server must have a certificate of the CA, and with VerifyServerHostname the
// name of a server of that datacenter.
func (s *Store) ClientConfig(datacenter string) *tls.Config {
	m := s.current.Load()
	if datacenter == "" {
		datacenter = m.cfg.Datacenter
	}
	name := ServerName(datacenter, m.cfg.Domain)
	c := &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: name,
		// VerifyConnection does the whole verification: crypto/tls cannot check
		// the chain without the name, and would take a wildcard for a server.
		InsecureSkipVerify: true,
		VerifyConnection:   func(state tls.ConnectionState) error { return m.verifyServer(state, name) },
	}
	if m.own != nil {
		// Shown whatever CAs the server lists, so that it can say what is wrong with it.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return m.own, nil }
	}
	return c
}

func (m *material) verifyServer(state tls.ConnectionState, name string) error {
	if m.pool == nil {
		return errors.New("there is no ca_file or ca_path to verify the server by")
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] { // a server always sends one
		between.AddCert(c)
	}
	leaf := state.PeerCertificates[0]
	if _, err := leaf.Verify(m.verifyOptions(between, x509.ExtKeyUsageServerAuth, time.Now())); err != nil {
		return err
	}
	if m.cfg.VerifyServerHostname && !hasName(leaf, name) {
		return fmt.Errorf("the certificate is not that of %s, but of %s", name, orNone(leaf.DNSNames))
	}
	return nil
}

// AuthorizeRaft reports why the peer of an incoming TLS connection may not speak
// raft, nil if it may. Only servers of this datacenter may when both
// VerifyIncoming and VerifyServerHostname are set, else everyone who got so far.
func (s *Store) AuthorizeRaft(state tls.ConnectionState) error {
	m := s.current.Load()
	if !m.cfg.VerifyIncoming || !m.cfg.VerifyServerHostname {
		return nil
	}
	name := m.ownServerName()
	if len(state.VerifiedChains) == 0 {
		return errors.New("it has no verified certificate")
	}
	if leaf := state.PeerCertificates[0]; !hasName(leaf, name) {
		return fmt.Errorf("its certificate is not that of %s, but of %s", name, orNone(leaf.DNSNames))
	}
	return nil
}

func (m *material) ownServerName() string { return ServerName(m.cfg.Datacenter, m.cfg.Domain) }

// hasName reports whether a certificate has exactly this DNS name. A wildcard
// does not do: it would make a server of every client of the datacenter.
func hasName(c *x509.Certificate, name string) bool {
	return slices.ContainsFunc(c.DNSNames, func(n string) bool { return strings.EqualFold(n, name) })
}
