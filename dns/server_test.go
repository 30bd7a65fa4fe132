package dns_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/catalog"
	"muster/dns"
	"muster/dns/dnstest"
)

// patience bounds every wait on a socket of these tests.
const patience = 20 * time.Second

func serve(t testing.TB, src dns.Source, change func(*dns.Config)) (*dns.Server, dns.Config) {
	t.Helper()
	cfg := dns.DefaultConfig()
	cfg.Addrs = []string{"127.0.0.1:0"}
	if change != nil {
		change(&cfg)
	}
	s, err := dns.New(cfg, src, deps())
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, cfg
}

func lookup(t *testing.T, network, addr, name string, qtype uint16) *mdns.Msg {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(name, qtype)
	reply, _, err := (&mdns.Client{Net: network, Timeout: patience}).Exchange(m, addr)
	if err != nil {
		t.Fatalf("%s %s: %v", network, name, err)
	}
	return reply
}

func addresses(m *mdns.Msg) string {
	var out []string
	for _, rr := range m.Answer {
		if a, ok := rr.(*mdns.A); ok {
			out = append(out, a.A.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestSockets(t *testing.T) {
	src := current(dnstest.Catalog(t, world))
	s, cfg := serve(t, src, func(c *dns.Config) {
		c.Addrs = []string{"127.0.0.1:0", "0.0.0.0:0"}
		c.Limits.InFlight, c.Limits.Forwards = 2, 1 // fewer than the questions below
	})
	for i, addr := range s.Addrs() {
		host := "127.0.0.1"
		if i == 1 && runtime.GOOS == "linux" {
			host = "127.0.0.2" // the reply must leave from the address asked, not from the first one
		}
		to := net.JoinHostPort(host, port(addr))
		for _, network := range []string{"udp", "tcp"} {
			if got := addresses(lookup(t, network, to, "web.service.consul.", mdns.TypeA)); got != "10.1.0.1 10.1.0.2" {
				t.Errorf("%s %s: %s", network, to, got)
			}
		}
	}
	addr := s.Addrs()[0].String()
	cfg.OnlyPassing, cfg.AltDomain = true, "alt"
	if err := s.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	if got := addresses(lookup(t, "udp", addr, "web.service.alt.", mdns.TypeA)); got != "10.1.0.1" {
		t.Errorf("after reload: %s", got)
	}
	for name, change := range map[string]func(*dns.Config){
		"invalid":   func(c *dns.Config) { c.RecursorStrategy = "guess" },
		"addresses": func(c *dns.Config) { c.Addrs = nil },
		"limits":    func(c *dns.Config) { c.Limits.Conns++ },
		"loop":      func(c *dns.Config) { c.Recursors = []string{addr} },
		"wildcard":  func(c *dns.Config) { c.Recursors = []string{"127.0.0.1:" + port(s.Addrs()[1])} },
	} {
		bad := cfg
		bad.OnlyPassing = false
		change(&bad)
		if err := s.Reload(bad); catalog.CodeOf(err) != catalog.Invalid {
			t.Errorf("reload with bad %s: %v", name, err)
		}
	}
	if got := addresses(lookup(t, "udp", addr, "web.service.alt.", mdns.TypeA)); got != "10.1.0.1" {
		t.Errorf("after refused reloads: %s", got)
	}
}

func port(a netip.AddrPort) string { _, p, _ := net.SplitHostPort(a.String()); return p }

func TestPortTaken(t *testing.T) {
	s, cfg := serve(t, current(catalog.New()), nil)
	cfg.Addrs = []string{s.Addrs()[0].String()}
	if _, err := dns.New(cfg, current(catalog.New()), deps()); err == nil || !strings.Contains(err.Error(), cfg.Addrs[0]) {
		t.Errorf("second server on %s: %v", cfg.Addrs[0], err)
	}
}

func dial(t *testing.T, s *dns.Server) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.Addrs()[0].String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// frame is a query of a given id as TCP carries it.
func frame(t testing.TB, id uint16, name string) []byte {
	t.Helper()
	m := new(mdns.Msg)
	m.SetQuestion(name, mdns.TypeA)
	m.Id = id
	m.SetEdns0(1232, false)
	m.IsEdns0().Option = append(m.IsEdns0().Option, &mdns.EDNS0_NSID{Code: mdns.EDNS0NSID}) // no plain query
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
}

// nextID reads one reply and returns its id.
func nextID(r io.Reader) (uint16, error) {
	var size uint16
	if err := binary.Read(r, binary.BigEndian, &size); err != nil {
		return 0, err
	}
	wire := make([]byte, size)
	if _, err := io.ReadFull(r, wire); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint16(wire), nil
}

// gate is a source that holds back the first question until the gate opens.
type gate struct {
	dns.Source
	first atomic.Bool
	open  chan struct{}
}

func (g *gate) View() dns.View {
	if g.first.CompareAndSwap(false, true) {
		<-g.open
	}
	return g.Source.View()
}

// TestPipeline holds that replies over TCP overtake a slow one, that queries sent
// before the client's end of stream are all answered, and more of them than miekg's default of 128.
func TestPipeline(t *testing.T) {
	g := &gate{Source: current(dnstest.Catalog(t, world)), open: make(chan struct{})}
	s, _ := serve(t, g, nil)
	conn := dial(t, s)
	const queries = 300
	go func() {
		for id := range uint16(queries) {
			_, _ = conn.Write(frame(t, id, "web.service.consul."))
		}
		_ = conn.CloseWrite()
	}()
	seen := map[uint16]bool{}
	for range queries - 1 {
		id, err := nextID(conn)
		if err != nil {
			t.Fatalf("after %d replies: %v", len(seen), err)
		}
		seen[id] = true
	}
	close(g.open)
	id, err := nextID(conn)
	if err != nil {
		t.Fatal(err)
	}
	seen[id] = true
	if len(seen) != queries {
		t.Errorf("%d queries answered", len(seen))
	}
	if _, err := nextID(conn); !errors.Is(err, io.EOF) {
		t.Errorf("after the last reply: %v", err)
	}
}

func TestTCPLimits(t *testing.T) {
	src := current(dnstest.Catalog(t, world))
	s, _ := serve(t, src, func(c *dns.Config) {
		c.Limits.ConnsPerHost = 2
		c.Limits.Read = 50 * time.Millisecond
	})
	answered := func(c net.Conn) error {
		if _, err := c.Write(frame(t, 7, "web.service.consul.")); err != nil {
			return err
		}
		_, err := nextID(c)
		return err
	}
	first, second := dial(t, s), dial(t, s)
	for _, c := range []net.Conn{first, second} {
		if err := answered(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := answered(dial(t, s)); err == nil {
		t.Error("a third connection of one host was served")
	}
	if _, err := first.Write(frame(t, 8, "web.service.consul.")[:5]); err != nil {
		t.Fatal(err)
	}
	if _, err := nextID(first); !errors.Is(err, io.EOF) {
		t.Errorf("a query begun and not ended: %v", err)
	}
	if _, err := second.Write([]byte{0xff, 0xff, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := nextID(second); err == nil {
		t.Error("a query of 65535 octets was read")
	}
	for deadline := time.Now().Add(patience); ; { // their places become free
		if answered(dial(t, s)) == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("places of closed connections stay taken")
		}
	}
}

func TestIdle(t *testing.T) {
	s, _ := serve(t, current(catalog.New()), func(c *dns.Config) { c.Limits.Idle = 20 * time.Millisecond })
	if _, err := nextID(dial(t, s)); !errors.Is(err, io.EOF) {
		t.Errorf("an idle connection: %v", err)
	}
}

// TestClose holds that Close ends in time with a connection open and a recursor silent, and may be repeated.
func TestClose(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s, _ := serve(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) {
		c.Recursors, c.RecursorTimeout = []string{silent.LocalAddr().String()}, time.Hour
	})
	conn := dial(t, s)
	if _, err := conn.Write(frame(t, 1, "example.com.")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := silent.ReadFrom(make([]byte, 512)); err != nil { // the query is under way
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = s.Close(), s.Close()
	}()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("Close hangs")
	}
	if _, err := net.DialTimeout("tcp", s.Addrs()[0].String(), patience); err == nil {
		t.Error("still listening")
	}
}
