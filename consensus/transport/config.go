package transport

import (
	"log/slog"
	"time"
)

// The protocols of the server port. The values are part of the wire protocol.
// They are not letters, so that a stray HTTP or TLS client is recognised and refused.
const (
	ProtoRaft byte = 0x01
	ProtoRPC  byte = 0x02
)

// Config says where to listen and whom to refuse.
type Config struct {
	// Addr is the host:port to bind; port 0 takes a free one.
	Addr string
	// Logger gets one line per ten seconds at most about refused connections. Nil discards.
	Logger *slog.Logger
	// FirstByteTimeout is how long a connection may take to name its protocol. 0: 5 s.
	FirstByteTimeout time.Duration
	// MaxPerSource is how many connections one IP address may hold open at a time. 0: 200.
	MaxPerSource int
}

const (
	defaultFirstByteTimeout = 5 * time.Second
	defaultMaxPerSource     = 200
)

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.FirstByteTimeout <= 0 {
		c.FirstByteTimeout = defaultFirstByteTimeout
	}
	if c.MaxPerSource <= 0 {
		c.MaxPerSource = defaultMaxPerSource
	}
	return c
}
