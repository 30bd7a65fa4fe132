package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
)

func TestHungHandshakes(t *testing.T) {
	s := newShop(t)
	m, log := start(t, Config{TLS: s.store("server", verifyAll), HandshakeTimeout: time.Second, FirstByteTimeout: time.Hour, MaxPerSource: 30})
	echo(t, m.Layer(ProtoRPC), "c>")
	var hung []net.Conn
	for range 20 {
		hung = append(hung, dial(t, m, ProtoTLS))
	}
	server := s.pair("server")
	if got := speak(t, m.Addr().String(), &server, true, ProtoRPC); got != "c>" {
		t.Errorf("answered %q while others hang", got)
	}
	for _, c := range hung {
		if _, err := read(c, 1); err == nil {
			t.Error("a hung handshake was answered")
		} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			t.Fatal("a hung handshake was not cut off")
		}
	}
	if !strings.Contains(log.String(), "TLS handshake") {
		t.Errorf("log: %s", log)
	}
}

// A place is taken before the handshake, so that handshakes cannot be piled up.
func TestHandshakesCountPerSource(t *testing.T) {
	s := newShop(t)
	m, log := start(t, Config{TLS: s.store("server", verifyAll), HandshakeTimeout: time.Hour, MaxPerSource: 2})
	dial(t, m, ProtoTLS)
	dial(t, m, ProtoTLS)
	if _, err := read(dial(t, m), 1); err == nil {
		t.Error("a third was answered")
	}
	if !strings.Contains(log.String(), "too many from this address") {
		t.Errorf("log: %s", log)
	}
	if err := m.Close(); err != nil { // with two handshakes under way
		t.Error(err)
	}
}

// A server that never shakes hands holds a dialer neither beyond its time nor beyond Close.
func TestDialingTheDead(t *testing.T) {
	s := newShop(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	guard := s.store("client", func(c *certs.Config) { c.VerifyOutgoing = true })
	for _, tc := range []struct {
		name string
		cfg  Config
		dial func(*Dialer) error
		want error
	}{
		{"its own bound", Config{HandshakeTimeout: 50 * time.Millisecond}, func(d *Dialer) error { _, err := d.Dial(ln.Addr().String(), 0); return err }, context.DeadlineExceeded},
		{"the caller's bound", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error { _, err := d.Dial(ln.Addr().String(), 50*time.Millisecond); return err }, context.DeadlineExceeded},
		{"the caller's end", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := d.DialContext(ctx, "", ln.Addr().String())
			return err
		}, context.Canceled},
		{"close", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error {
			time.AfterFunc(50*time.Millisecond, func() { d.Close() })
			_, err := d.Dial(ln.Addr().String(), 0)
			return err
		}, net.ErrClosed},
		{"closed", Config{}, func(d *Dialer) error { d.Close(); _, err := d.Dial(ln.Addr().String(), 0); return err }, net.ErrClosed},
	} {
		tc.cfg.TLS = guard
		d := NewDialer(tc.cfg)
		done := make(chan error, 1)
		go func() { done <- tc.dial(d) }()
		select {
		case err := <-done:
			if !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "dial server 127.0.0.1:") {
				t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
			}
		case <-time.After(patience):
			t.Fatalf("%s: still dialing", tc.name)
		}
		if err := d.Close(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// Close cuts what was dialed, also when the peer has stopped to read and would
// hold up the farewell of TLS.
func TestDialerCloseEndsConnections(t *testing.T) {
	s := newShop(t)
	guard := s.store("server", verifyAll)
	m, _ := start(t, Config{TLS: guard})
	l := m.Layer(ProtoRPC)
	d := NewDialer(Config{TLS: guard})
	c, err := d.DialContext(t.Context(), "dc1", m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw := c.(*conn).raw                              // past TLS, which would remember the failure and skip its farewell
	for _, size := range []int{1 << 16, 1 << 10, 1} { // until not a byte fits any more
		raw.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for err = nil; err == nil; {
			_, err = raw.Write(make([]byte, size))
		}
	}
	began := time.Now()
	for range 2 {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("closing took %v", took)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	served.SetDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, served); err == nil {
		t.Error("the peer takes a cut for an orderly end")
	}
}
