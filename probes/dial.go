package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"time"

	"muster/catalog"
)

// dial connects to a check's target, with TLS and one of protos agreed on (none: any) when secure. A
// host name is tried at all its addresses, both families side by side (RFC 8305).
func dial(ctx context.Context, def *catalog.CheckDefinition, g guard, address string, secure bool, protos ...string) (net.Conn, error) {
	if !secure {
		return g.dialer().DialContext(ctx, "tcp", address)
	}
	cfg, err := tlsConfig(def, protos...)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: g.dialer(), Config: cfg}).DialContext(ctx, "tcp", address)
}

// tlsConfig is how a check's probes speak TLS. An empty server name means the
// host of the target. The files are read anew each time: certificates are renewed under the same names.
func tlsConfig(def *catalog.CheckDefinition, protos ...string) (*tls.Config, error) {
	cfg := &tls.Config{
		ServerName:         def.TLSServerName,
		InsecureSkipVerify: def.TLSSkipVerify, // the owner of the check asked for it
		MinVersion:         tls.VersionTLS12,
		NextProtos:         protos,
	}
	if def.TLSCAFile != "" {
		text, err := os.ReadFile(def.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("tls_ca_file: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls_ca_file: %s holds no certificate", def.TLSCAFile)
		}
	}
	if def.TLSCertFile != "" {
		pair, err := tls.LoadX509KeyPair(def.TLSCertFile, def.TLSKeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls_cert_file: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// bounded makes reads and writes of a connection end with ctx. What it returns is to be called when they are over.
func bounded(ctx context.Context, conn net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() {
		// In the past: whatever waits now stops waiting. If the connection is
		// closed already, nothing waits.
		conn.SetDeadline(time.Unix(1, 0))
	})
}
