package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that should come at once.
const patience = 10 * time.Second

// lines is a log that several goroutines write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func start(t *testing.T, cfg Config) (*Mux, *lines) {
	t.Helper()
	log := &lines{}
	cfg.Addr, cfg.Logger = "127.0.0.1:0", slog.New(slog.NewTextHandler(log, nil))
	m, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	m.Start()
	return m, log
}

// echo answers every connection of a layer with its tag and what it reads.
func echo(t *testing.T, l *Layer, tag string) {
	var work sync.WaitGroup
	t.Cleanup(func() { l.Close(); work.Wait() })
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer c.Close()
				io.WriteString(c, tag)
				io.Copy(c, c)
			})
		}
	})
}

// dial opens a plain TCP connection and writes what is given.
func dial(t *testing.T, m *Mux, first ...byte) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(first); err != nil {
		t.Fatal(err)
	}
	return c
}

// read returns n bytes, or fewer and the error that came instead.
func read(c net.Conn, n int) (string, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(c, b)
	return string(b[:got]), err
}

func TestFirstByteSelects(t *testing.T) {
	m, log := start(t, Config{FirstByteTimeout: 50 * time.Millisecond})
	echo(t, m.Layer(ProtoRaft), "raft:")
	echo(t, m.Layer(ProtoRPC), "rpc:")
	for _, tc := range []struct {
		name, send, want string // want "" means cut off
		log              string
	}{
		{"raft", "\x01hello", "raft:hello", ""},
		{"rpc", "\x02hello", "rpc:hello", ""},
		{"http", "GET / HTTP/1.1\r\n\r\n", "", "first_byte=71"},
		{"tls", "\x16\x03\x01", "", ""}, // its line is held back by the one before
		{"zero", "\x00", "", ""},
		{"nothing", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, m, []byte(tc.send)...)
			got, err := read(c, max(1, len(tc.want)))
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Fatalf("got %q, %v; want %q", got, err, tc.want)
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatal("the connection was left open")
			}
			if !strings.Contains(log.String(), tc.log) {
				t.Fatalf("no %q in log %q", tc.log, log)
			}
		})
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d log lines for four refusals, want 1:\n%s", n, log)
	}
}

func TestSilentPeersKeepNobodyWaiting(t *testing.T) {
	m, _ := start(t, Config{FirstByteTimeout: time.Hour})
	echo(t, m.Layer(ProtoRaft), "raft:")
	var silent []net.Conn
	for range 20 {
		silent = append(silent, dial(t, m))
	}
	if got, err := read(dial(t, m, ProtoRaft), 5); got != "raft:" {
		t.Fatalf("%q, %v", got, err)
	}
	// A slow peer is served once it makes up its mind.
	silent[0].Write([]byte{ProtoRaft, 'x'})
	if got, err := read(silent[0], 6); got != "raft:x" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestLayersTalk(t *testing.T) {
	a, _ := start(t, Config{})
	b, _ := start(t, Config{})
	echo(t, b.Layer(ProtoRPC), "rpc:")
	c, err := a.Layer(ProtoRPC).Dial(b.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "ping")
	if got, err := read(c, 8); got != "rpc:ping" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := a.Layer(ProtoRaft).Dial("127.0.0.1:1", patience); err == nil {
		t.Fatal("dialed a port nobody listens on")
	}
}

func TestConnectionsPerSource(t *testing.T) {
	m, log := start(t, Config{MaxPerSource: 2})
	echo(t, m.Layer(ProtoRaft), "raft:")
	one, two := dial(t, m, ProtoRaft), dial(t, m, ProtoRaft)
	for _, c := range []net.Conn{one, two} {
		if got, err := read(c, 5); got != "raft:" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if got, err := read(dial(t, m), 1); err == nil {
		t.Fatalf("third connection was served: %q", got)
	}
	if !strings.Contains(log.String(), "too many from this address") {
		t.Fatalf("log: %s", log)
	}
	// A place that is given up is free for the next.
	one.Close()
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", m.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(deadline)
		c.Write([]byte{ProtoRaft})
		got, _ := read(c, 5)
		c.Close()
		if got == "raft:" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a closed connection was not given back")
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	m, _ := start(t, Config{})
	l := m.Layer(ProtoRaft)
	peer, _ := start(t, Config{})
	dialed, err := l.Dial(peer.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, m, ProtoRaft)
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	waiting := dial(t, m) // has not named a protocol
	queued := dial(t, m, ProtoRaft)
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]net.Conn{"served": served, "dialed": dialed, "client": client, "waiting": waiting, "queued": queued} {
		if _, err := read(c, 1); err == nil {
			t.Errorf("%s connection is open after Close", name)
		}
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	if _, err := l.Dial(peer.Addr().String(), patience); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Dial: %v", err)
	}
	if _, err := net.Dial("tcp", m.Addr().String()); err == nil {
		t.Error("the port still listens")
	}
	m.Start() // must not start anything
}

func TestLayerCloseLeavesTheOthers(t *testing.T) {
	m, _ := start(t, Config{})
	raft := m.Layer(ProtoRaft)
	echo(t, m.Layer(ProtoRPC), "rpc:")
	dial(t, m, ProtoRaft)
	served, err := raft.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raft.Close()
	if _, err := read(served, 1); err == nil {
		t.Error("a connection outlived its layer")
	}
	if _, err := read(dial(t, m, ProtoRaft), 1); err == nil {
		t.Error("a closed layer was served")
	}
	if got, err := read(dial(t, m, ProtoRPC), 4); got != "rpc:" {
		t.Errorf("other layer: %q, %v", got, err)
	}
}

// script is a listener that fails some times before it yields connections.
type script struct {
	net.Listener
	fail  int
	calls chan struct{}
	next  chan net.Conn
}

func (s *script) Accept() (net.Conn, error) {
	if s.fail > 0 {
		s.fail--
		s.calls <- struct{}{}
		return nil, fmt.Errorf("accept: too many open files")
	}
	c, ok := <-s.next
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (s *script) Close() error { close(s.next); return nil }

func TestAcceptSurvivesErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		ln := &script{fail: 12, calls: make(chan struct{}, 12), next: make(chan net.Conn, 1)}
		m := newMux(ln, Config{Logger: slog.New(slog.NewTextHandler(log, nil))})
		l := m.Layer(ProtoRaft)
		m.Start()
		began := time.Now()
		here, there := net.Pipe()
		ln.next <- there
		go here.Write([]byte{ProtoRaft})
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if took := time.Since(began); took < time.Second || took > 12*time.Second {
			t.Errorf("12 errors were retried within %v: want a growing pause of at most 1 s each", took)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%d log lines:\n%s", n, log)
		}
		m.Close()
	})
}

func TestFirstByteTimeoutDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := &script{next: make(chan net.Conn, 1)}
		m := newMux(ln, Config{})
		m.Start()
		here, there := net.Pipe()
		began := time.Now()
		ln.next <- there
		if _, err := read(here, 1); err == nil {
			t.Fatal("a silent connection was answered")
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("cut off after %v, want 5s", took)
		}
		m.Close()
	})
}
