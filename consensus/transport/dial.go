package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Dial connects to the same protocol of the server at addr (host:port), which
// belongs to this agent's own datacenter. timeout bounds all of it; 0 bounds only
// the TLS handshake.
func (l *Layer) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	ctx := context.Background()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return l.DialContext(ctx, "", addr)
}

// DialContext connects to the same protocol of the server at addr (host:port).
// dc is the datacenter the server must belong to, "" being this agent's own. ctx
// bounds connecting alone, not the life of the connection. After Close the error
// is net.ErrClosed. A peer that refuses our certificate says so only when the
// connection is first read (TLS 1.3).
func (l *Layer) DialContext(ctx context.Context, dc, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	c, err := l.dial(ctx, dc, addr)
	if err != nil {
		if l.ctx.Err() != nil {
			err = net.ErrClosed
		}
		return nil, fmt.Errorf("dial server %s: %w", addr, err)
	}
	return c, nil
}

func (l *Layer) dial(ctx context.Context, dc, addr string) (net.Conn, error) {
	raw, err := l.mux.cfg.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := newConn(raw, l.mux)
	if !l.adopt(c) {
		c.cut()
		return nil, net.ErrClosed
	}
	if err := l.mux.introduce(ctx, c, dc, l.proto); err != nil {
		c.cut()
		return nil, err
	}
	return c, nil
}

// introduce names the protocol to the server, behind a TLS handshake if need be.
func (m *Mux) introduce(ctx context.Context, c *conn, dc string, proto byte) error {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.raw.SetWriteDeadline(deadline) // fails only on a closed connection; so does Write
		defer c.raw.SetWriteDeadline(time.Time{})
	}
	if guard := m.cfg.TLS; guard != nil && guard.VerifyOutgoing() {
		if _, err := c.raw.Write([]byte{ProtoTLS}); err != nil {
			return err
		}
		secure := tls.Client(c.raw, guard.ClientConfig(dc))
		if err := handshake(ctx, secure, m.cfg.HandshakeTimeout); err != nil {
			return err
		}
		c.Conn = secure
	}
	_, err := c.Write([]byte{proto})
	return err
}

// Dialer is what an agent that is no server has of the server port: it dials
// those of others, and listens to none.
type Dialer struct{ layer *Layer }

// NewDialer makes a dialer for the RPC protocol. Of the configuration only TLS,
// HandshakeTimeout and Dial count.
func NewDialer(cfg Config) *Dialer { return &Dialer{layer: newMux(nil, cfg).Layer(ProtoRPC)} }

// Dial is [Layer.Dial].
func (d *Dialer) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	return d.layer.Dial(addr, timeout)
}

// DialContext is [Layer.DialContext].
func (d *Dialer) DialContext(ctx context.Context, dc, addr string) (net.Conn, error) {
	return d.layer.DialContext(ctx, dc, addr)
}

// Close ends dialing and closes every connection that was dialed.
func (d *Dialer) Close() error { return d.layer.mux.Close() }
