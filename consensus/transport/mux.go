package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Mux owns the listener of the server port and every connection that came in
// through it or was dialed by one of its layers.
type Mux struct {
	cfg     Config
	ln      net.Listener // nil: it only dials
	refused *refusals

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	work   sync.WaitGroup // the accept loop and connections that have not been handed to a layer

	mu      sync.Mutex
	started bool
	closed  bool
	layers  map[byte]*Layer
	conns   map[*conn]struct{}
	sources map[string]int // open inbound connections by IP address
}

// Listen binds the port. No connection is served before Start.
func Listen(cfg Config) (*Mux, error) {
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("server port: %w", err)
	}
	return newMux(ln, cfg), nil
}

func newMux(ln net.Listener, cfg Config) *Mux {
	cfg = cfg.withDefaults()
	m := &Mux{
		cfg: cfg, ln: ln, refused: newRefusals(cfg.Logger),
		layers: map[byte]*Layer{}, conns: map[*conn]struct{}{}, sources: map[string]int{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m
}

// Addr is the address that was bound.
func (m *Mux) Addr() net.Addr { return m.ln.Addr() }

// Layer returns the share of the port that belongs to a protocol, the same one
// each time. Connections of a protocol nobody has asked for are refused.
func (m *Mux) Layer(proto byte) *Layer {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.layers[proto]
	if !ok {
		l = newLayer(m, proto)
		m.layers[proto] = l
	}
	return l
}

// Start begins to accept connections. Calls after the first, or after Close, do nothing.
func (m *Mux) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.started || m.closed {
		return
	}
	m.started = true
	m.work.Go(m.accept)
}

// Close stops listening, closes every layer and every connection, and returns
// when the mux's goroutines have ended.
func (m *Mux) Close() error {
	m.mu.Lock()
	first := !m.closed
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	var err error
	if first && m.ln != nil {
		err = m.ln.Close()
	}
	m.closeConns(func(*conn) bool { return true })
	m.work.Wait()
	return err
}

// accept hands connections to goroutines until the mux closes. Errors other than
// that are taken to pass (out of descriptors, a connection reset before it was
// accepted): giving up would leave a running server that nobody can reach.
func (m *Mux) accept() {
	const least, most = 5 * time.Millisecond, time.Second
	delay := least
	for {
		c, err := m.ln.Accept()
		if err == nil {
			delay = least
			m.serve(c)
			continue
		}
		if m.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		m.refused.log("cannot accept connections on the server port", "error", err)
		select {
		case <-time.After(delay):
			delay = min(2*delay, most)
		case <-m.ctx.Done():
			return
		}
	}
}

// serve admits a fresh connection and reads its protocol in a goroutine of its
// own, so that a peer that says nothing keeps nobody else waiting.
func (m *Mux) serve(raw net.Conn) {
	c := newConn(raw, m)
	c.source = sourceOf(raw)
	m.mu.Lock()
	closed, many := m.closed, m.sources[c.source] >= m.cfg.MaxPerSource
	if closed || many {
		m.mu.Unlock()
		if !closed {
			m.refused.log("connection refused: too many from this address", "remote", raw.RemoteAddr(), "limit", m.cfg.MaxPerSource)
		}
		raw.Close()
		return
	}
	m.sources[c.source]++
	m.conns[c] = struct{}{}
	m.work.Go(func() { m.route(c) })
	m.mu.Unlock()
}

// route finds out the protocol and hands the connection to its layer.
func (m *Mux) route(c *conn) {
	proto, err := m.admit(c)
	if err != nil {
		if m.ctx.Err() == nil && !errors.Is(err, errSilent) {
			m.refused.log("connection refused", "remote", c.RemoteAddr(), "reason", err)
		}
		c.cut()
		return
	}
	m.mu.Lock()
	l := m.layers[proto]
	m.mu.Unlock()
	if l == nil {
		m.refused.log("connection refused: unknown protocol", "remote", c.RemoteAddr(), "first_byte", proto)
		c.cut()
		return
	}
	l.deliver(c)
}

// closeConns cuts the connections that match.
func (m *Mux) closeConns(match func(*conn) bool) {
	m.mu.Lock()
	var doomed []*conn
	for c := range m.conns {
		if match(c) {
			doomed = append(doomed, c)
		}
	}
	m.mu.Unlock()
	for _, c := range doomed {
		c.cut()
	}
}

func sourceOf(c net.Conn) string {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.IP.String()
	}
	return c.RemoteAddr().String()
}
