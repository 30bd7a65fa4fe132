package dns

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
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
		host := addrOf(conn.RemoteAddr())
		if !s.conns.admit(conn, host) {
			_ = conn.Close()
			continue
		}
		s.running.Go(func() {
			defer s.conns.release(conn, host)
			s.serveConn(&tcpConn{TCPConn: conn, limits: s.cfg.Limits, client: host})
		})
	}
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
		query, err := c.read(r)
		if err != nil {
			return // gone, silent for too long, or not speaking DNS: in each case the end
		}
		pipeline <- struct{}{}
		s.slots <- struct{}{}
		replies.Go(func() {
			w := &tcpReply{tcpConn: c, free: sync.OnceFunc(func() { <-s.slots })}
			s.ServeWire(s.ctx, w, query)
			w.free()
			<-pipeline
		})
	}
}

// tcpConn is one connection.
type tcpConn struct {
	*net.TCPConn
	limits Limits
	client netip.Addr
	mu     sync.Mutex // one reply at a time
}

var errTooLong = errors.New("query is too long")

// read returns the next query: the idle time to begin it, the read time to end it.
func (c *tcpConn) read(r *bufio.Reader) ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limits.Idle)); err != nil {
		return nil, err
	}
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	if err := c.SetReadDeadline(time.Now().Add(c.limits.Read)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint16(size[:])
	if n > maxQuery {
		return nil, errTooLong
	}
	query := make([]byte, n)
	_, err := io.ReadFull(r, query)
	return query, err
}

// tcpReply takes the reply to one query of a connection.
type tcpReply struct {
	*tcpConn
	free func() // gives back the query's slot
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
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.SetWriteDeadline(time.Now().Add(w.limits.Write)); err != nil {
		return err
	}
	if _, err := w.TCPConn.Write(framed); err != nil {
		_ = w.Close()
		return err
	}
	return nil
}
