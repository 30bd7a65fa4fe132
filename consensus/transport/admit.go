package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"
)

// errSilent is a peer that just connected and hung up, as a probe of the port does.
var errSilent = errors.New("it hung up without a word")

// admit reads which protocol a fresh connection speaks, behind a TLS handshake if
// there is one, and returns why the peer may not. It runs in the connection's own goroutine.
func (m *Mux) admit(c *conn) (proto byte, err error) {
	if proto, err = m.readProto(c); err != nil {
		if errors.Is(err, io.EOF) {
			err = errSilent
		}
		return 0, err
	}
	guard := m.cfg.TLS
	switch {
	case proto != ProtoTLS && guard != nil && guard.VerifyIncoming():
		return 0, errors.New("it does not speak TLS, which verify_incoming asks for")
	case proto != ProtoTLS:
		return proto, nil
	case guard == nil:
		return 0, errors.New("it speaks TLS, which is not set up here")
	}
	config := guard.ServerConfig()
	if config == nil {
		return 0, errors.New("it speaks TLS, but there is no certificate to show it")
	}
	secure := tls.Server(c.raw, config)
	if err := handshake(m.ctx, secure, m.cfg.HandshakeTimeout); err != nil {
		return 0, err
	}
	c.Conn = secure
	if proto, err = m.readProto(c); err != nil {
		return 0, err
	}
	if proto == ProtoRaft {
		if err := guard.AuthorizeRaft(secure.ConnectionState()); err != nil {
			return 0, fmt.Errorf("it may not speak raft: %w", err)
		}
	}
	return proto, nil
}

// readProto reads the byte that names a protocol.
func (m *Mux) readProto(c *conn) (byte, error) {
	var first [1]byte
	_ = c.SetReadDeadline(time.Now().Add(m.cfg.FirstByteTimeout)) // fails only on a closed connection; so does Read
	if _, err := io.ReadFull(c, first[:]); err != nil {
		return 0, fmt.Errorf("it did not name a protocol: %w", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	return first[0], nil
}

// handshake performs a TLS handshake within a time, on either side.
func handshake(ctx context.Context, c *tls.Conn, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	return nil
}
