package dns

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"muster/metrics"
)

// conns counts TCP connections and knows the open ones.
type conns struct {
	total, perHost int // limits

	mu      sync.Mutex
	order   *list.List // of *tcpConn that are open, those silent for the longest first
	byHost  map[netip.Addr]int
	stopped bool
}

func newConns(l Limits) conns {
	return conns{total: l.Conns, perHost: l.ConnsPerHost, order: list.New(), byHost: map[netip.Addr]int{}}
}

// host is what connections are counted by: an address, and in IPv6, where one host has
// as many of them as it likes, a /64.
func host(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		p, _ := a.WithZone("").Prefix(64) // no error: the length fits
		return p.Addr()
	}
	return a
}

// admit counts a connection in, or says why not. When there are as many as there may be it counts
// out the one that has been idle for the longest, which the caller is to close.
func (c *conns) admit(conn *tcpConn, now time.Time) (evicted *tcpConn, refused metrics.ConnEnd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.stopped:
		return nil, metrics.ConnFull
	case c.byHost[host(conn.client)] >= c.perHost:
		return nil, metrics.ConnHostFull
	case c.order.Len() >= c.total:
		if evicted = c.oldestIdle(); evicted == nil {
			return nil, metrics.ConnFull
		}
		c.remove(evicted)
	}
	conn.since = now
	conn.place = c.order.PushBack(conn)
	c.byHost[host(conn.client)]++
	return evicted, ""
}

func (c *conns) oldestIdle() *tcpConn {
	for e := c.order.Front(); e != nil; e = e.Next() {
		if conn := e.Value.(*tcpConn); conn.busy == 0 {
			return conn
		}
	}
	return nil
}

// begin counts a query that is to be answered, unless the connection was counted out.
func (c *conns) begin(conn *tcpConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.busy++
	return conn.place != nil
}

// end counts it as answered. Having its answer last makes a connection the youngest of the idle.
func (c *conns) end(conn *tcpConn, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn.busy--
	conn.since = now
	if conn.place != nil {
		c.order.MoveToBack(conn.place)
	}
}

// idleSince returns since when a connection has been idle: now, while a query is being answered.
func (c *conns) idleSince(conn *tcpConn, now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.busy > 0 {
		return now
	}
	return conn.since
}

// release counts a connection out, if that was not done yet.
func (c *conns) release(conn *tcpConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(conn)
}

func (c *conns) remove(conn *tcpConn) {
	if conn.place == nil {
		return
	}
	c.order.Remove(conn.place)
	conn.place = nil
	h := host(conn.client)
	if c.byHost[h]--; c.byHost[h] == 0 {
		delete(c.byHost, h)
	}
}

// stopReading ends the input of every connection and admits no more. Replies still go out.
func (c *conns) stopReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for e := c.order.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*tcpConn).CloseRead()
	}
}

// closeAll closes every connection.
func (c *conns) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*tcpConn).Close()
	}
}
