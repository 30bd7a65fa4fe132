package consensus

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// stream is the transport as raft wants it. Its address is the advertised one,
// because raft tells it to the other members as its own.
type stream struct {
	transport Transport
	address   advertised
	once      sync.Once
	err       error
	done      chan struct{} // closed by Close
}

func newStream(t Transport, address string) *stream {
	return &stream{transport: t, address: advertised(address), done: make(chan struct{})}
}

// Accept implements net.Listener. When the server port was closed before the
// replica it waits for the replica: raft would try, and log, again and again.
func (s *stream) Accept() (net.Conn, error) {
	c, err := s.transport.Accept()
	if errors.Is(err, net.ErrClosed) {
		<-s.done
	}
	return c, err
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
	})
	return s.err
}

// Dial implements raft.StreamLayer.
func (s *stream) Dial(addr raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return s.transport.Dial(string(addr), timeout)
}

// advertised is a host:port that others connect to.
type advertised string

// Network implements net.Addr.
func (a advertised) Network() string { return "tcp" }

func (a advertised) String() string { return string(a) }
