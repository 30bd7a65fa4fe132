package dns

import (
	"bufio"
	"container/list"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"muster/metrics"
)

// serveTCP accepts connections until the server closes.
func (s *Server) serveTCP(l *net.TCPListener) {
	for {
		conn, err := l.AcceptTCP()
		if err != nil {
			if !s.failedRead("tcp", err) {
				return
			}
			continue
		}
		s.take(conn)
	}
}

// take serves a connection, if there is room for it.
func (s *Server) take(conn stream) {
	c := newTCPConn(conn, s.cfg.Limits)
	c.desk = s.desks[rand.IntN(len(s.desks))]
	evicted, refused := s.conns.admit(c, time.Now())
	if evicted != nil {
		s.metrics.ConnEnded(metrics.ConnEvicted)
		_ = evicted.Close()
	}
	if refused != "" {
		s.metrics.ConnEnded(refused)
		_ = conn.Close()
		return
	}
	s.metrics.ConnOpened()
	s.running.Go(func() {
		defer s.metrics.ConnClosed()
		defer s.conns.release(c)
		s.serveConn(c)
	})
}

// serveConn reads the queries of one connection and answers each on a goroutine of
// its own, so that replies go out as they are ready (RFC 7766 section 6.2.1.1).
// When the client has sent its last query, replies under way still reach it.
func (s *Server) serveConn(c *tcpConn) {
	defer c.Close()
	var replies sync.WaitGroup
	defer replies.Wait()
	r := bufio.NewReaderSize(c, maxQuery+2)
	pipeline := make(chan struct{}, c.limits.Pipeline)
	for {
		err := s.await(c, r)
		var query []byte
		if err == nil {
			query, err = c.read(r)
		}
		if err != nil {
			s.countEnd(err)
			return // gone, silent or slow for too long, or not speaking DNS: in each case the end
		}
		if !s.conns.begin(c) {
			return // evicted
		}
		// A client that does not take its replies is given no more of them to keep.
		c.turn <- struct{}{}
		<-c.turn
		if s.serveKept(c, query, r) {
			continue
		}
		pipeline <- struct{}{}
		s.slots <- struct{}{}
		replies.Go(func() {
			w := &tcpReply{tcpConn: c, free: sync.OnceFunc(func() { <-s.slots })}
			s.ServeWire(s.ctx, w, query)
			w.free()
			if w.late {
				s.metrics.ConnEnded(metrics.ConnSlow)
			}
			s.conns.end(c, time.Now())
			<-pipeline
		})
	}
}

// serveKept sends the replies that a desk has to a query and to those behind it,
// or reports that the query needs more thought.
func (s *Server) serveKept(c *tcpConn, query []byte, r *bufio.Reader) bool {
	replies, ok := c.desk.serve(query, r, c.client, c.out[:0])
	if !ok {
		return false
	}
	if cap(replies) <= mostKeptOut {
		c.out = replies
	}
	late, err := c.send(replies)
	if late {
		s.metrics.ConnEnded(metrics.ConnSlow)
	}
	if err != nil {
		s.log.Debug("dns reply not sent", "client", c.client, "err", err)
	}
	s.conns.end(c, time.Now())
	return true
}

// mostKeptOut is the size up to which a connection keeps the buffer of its replies.
const mostKeptOut = 8 << 10

// await returns when the next query has begun, or fails when the connection has been idle for
// too long. It is not idle while an answer is due (RFC 7766 section 6.2.3).
func (s *Server) await(c *tcpConn, r *bufio.Reader) error {
	for {
		now := time.Now()
		until := s.conns.idleSince(c, now).Add(c.limits.Idle)
		if !until.After(now) {
			return errIdle
		}
		if err := c.SetReadDeadline(until); err != nil {
			return err
		}
		if _, err := r.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// countEnd counts the end of a connection's input, unless its client ended it.
func (s *Server) countEnd(err error) {
	switch {
	case errors.Is(err, errIdle):
		s.metrics.ConnEnded(metrics.ConnIdle)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.metrics.ConnEnded(metrics.ConnSlow)
	case errors.Is(err, errNoQuery):
		s.metrics.ConnEnded(metrics.ConnGarbage)
	}
}

var (
	errIdle    = errors.New("connection is idle")
	errNoQuery = errors.New("what was sent has no query's length")
)

// stream is a connection that can be closed half.
type stream interface {
	net.Conn
	CloseRead() error
}

// tcpConn is one connection.
type tcpConn struct {
	stream
	limits Limits
	client netip.Addr
	turn   chan struct{} // holds one token while a reply is being written
	desk   *desk         // where its plain queries are answered
	out    []byte        // replies to those

	// Kept by conns, under its lock.
	place *list.Element // nil when it is not counted
	busy  int           // queries being answered
	since time.Time     // when the last of them was, or it came
}

func newTCPConn(conn stream, limits Limits) *tcpConn {
	return &tcpConn{stream: conn, limits: limits, client: addrOf(conn.RemoteAddr()), turn: make(chan struct{}, 1)}
}

// read returns the query that has begun. However it is cut up, it must end within the read time.
func (c *tcpConn) read(r *bufio.Reader) ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limits.Read)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint16(size[:])
	if n < headSize || n > maxQuery {
		return nil, errNoQuery
	}
	query := make([]byte, n)
	_, err := io.ReadFull(r, query)
	return query, err
}

// tcpReply takes the reply to one query of a connection.
type tcpReply struct {
	*tcpConn
	free func() // gives back the query's slot
	late bool   // the client did not take the reply in time
}

func (w *tcpReply) UDP() bool { return false }

func (w *tcpReply) Client() netip.Addr { return w.client }

// Write sends the reply in one piece. A client that does not take it in time is cut
// off; the slot is given back first, so that it holds up nobody else.
func (w *tcpReply) Write(reply []byte) error {
	w.free()
	framed := make([]byte, 2+len(reply))
	binary.BigEndian.PutUint16(framed, uint16(len(reply)))
	copy(framed[2:], reply)
	var err error
	w.late, err = w.send(framed)
	return err
}

// send writes framed replies. A client that does not take them in time is late and cut off.
func (c *tcpConn) send(framed []byte) (late bool, err error) {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	if err := c.SetWriteDeadline(time.Now().Add(c.limits.Write)); err != nil {
		return false, err
	}
	if _, err := c.stream.Write(framed); err != nil {
		_ = c.Close()
		return errors.Is(err, os.ErrDeadlineExceeded), err
	}
	return false, nil
}
