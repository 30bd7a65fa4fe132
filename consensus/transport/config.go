package transport

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// The protocols of the server port. The values are part of the wire protocol.
// They are not letters, so that a stray HTTP or TLS client is recognised and refused.
const (
	ProtoRaft byte = 0x01
	ProtoRPC  byte = 0x02
	// ProtoTLS begins a TLS handshake; the byte of the true protocol follows inside.
	ProtoTLS byte = 0x03
)

// TLS decides who may come and go, and with which certificates. It is asked anew
// for every connection, so that reloaded certificates show at once. Its methods
// must be safe for concurrent use and must not block.
type TLS interface {
	// VerifyIncoming reports whether connections without TLS are refused.
	VerifyIncoming() bool
	// VerifyOutgoing reports whether connections are dialed with TLS.
	VerifyOutgoing() bool
	// ServerConfig is for one incoming connection; nil: there is no certificate to
	// show, and connections with TLS are refused. The transport does not change it.
	ServerConfig() *tls.Config
	// ClientConfig is for one connection to a server of a datacenter, "" being the
	// agent's own. The transport does not change it.
	ClientConfig(datacenter string) *tls.Config
	// AuthorizeRaft returns why the peer of an incoming connection may not speak raft, nil if it may.
	AuthorizeRaft(tls.ConnectionState) error
}

// Config says where to listen and whom to refuse.
type Config struct {
	// Addr is the host:port to bind; port 0 takes a free one.
	Addr string
	// Logger gets one line per ten seconds at most about refused connections. Nil discards.
	Logger *slog.Logger
	// TLS guards the connections. Nil: all of them are in plain text.
	TLS TLS
	// FirstByteTimeout is how long a connection may take to name its protocol, with
	// TLS once before and once after the handshake. 0: 5 s.
	FirstByteTimeout time.Duration
	// HandshakeTimeout is how long a TLS handshake may take, on either side. 0: 5 s.
	HandshakeTimeout time.Duration
	// MaxPerSource is how many connections one IP address may hold open at a time. 0: 200.
	MaxPerSource int
	// Dial makes the TCP connections that go out, for tests that cut them. Nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

const (
	defaultFirstByteTimeout = 5 * time.Second
	defaultHandshakeTimeout = 5 * time.Second
	defaultMaxPerSource     = 200
)

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.FirstByteTimeout <= 0 {
		c.FirstByteTimeout = defaultFirstByteTimeout
	}
	if c.HandshakeTimeout <= 0 {
		c.HandshakeTimeout = defaultHandshakeTimeout
	}
	if c.MaxPerSource <= 0 {
		c.MaxPerSource = defaultMaxPerSource
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	return c
}
