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
		name, send, passes, refused string
	}{
		{"for this member", "\xa1\x02me\x00rest", "\x00rest", ""},
		{"for another", "\xa1\x03you\x00rest", "", `it is meant for server "you", this is me`},
		{"for nobody", "\xa1\x00\x00rest", "", `it is meant for server "", this is me`},
		{"raft without a hello", "\x00rest", "", "it does not speak raft"},
		{"http", "GET / HTTP/1.1\r\n\r\n", "", "it does not speak raft"},
		{"half a hello", "\xa1\x02m", "", ""},
		{"silence", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, refused := newPipes(), ""
				s := newStream(Config{Transport: transport, ID: "me", Address: "a:1"}, func(_ net.Addr, reason string) { refused += reason })
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
				if string(b[:n]) != tc.passes || tc.passes == "" && err != io.EOF || refused != tc.refused {
					t.Errorf("read %q, %v; refused: %q", b[:n], err, refused)
				}
				if tc.passes != "" { // then it may be silent for as long as it likes, and say anything
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
	s := newStream(Config{Transport: transport, Address: "a:1", Locate: func(string) string { return "" }}, func(net.Addr, string) {})
	dead := func(c net.Conn) bool { _, err := c.Read(make([]byte, 1)); return err == io.EOF }
	if _, err := s.Dial("b@b:1", 0); err != nil {
		t.Fatal(err)
	}
	first := <-transport.dialed
	s.cut()
	if !dead(first) {
		t.Error("a connection outlives the cut")
	}
	if _, err := s.Dial("b@b:1", 0); !errors.Is(err, errStalled) {
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
	if c, err := s.Dial("b@b:1", 0); err != nil || in == nil {
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
	if _, err := s.Dial(raft.ServerAddress("b@b:1"), 0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial after Close: %v", err)
	}
	if _, err := s.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

// Raft's addresses carry the id that is meant; the member is looked for where it is now.
func TestStreamFindsMembers(t *testing.T) {
	for _, tc := range []struct{ name, target, located, dialed, says string }{
		{"at raft's address", "b@b:1", "", "b:1", "\xa1\x01bhi"},
		{"where it moved to", "b@b:1", "c:1", "c:1", "\xa1\x01bhi"},
		{"an id of any kind", "x@y@[::1]:1", "", "[::1]:1", "\xa1\x03x@yhi"},
		{"listed nowhere, and found", string(meant("b", raft.ServerAddress(Nowhere("b")))), "c:1", "c:1", "\xa1\x01bhi"},
		{"listed nowhere", string(meant("b", raft.ServerAddress(Nowhere("b")))), "", "", ""},
		{"no id", "b:1", "", "", ""},
	} {
		transport, dialed := newPipes(), ""
		s := newStream(Config{Transport: dialNotes{transport, &dialed}, Locate: func(string) string { return tc.located }}, nil)
		c, err := s.Dial(raft.ServerAddress(tc.target), 0)
		if (err == nil) != (tc.dialed != "") || dialed != tc.dialed {
			t.Errorf("%s: dialed %q, %v", tc.name, dialed, err)
		}
		if err != nil {
			continue
		}
		heard := make(chan string)
		go func() { b, _ := io.ReadAll(<-transport.dialed); heard <- string(b) }()
		for _, word := range []string{"h", "i"} {
			if n, err := io.WriteString(c, word); n != 1 || err != nil {
				t.Errorf("%s: wrote %d, %v", tc.name, n, err)
			}
		}
		c.Close()
		if got := <-heard; got != tc.says {
			t.Errorf("%s: said %q, want %q", tc.name, got, tc.says)
		}
	}
}

// dialNotes notes what was dialed.
type dialNotes struct {
	*pipes
	to *string
}

func (d dialNotes) Dial(addr string, timeout time.Duration) (net.Conn, error) {
	*d.to = addr
	return d.pipes.Dial(addr, timeout)
}
