package consensus

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// helloTime is how long a connection may take to say whom it is meant for; members
// connect when they have something to say.
const helloTime = 10 * time.Second

// peerConn is a connection that the stream knows of until it is closed. One that
// came in is looked at before raft is, because raft would log whatever nonsense a
// scanner sends and wait for ever for one that is silent.
type peerConn struct {
	net.Conn
	stream *stream
	silent bool   // nothing was read yet; for the reading goroutine
	hello  []byte // to be written before all else; for the writing goroutine
	once   sync.Once
	err    error
}

// Read implements net.Conn. Raft takes io.EOF for a connection that was closed.
func (c *peerConn) Read(b []byte) (int, error) {
	if !c.silent || len(b) == 0 {
		return c.Conn.Read(b)
	}
	c.SetReadDeadline(time.Now().Add(helloTime)) // fails only on a closed connection; so does Read
	id, err := readHello(c.Conn)
	switch {
	case errors.Is(err, errNoHello):
		c.stream.refused(c.RemoteAddr(), err.Error())
		return 0, io.EOF
	case err != nil:
		return 0, io.EOF
	case id != c.stream.id:
		c.stream.refused(c.RemoteAddr(), fmt.Sprintf("it is meant for server %q, this is %s", id, c.stream.id))
		return 0, io.EOF
	}
	c.silent = false
	c.SetReadDeadline(time.Time{})
	return c.Conn.Read(b)
}

// Write implements net.Conn.
func (c *peerConn) Write(b []byte) (int, error) {
	if c.hello == nil {
		return c.Conn.Write(b)
	}
	first := len(c.hello)
	n, err := c.Conn.Write(append(c.hello, b...))
	c.hello = nil
	return max(n-first, 0), err
}

// Close implements net.Conn.
func (c *peerConn) Close() error {
	c.once.Do(func() {
		c.stream.mu.Lock()
		delete(c.stream.conns, c)
		c.stream.mu.Unlock()
		c.err = c.Conn.Close()
	})
	return c.err
}
