package agent

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"muster/consensus/gossip"
)

// testNetwork is the wires between the agents of a test. Where they are cut nothing
// arrives and nobody is told: packets are lost, connections hang, as behind a switch
// that has failed. Mended, connections go on where they were.
type testNetwork struct {
	mu    sync.Mutex
	owner map[string]string          // host:port to agent
	cut   func(from, to string) bool // between two agents
	moved chan struct{}              // closed when cut changes
	loses func() bool                // whether a connection breaks instead of bringing what has just come; nil: never
}

func newTestNetwork() *testNetwork {
	return &testNetwork{owner: map[string]string{}, cut: func(string, string) bool { return false }, moved: make(chan struct{})}
}

// split cuts the wires between the agents named and all others.
func (n *testNetwork) split(names ...string) {
	side := map[string]bool{}
	for _, name := range names {
		side[name] = true
	}
	n.set(func(from, to string) bool { return side[from] != side[to] })
}

// cutBetween cuts one wire.
func (n *testNetwork) cutBetween(a, b string) {
	n.set(func(from, to string) bool { return from == a && to == b || from == b && to == a })
}

func (n *testNetwork) mend() { n.set(func(string, string) bool { return false }) }

func (n *testNetwork) set(cut func(from, to string) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
	close(n.moved)
	n.moved = make(chan struct{})
}

// place tells the network where an agent is.
func (n *testNetwork) place(a *testAgent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := a.setup.wireName()
	n.owner[a.lan.Addr().String()] = name
	if a.wan != nil {
		n.owner[a.wan.Addr().String()] = name
	}
	if a.replica != nil {
		n.owner[a.raftAddr.String()] = name
	}
}

// wireName is what an agent is called on a testNetwork: its name, and outside of dc1 its datacenter behind it.
func (s setup) wireName() string {
	if s.dc == "" || s.dc == "dc1" {
		return s.name
	}
	return s.name + "." + s.dc
}

// blocked tells whether the wire from an agent to an address is cut, and returns what is closed when that may change.
func (n *testNetwork) blocked(from, addr string) (bool, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	to, known := n.owner[addr]
	return known && n.cut(from, to), n.moved
}

// lose has connections break when loses says so.
func (n *testNetwork) lose(loses func() bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loses = loses
}

func (n *testNetwork) lost() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.loses != nil && n.loses()
}

// of is the network as an agent sees it. Every connection has one end that dialed
// it, so it is enough to hold those up.
func (n *testNetwork) of(name string) network {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		for {
			cut, moved := n.blocked(name, addr)
			if !cut {
				break
			}
			select {
			case <-moved:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newWire(c, n, name, addr), nil
	}
	return network{
		dial: dial,
		gossip: func(bind netip.AddrPort, log *slog.Logger) gossip.Transport {
			s, err := gossip.Listen(bind, log)
			if err != nil {
				panic(err) // a test has no loopback
			}
			return &testSockets{s, n, name}
		},
	}
}

// testSockets are an agent's gossip sockets on a testNetwork.
type testSockets struct {
	*gossip.Sockets
	net  *testNetwork
	from string
}

func (s *testSockets) WriteTo(b []byte, addr string) (time.Time, error) {
	if cut, _ := s.net.blocked(s.from, addr); cut {
		return time.Now(), nil // lost
	}
	return s.Sockets.WriteTo(b, addr)
}

func (s *testSockets) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	if cut, _ := s.net.blocked(s.from, addr); cut {
		return nil, errors.New("the wire is cut")
	}
	return s.Sockets.DialTimeout(addr, timeout)
}

// wire is a connection that hangs while the network is cut.
type wire struct {
	net.Conn
	net      *testNetwork
	from, to string
	closed   chan struct{}
	once     sync.Once

	read, write deadline
	held        []byte // was read when the wire was cut meanwhile; for the reading goroutine
}

func newWire(c net.Conn, n *testNetwork, from, to string) *wire {
	return &wire{Conn: c, net: n, from: from, to: to, closed: make(chan struct{}), read: newDeadline(), write: newDeadline()}
}

// pass waits until the wire is whole.
func (w *wire) pass(d *deadline) error {
	for {
		cut, moved := w.net.blocked(w.from, w.to)
		if !cut {
			return nil
		}
		late, reset := d.wait()
		select {
		case <-moved:
		case <-reset:
		case <-late:
			return os.ErrDeadlineExceeded
		case <-w.closed:
			return net.ErrClosed
		}
	}
}

func (w *wire) Read(b []byte) (int, error) {
	if err := w.pass(&w.read); err != nil {
		return 0, err
	}
	if len(w.held) > 0 {
		n := copy(b, w.held)
		w.held = w.held[n:]
		return n, nil
	}
	n, err := w.Conn.Read(b)
	if n > 0 && w.net.lost() {
		w.Close()
		return 0, errors.New("the wire broke")
	}
	if passed := w.pass(&w.read); passed != nil {
		w.held = append(w.held, b[:n]...)
		return 0, passed
	}
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	if err := w.pass(&w.write); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

func (w *wire) SetDeadline(t time.Time) error {
	w.read.set(t)
	w.write.set(t)
	return w.Conn.SetDeadline(t)
}

func (w *wire) SetReadDeadline(t time.Time) error {
	w.read.set(t)
	return w.Conn.SetReadDeadline(t)
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	w.write.set(t)
	return w.Conn.SetWriteDeadline(t)
}

// deadline is when a hanging read or write gives up; zero: never.
type deadline struct {
	mu    sync.Mutex
	at    time.Time
	reset chan struct{} // closed when it is set anew
}

func newDeadline() deadline { return deadline{reset: make(chan struct{})} }

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.reset)
	d.reset = make(chan struct{})
}

func (d *deadline) wait() (late <-chan time.Time, reset <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.at.IsZero() {
		late = time.After(time.Until(d.at))
	}
	return late, d.reset
}
