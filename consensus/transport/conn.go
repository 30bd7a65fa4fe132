package transport

import (
	"net"
	"sync"
)

// conn is a connection the mux knows of until it is closed.
type conn struct {
	net.Conn          // what is read and written: TLS, or raw itself; only its owner touches it
	raw      net.Conn // the TCP connection below
	mux      *Mux
	source   string // IP address of an inbound connection, "" for a dialed one
	layer    *Layer // under mux.mu; nil until its protocol is known
	once     sync.Once
	err      error
}

func newConn(raw net.Conn, m *Mux) *conn { return &conn{Conn: raw, raw: raw, mux: m} }

// Close closes the connection and gives its place to the next of its source.
func (c *conn) Close() error { return c.end(func() error { return c.Conn.Close() }) }

// cut closes the connection without the farewell of TLS, for which a peer that
// does not read could make us wait.
func (c *conn) cut() { _ = c.end(func() error { return c.raw.Close() }) }

func (c *conn) end(how func() error) error {
	c.once.Do(func() {
		m := c.mux
		m.mu.Lock()
		delete(m.conns, c)
		if c.source != "" {
			if m.sources[c.source]--; m.sources[c.source] == 0 {
				delete(m.sources, c.source)
			}
		}
		m.mu.Unlock()
		c.err = how()
	})
	return c.err
}
