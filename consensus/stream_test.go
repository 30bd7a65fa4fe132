package consensus

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// pipes is a transport of pipes within the process: the test holds the far ends.
type pipes struct {
	in     chan net.Conn
	dialed chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes {
	return &pipes{make(chan net.Conn), make(chan net.Conn, 8), make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.in:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Addr() net.Addr { return advertised("pipes") }
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Dial(string, time.Duration) (net.Conn, error) {
	near, far := net.Pipe()
	p.dialed <- far
	return near, nil
}

func TestStreamLetsOnlyRaftIn(t *testing.T) {
	for _, tc := range []struct {
		name    string
		send    string
		passes  bool
		refused int
	}{
		{"append entries", "\x00rest", true, 0},
		{"pre-vote", "\x04rest", true, 0},
		{"http", "GET / HTTP/1.1\r\n\r\n", false, 1},
		{"a kind to come", "\x05", false, 1},
		{"silence", "", false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, refused := newPipes(), 0
				s := newStream(transport, "a:1", func(net.Addr) { refused++ })
				near, far := net.Pipe()
				go func() { transport.in <- near }()
				c, err := s.Accept()
				if err != nil {
					t.Fatal(err)
				}
				if tc.send != "" {
					go far.Write([]byte(tc.send))
				}
				b := make([]byte, 64)
				n, err := c.Read(b)
				if tc.passes && (err != nil || string(b[:n]) != tc.send) || !tc.passes && (n != 0 || err != io.EOF) || refused != tc.refused {
					t.Errorf("read %q, %v; %d refused", b[:n], err, refused)
				}
				if tc.passes { // then it may be silent for as long as it likes, and say anything
					go func() { <-time.After(time.Hour); far.Write([]byte("later")) }()
					if n, err := c.Read(b); err != nil || string(b[:n]) != "later" {
						t.Errorf("read %q, %v", b[:n], err)
					}
				}
				c.Close()
				far.Close()
				s.Close()
			})
		})
	}
}

func TestStreamIsCutAndMended(t *testing.T) {
	transport := newPipes()
	s := newStream(transport, "a:1", func(net.Addr) {})
	dead := func(c net.Conn) bool { _, err := c.Read(make([]byte, 1)); return err == io.EOF }
	if _, err := s.Dial("b:1", 0); err != nil {
		t.Fatal(err)
	}
	first := <-transport.dialed
	s.cut()
	if !dead(first) {
		t.Error("a connection outlives the cut")
	}
	if _, err := s.Dial("b:1", 0); !errors.Is(err, errStalled) {
		t.Errorf("Dial: %v", err)
	}
	near, far := net.Pipe()
	accepted := make(chan net.Conn)
	go func() { c, _ := s.Accept(); accepted <- c }()
	transport.in <- near
	if !dead(far) {
		t.Error("a connection came in during the cut")
	}
	s.mend()
	near, far = net.Pipe()
	transport.in <- near
	in := <-accepted
	if c, err := s.Dial("b:1", 0); err != nil || in == nil {
		t.Errorf("mended, Dial: %v, Accept: %v", err, in)
	} else {
		c.Close()
		c.Close()
	}
	out := <-transport.dialed
	if !dead(out) || len(s.conns) != 1 {
		t.Errorf("%d connections are known", len(s.conns))
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if !dead(far) {
		t.Error("a connection outlives Close")
	}
	if _, err := s.Dial(raft.ServerAddress("b:1"), 0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial after Close: %v", err)
	}
	if _, err := s.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}
