package httpapi

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// refusal is sent to a connection over the limit, before any byte of it is read.
const refusal = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Connection: close\r\nContent-Length: 38\r\n\r\ntoo many connections from this address"

// connLimit counts the open connections of each source address.
type connLimit struct {
	most int // under 1: no limit

	mu   sync.Mutex
	open map[netip.Addr]int
}

func newConnLimit(most int) *connLimit {
	return &connLimit{most: most, open: map[netip.Addr]int{}}
}

// wrap applies the limit to a listener. Sources without an IP address are not limited.
func (l *connLimit) wrap(ln net.Listener) net.Listener {
	if l.most < 1 {
		return ln
	}
	return &limitedListener{Listener: ln, limit: l}
}

func (l *connLimit) enter(a netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[a] >= l.most {
		return false
	}
	l.open[a]++
	return true
}

func (l *connLimit) leave(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[a]--; l.open[a] == 0 {
		delete(l.open, a)
	}
}

type limitedListener struct {
	net.Listener
	limit *connLimit
}

// Accept returns the next connection whose source is under the limit.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
		if !ok {
			return conn, nil
		}
		source := tcp.AddrPort().Addr().Unmap().WithZone("")
		if l.limit.enter(source) {
			return &limitedConn{Conn: conn, leave: sync.OnceFunc(func() { l.limit.leave(source) })}, nil
		}
		refuse(conn)
	}
}

// refuse tells a client why it is cut off. The few bytes fit any fresh socket's
// buffer, so this does not hold up Accept; errors are the client's own loss.
func refuse(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte(refusal))
	_ = conn.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection and makes place for another.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
