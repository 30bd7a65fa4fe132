package dns

import (
	"net"
	"net/netip"
	"sync"
)

// conns counts TCP connections and knows the open ones.
type conns struct {
	total, perHost int // limits

	mu      sync.Mutex
	open    map[*net.TCPConn]struct{}
	byHost  map[netip.Addr]int
	stopped bool
}

func newConns(l Limits) conns {
	return conns{total: l.Conns, perHost: l.ConnsPerHost, open: map[*net.TCPConn]struct{}{}, byHost: map[netip.Addr]int{}}
}

// admit counts a connection in, unless that would pass a limit.
func (c *conns) admit(conn *net.TCPConn, host netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || len(c.open) >= c.total || c.byHost[host] >= c.perHost {
		return false
	}
	c.open[conn] = struct{}{}
	c.byHost[host]++
	return true
}

// release counts a connection out.
func (c *conns) release(conn *net.TCPConn, host netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
	if c.byHost[host]--; c.byHost[host] == 0 {
		delete(c.byHost, host)
	}
}

// stopReading ends the input of every connection and admits no more. Replies still go out.
func (c *conns) stopReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for conn := range c.open {
		_ = conn.CloseRead()
	}
}

// closeAll closes every connection.
func (c *conns) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.Close()
	}
}
