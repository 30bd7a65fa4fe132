package consensus

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// stream is the transport as raft wants it. Its address is the advertised one,
// because raft tells it to the other members as its own. It can be cut, and mended again.
type stream struct {
	transport Transport
	id        string // of this member
	address   advertised
	locate    func(id string) string               // where a member is now, "" if not known
	refused   func(remote net.Addr, reason string) // a connection that was not let in
	once      sync.Once
	err       error
	done      chan struct{} // closed by Close

	mu    sync.Mutex
	down  bool
	conns map[*peerConn]struct{}
}

func newStream(cfg Config, refused func(net.Addr, string)) *stream {
	return &stream{
		transport: cfg.Transport, id: cfg.ID, address: advertised(cfg.Address), locate: cfg.Locate, refused: refused,
		done: make(chan struct{}), conns: map[*peerConn]struct{}{},
	}
}

// Accept implements net.Listener. When the server port was closed before the
// replica it waits for the replica: raft would try, and log, again and again.
func (s *stream) Accept() (net.Conn, error) {
	for {
		c, err := s.transport.Accept()
		if errors.Is(err, net.ErrClosed) {
			<-s.done
		}
		if err != nil {
			return nil, err
		}
		if c, ok := s.adopt(&peerConn{Conn: c, silent: true}); ok {
			return c, nil
		}
	}
}

// Addr implements net.Listener.
func (s *stream) Addr() net.Addr { return s.address }

// Close implements net.Listener. Raft and the replica both call it.
func (s *stream) Close() error {
	s.once.Do(func() {
		s.err = s.transport.Close()
		if errors.Is(s.err, net.ErrClosed) {
			s.err = nil // the server port was closed first
		}
		close(s.done)
		s.cut()
	})
	return s.err
}

// Dial implements raft.StreamLayer, for targets that [meant] made. The member is looked for
// where it is now; the address raft has of it may be older.
func (s *stream) Dial(target raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if s.isDown() {
		return nil, s.refusal()
	}
	id, addr, err := whom(target)
	if err != nil {
		return nil, err
	}
	if at := s.locate(id); at != "" {
		addr = at
	} else if addr == Nowhere(id) {
		return nil, errNowhere
	}
	c, err := s.transport.Dial(addr, timeout)
	if err != nil {
		return nil, err
	}
	if c, ok := s.adopt(&peerConn{Conn: c, hello: hello(id)}); ok {
		return c, nil
	}
	return nil, s.refusal()
}

// refusal says why the stream is cut.
func (s *stream) refusal() error {
	select {
	case <-s.done:
		return net.ErrClosed
	default:
		return errStalled
	}
}

// cut closes all connections and refuses new ones, in both directions.
func (s *stream) cut() {
	s.mu.Lock()
	s.down = true
	var all []*peerConn
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// mend undoes cut, but for the connections that are lost.
func (s *stream) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = false
}

func (s *stream) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// adopt takes responsibility for a connection, or closes it while the stream is cut.
func (s *stream) adopt(c *peerConn) (net.Conn, bool) {
	c.stream = s
	s.mu.Lock()
	if !s.down {
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		return c, true
	}
	s.mu.Unlock()
	c.Conn.Close()
	return nil, false
}

// advertised is a host:port that others connect to.
type advertised string

// Network implements net.Addr.
func (a advertised) Network() string { return "tcp" }

func (a advertised) String() string { return string(a) }
