package dns_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"muster/dns"
	"muster/dns/dnstest"
)

// pipe is one end of a connection in memory. It has no buffer: what the other end
// does not read stays unwritten.
type pipe struct {
	in, out net.Conn
	from    string // address of the other end
	closed  atomic.Bool
}

func (p *pipe) Read(b []byte) (int, error)         { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error)        { return p.out.Write(b) }
func (p *pipe) CloseRead() error                   { return p.in.Close() }
func (p *pipe) CloseWrite() error                  { return p.out.Close() }
func (p *pipe) LocalAddr() net.Addr                { return p.in.LocalAddr() }
func (p *pipe) RemoteAddr() net.Addr               { return &net.TCPAddr{IP: net.ParseIP(p.from), Port: 1} }
func (p *pipe) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }
func (p *pipe) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}
func (p *pipe) Close() error {
	p.closed.Store(true)
	return errors.Join(p.in.Close(), p.out.Close())
}
func (p *pipe) SetReadDeadline(t time.Time) error {
	err := p.in.SetReadDeadline(t)
	if !p.closed.Load() {
		return nil // unlike net.Pipe, a socket takes it when the other end has closed, too
	}
	return err
}

// connect opens a connection in memory from an address.
func connect(t testing.TB, s *dns.Server, from string) *pipe {
	there, here := net.Pipe()
	back, forth := net.Pipe()
	client := &pipe{in: back, out: there}
	t.Cleanup(func() { _ = client.Close() })
	s.Take(&pipe{in: here, out: forth, from: from})
	return client
}

// slow is a source that thinks for a while about the questions that come while it is told to.
type slow struct {
	dns.Source
	mu    sync.Mutex
	time  time.Duration
	asked int
}

func (s *slow) set(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = d
}

func (s *slow) View() dns.View {
	s.mu.Lock()
	s.asked++
	d := s.time
	s.mu.Unlock()
	time.Sleep(d) // the bubble's clock
	return s.Source.View()
}

func (s *slow) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// inBubble runs a test on a server without sockets, by a clock that moves when everybody waits.
func inBubble(t *testing.T, change func(*dns.Config), test func(t *testing.T, s *dns.Server, src *slow)) {
	world := current(dnstest.Catalog(t, world))
	synctest.Test(t, func(t *testing.T) {
		src := &slow{Source: world}
		s, _ := serve(t, src, func(c *dns.Config) {
			c.Addrs = nil
			if change != nil {
				change(c)
			}
		})
		test(t, s, src)
	})
}

// until reads replies until the connection ends and tells how many there were, and after how long.
func until(t *testing.T, conn net.Conn) string {
	t.Helper()
	start, replies := time.Now(), 0
	for {
		if _, err := nextID(conn); errors.Is(err, io.EOF) {
			return fmt.Sprintf("%d replies, end after %s", replies, time.Since(start))
		} else if err != nil {
			t.Fatal(err)
		}
		replies++
	}
}

// TestConnectionTimes holds when a connection ends: after 10 s without a query begun or an answer
// due, and 5 s after the start of a query that does not end.
func TestConnectionTimes(t *testing.T) {
	for _, c := range []struct {
		name  string
		think time.Duration // of the source
		act   func(conn net.Conn, query []byte)
		want  string
	}{
		{"says nothing", 0, func(net.Conn, []byte) {}, "0 replies, end after 10s"},
		{"asks and is silent", 0, func(conn net.Conn, query []byte) {
			time.Sleep(9 * time.Second)
			_, _ = conn.Write(query)
		}, "1 replies, end after 19s"},
		{"waits for an answer", 25 * time.Second, func(conn net.Conn, query []byte) {
			_, _ = conn.Write(query)
		}, "1 replies, end after 35s"},
		{"drips octets", 0, func(conn net.Conn, query []byte) {
			for _, b := range query {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, "0 replies, end after 5s"},
		{"takes 4 s for each of three queries", 0, func(conn net.Conn, query []byte) {
			for range 3 {
				_, _ = conn.Write(query[:1])
				time.Sleep(4 * time.Second)
				_, _ = conn.Write(query[1:])
			}
		}, "3 replies, end after 22s"},
		{"sends empty messages", 0, func(conn net.Conn, _ []byte) { _, _ = conn.Write(make([]byte, 64)) }, "0 replies, end after 0s"},
		{"sends a web request", 0, func(conn net.Conn, _ []byte) { _, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n") }, "0 replies, end after 0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, s *dns.Server, src *slow) {
				src.set(c.think)
				conn := connect(t, s, stranger)
				var acting sync.WaitGroup
				defer acting.Wait()
				acting.Go(func() { c.act(conn, frame(t, 1, "web.service.consul.")) })
				if got := until(t, conn); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestUnreadReplies holds that a client that asks and never reads is cut off in the write time, has
// few of its queries answered, and that others are served meanwhile, with a single slot for all.
func TestUnreadReplies(t *testing.T) {
	inBubble(t, func(c *dns.Config) { c.Limits.InFlight, c.Limits.Forwards = 2, 1 }, func(t *testing.T, s *dns.Server, src *slow) {
		deaf, other := connect(t, s, stranger), connect(t, s, "203.0.113.10")
		start := time.Now()
		var asking sync.WaitGroup
		asking.Go(func() {
			for {
				if _, err := deaf.Write(frame(t, 1, "web.service.consul.")); err != nil {
					return
				}
			}
		})
		synctest.Wait()
		if _, err := other.Write(frame(t, 2, "web.service.consul.")); err != nil {
			t.Fatal(err)
		}
		if id, err := nextID(other); id != 2 || err != nil || time.Since(start) != 0 {
			t.Errorf("another client: id %d, %v, after %s", id, err, time.Since(start))
		}
		asking.Wait()
		if took := time.Since(start); took != 5*time.Second || src.count() > 16 { // as many as race the first reply, far from all of the pipeline's 32
			t.Errorf("cut off after %d questions and %s", src.count(), took)
		}
	})
}

// TestEviction holds who goes when there are as many connections as there may be: the
// one that has been idle for the longest, never one that waits for an answer.
func TestEviction(t *testing.T) {
	inBubble(t, func(c *dns.Config) { c.Limits.Conns, c.Limits.ConnsPerHost = 3, 2 }, func(t *testing.T, s *dns.Server, src *slow) {
		query := frame(t, 1, "web.service.consul.")
		asks := func(name string, conn net.Conn) {
			t.Helper()
			if _, err := conn.Write(query); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := nextID(conn); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			time.Sleep(time.Millisecond)
		}
		ended := func(name string, conn net.Conn, want bool) {
			t.Helper()
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := nextID(conn)
			if got := errors.Is(err, io.EOF); got != want || !got && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: ended %t (%v), want %t", name, got, err, want)
			}
			_ = conn.SetReadDeadline(time.Time{})
		}
		first, second, third := connect(t, s, "192.0.2.1"), connect(t, s, "192.0.2.2"), connect(t, s, "192.0.2.2")
		asks("third", third)
		asks("second", second)
		asks("first", first) // now third is the oldest
		fourth := connect(t, s, "192.0.2.3")
		ended("third", third, true)
		asks("fourth", fourth)
		asks("second", second)
		ended("first", first, false)

		full := connect(t, s, "192.0.2.2") // takes the place of first, and is the second of its host
		ended("first", first, true)
		ended("third of one host", connect(t, s, "192.0.2.2"), true)

		src.set(5 * time.Second)
		for _, conn := range []net.Conn{second, fourth, full} {
			if _, err := conn.Write(query); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		ended("one more while all wait for answers", connect(t, s, "192.0.2.4"), true)
		for _, conn := range []net.Conn{second, fourth, full} {
			if _, err := nextID(conn); err != nil {
				t.Errorf("an answer that was due: %v", err)
			}
		}
		asks("one more when they have them", connect(t, s, "192.0.2.4"))
	})
}

// TestEvictionOfMany holds that two that come at once take the places of two.
func TestEvictionOfMany(t *testing.T) {
	inBubble(t, func(c *dns.Config) { c.Limits.Conns = 2 }, func(t *testing.T, s *dns.Server, _ *slow) {
		old := []*pipe{connect(t, s, "192.0.2.1"), connect(t, s, "192.0.2.2")}
		time.Sleep(time.Millisecond)
		connect(t, s, "192.0.2.3")
		connect(t, s, "192.0.2.4")
		for i, conn := range old {
			if got := until(t, conn); got != "0 replies, end after 0s" {
				t.Errorf("%d: %s", i, got)
			}
		}
	})
}

// TestHostsByNetwork holds that a host is not many because it has a /64 of addresses.
func TestHostsByNetwork(t *testing.T) {
	inBubble(t, func(c *dns.Config) { c.Limits.ConnsPerHost = 1 }, func(t *testing.T, s *dns.Server, _ *slow) {
		for _, c := range []struct {
			from string
			want time.Duration
		}{
			{"2001:db8::1", 10 * time.Second}, {"2001:db8::2", 0}, {"2001:db8:0:1::1", 10 * time.Second}, {"192.0.2.1", 10 * time.Second}, {"192.0.2.2", 10 * time.Second},
		} {
			conn := connect(t, s, c.from)
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				if want := fmt.Sprintf("0 replies, end after %s", c.want); until(t, conn) != want {
					t.Errorf("%s: want %s", c.from, want)
				}
			}()
		}
		time.Sleep(20 * time.Second)
	})
}

// TestUnreadBySocket is TestUnreadReplies with the kernel's buffers and the longest replies.
func TestUnreadBySocket(t *testing.T) {
	s, _ := serve(t, current(crowd(t, 3000)), func(c *dns.Config) {
		c.Limits.Write, c.Limits.InFlight, c.Limits.Forwards = 200*time.Millisecond, 2, 1
	})
	deaf := dial(t, s)
	if err := deaf.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	defer deaf.Close()
	asking.Go(func() {
		query := []byte(strings.Repeat(string(frame(t, 1, "s3000.service.consul.")), 64))
		for {
			if _, err := deaf.Write(query); err != nil {
				return // cut off
			}
		}
	})
	other := dial(t, s)
	for range 20 {
		if _, err := other.Write(frame(t, 2, "nope.service.consul.")); err != nil {
			t.Fatal(err)
		}
		if _, err := nextID(other); err != nil {
			t.Fatal(err)
		}
	}
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		asking.Wait()
	}()
	select {
	case <-cut:
	case <-time.After(patience):
		t.Error("a client that never reads is not cut off")
	}
}
