package consensus

import (
	"io"
	"net"
	"sync"
	"time"
)

const (
	// maxMessageKind is the largest first byte of a message between raft members.
	maxMessageKind = 4
	// firstMessageTime is how long a connection may take to begin its first message;
	// members connect when they have something to say.
	firstMessageTime = 10 * time.Second
)

// peerConn is a connection that the stream knows of until it is closed. One that
// came in is looked at before raft is, because raft would log whatever nonsense a
// scanner sends and wait for ever for one that is silent.
type peerConn struct {
	net.Conn
	stream *stream
	silent bool // nothing was read yet; for the reading goroutine
	once   sync.Once
	err    error
}

// Read implements net.Conn. Raft takes io.EOF for a connection that was closed.
func (c *peerConn) Read(b []byte) (int, error) {
	if !c.silent || len(b) == 0 {
		return c.Conn.Read(b)
	}
	c.SetReadDeadline(time.Now().Add(firstMessageTime)) // fails only on a closed connection; so does Read
	n, err := c.Conn.Read(b)
	if n == 0 {
		return 0, io.EOF
	}
	c.silent = false
	c.SetReadDeadline(time.Time{})
	if b[0] > maxMessageKind {
		c.stream.refused(c.RemoteAddr())
		return 0, io.EOF
	}
	return n, err
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
