package transport

import (
	"net"
	"sync"
)

// conn is a connection the mux knows of until it is closed.
type conn struct {
	net.Conn
	mux    *Mux
	source string // IP address of an inbound connection, "" for a dialed one
	layer  *Layer // under mux.mu; nil until the first byte has been read
	once   sync.Once
	err    error
}

// Close closes the connection and gives its place to the next of its source.
func (c *conn) Close() error {
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
		c.err = c.Conn.Close()
	})
	return c.err
}
