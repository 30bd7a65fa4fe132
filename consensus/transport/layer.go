package transport

import (
	"context"
	"net"
)

// Layer is one protocol's share of the server port. It implements net.Listener.
type Layer struct {
	mux    *Mux
	proto  byte
	in     chan *conn
	ctx    context.Context // ends when the layer or its mux closes
	cancel context.CancelFunc
}

func newLayer(m *Mux, proto byte) *Layer {
	l := &Layer{mux: m, proto: proto, in: make(chan *conn)}
	l.ctx, l.cancel = context.WithCancel(m.ctx)
	return l
}

// Accept returns the next connection of this protocol, its first byte consumed.
// After Close it fails with net.ErrClosed.
func (l *Layer) Accept() (net.Conn, error) {
	select {
	case c := <-l.in:
		return c, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Addr is the address the mux is bound to.
func (l *Layer) Addr() net.Addr { return l.mux.Addr() }

// Close ends Accept and Dial and closes every connection of this layer. Peers
// that still come are cut off; the other layers go on.
func (l *Layer) Close() error {
	l.cancel()
	l.mux.closeConns(func(c *conn) bool { return c.layer == l })
	return nil
}

// deliver waits for Accept to take an inbound connection.
func (l *Layer) deliver(c *conn) {
	if !l.adopt(c) {
		c.cut()
		return
	}
	select {
	case l.in <- c:
	case <-l.ctx.Done():
		c.cut()
	}
}

// adopt makes a connection one of this layer's, so that Close finds it. It
// reports false when the layer has been closed already.
func (l *Layer) adopt(c *conn) bool {
	l.mux.mu.Lock()
	defer l.mux.mu.Unlock()
	if l.ctx.Err() != nil {
		return false
	}
	c.layer = l
	l.mux.conns[c] = struct{}{}
	return true
}
