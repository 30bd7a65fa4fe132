package probes

import (
	"context"
	"crypto/tls"
	"net"

	"muster/catalog"
)

// probeTCP opens one connection, with TLS when asked to, and closes it. A host
// name is tried at all its addresses, both families side by side (RFC 8305).
func probeTCP(ctx context.Context, def *catalog.CheckDefinition) Result {
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = &net.Dialer{}
	what := "TCP connect " + def.TCP
	if def.TCPUseTLS {
		dialer = &tls.Dialer{Config: tlsConfig(def)}
		what = "TCP+TLS connect " + def.TCP
	}
	conn, err := dialer.DialContext(ctx, "tcp", def.TCP)
	if err != nil {
		return failure(ctx, what, err)
	}
	conn.Close() // the answer is in; how the good-bye is taken says nothing about the target
	return Result{catalog.Passing, what + ": Success"}
}
