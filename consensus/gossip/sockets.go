package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Sockets is the Transport of real networks: one UDP socket and one TCP listener
// on the same port. Unlike memberlist's own it ends its connections, also those
// being dialed, when it is shut down, and makes no garbage of 64 KiB per packet.
type Sockets struct {
	log     *slog.Logger
	tcp     *net.TCPListener
	udp     *net.UDPConn
	packets chan *Packet
	streams chan net.Conn

	ctx    context.Context // ends at Shutdown
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	conns map[*tracked]struct{}
	in    int // inbound ones among conns
}

const (
	maxInbound   = 256     // connections at a time; a member has one open for one exchange
	udpBuffer    = 2 << 20 // asked of the kernel, so that a busy agent loses no packets
	maxPacket    = 65536
	bindAttempts = 20 // until a port is free for TCP and UDP alike
)

// Listen binds both sockets; port 0 is a port that is free for both. Without a logger nothing is logged.
func Listen(bind netip.AddrPort, log *slog.Logger) (*Sockets, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var err error
	for range bindAttempts {
		var s *Sockets
		if s, err = listen(bind, log); err == nil {
			s.work.Go(s.accept)
			s.work.Go(s.read)
			return s, nil
		}
		if bind.Port() != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, err
}

func listen(bind netip.AddrPort, log *slog.Logger) (*Sockets, error) {
	tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(bind))
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	port := tcp.Addr().(*net.TCPAddr).AddrPort().Port()
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(bind.Addr(), port)))
	if err != nil {
		return nil, fmt.Errorf("gossip: %w", errors.Join(err, tcp.Close()))
	}
	for size := udpBuffer; udp.SetReadBuffer(size) != nil && size > 1<<16; {
		size /= 2
	}
	s := &Sockets{
		log: log, tcp: tcp, udp: udp,
		packets: make(chan *Packet), streams: make(chan net.Conn), conns: map[*tracked]struct{}{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Addr is the address that was bound.
func (s *Sockets) Addr() netip.AddrPort {
	a := s.tcp.Addr().(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// FinalAdvertiseAddr implements Transport: what was not given is as bound.
func (s *Sockets) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	bound := s.Addr()
	if port == 0 {
		port = int(bound.Port())
	}
	if ip == "" {
		return bound.Addr().AsSlice(), port, nil
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, 0, fmt.Errorf("advertised address: %w", err)
	}
	return a.Unmap().AsSlice(), port, nil
}

// WriteTo implements Transport.
func (s *Sockets) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return time.Time{}, err
	}
	_, err = s.udp.WriteToUDPAddrPort(b, to)
	return time.Now(), err
}

// PacketCh implements Transport.
func (s *Sockets) PacketCh() <-chan *Packet { return s.packets }

// StreamCh implements Transport.
func (s *Sockets) StreamCh() <-chan net.Conn { return s.streams }

// DialTimeout implements Transport. Shutdown ends the attempt.
func (s *Sockets) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	dialer := net.Dialer{Timeout: timeout}
	c, err := dialer.DialContext(s.ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return s.track(c, false)
}

// Shutdown implements Transport: it ends all connections and returns when the
// goroutines of the sockets have ended.
func (s *Sockets) Shutdown() error {
	s.mu.Lock()
	s.cancel()
	err := errors.Join(s.tcp.Close(), s.udp.Close())
	for c := range s.conns {
		_ = c.Conn.Close() // its user hears of it
	}
	s.mu.Unlock()
	s.work.Wait()
	if errors.Is(err, net.ErrClosed) { // shut down before
		return nil
	}
	return err
}

func (s *Sockets) accept() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			if s.ctx.Err() != nil {
				return
			}
			s.log.Error("cannot accept gossip connections", "error", err)
			s.pause()
			continue
		}
		t, err := s.track(c, true)
		if err != nil {
			continue // over the limit: closed
		}
		select {
		case s.streams <- t:
		case <-s.ctx.Done():
			return // Shutdown closed it
		}
	}
}

func (s *Sockets) read() {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		now := time.Now()
		if err != nil {
			if s.ctx.Err() != nil {
				return
			}
			s.log.Error("cannot read gossip packets", "error", err)
			s.pause()
			continue
		}
		if n == 0 {
			continue
		}
		p := &Packet{Buf: append(make([]byte, 0, n), buf[:n]...), From: net.UDPAddrFromAddrPort(netip.AddrPortFrom(from.Addr().Unmap(), from.Port())), Timestamp: now}
		select {
		case s.packets <- p:
		case <-s.ctx.Done():
			return
		}
	}
}

// pause keeps a socket that fails at once, again and again, from taking all the processor.
func (s *Sockets) pause() {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-s.ctx.Done():
	}
}

// tracked is a connection that Shutdown can end.
type tracked struct {
	net.Conn
	of      *Sockets
	inbound bool
}

var errNoPlace = errors.New("gossip: too many connections, or shut down")

// track takes a connection into the books, or closes it.
func (s *Sockets) track(c net.Conn, inbound bool) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || inbound && s.in >= maxInbound {
		return nil, errors.Join(errNoPlace, c.Close())
	}
	t := &tracked{Conn: c, of: s, inbound: inbound}
	s.conns[t] = struct{}{}
	if inbound {
		s.in++
	}
	return t, nil
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.of.mu.Lock()
	if _, open := t.of.conns[t]; open {
		delete(t.of.conns, t)
		if t.inbound {
			t.of.in--
		}
	}
	t.of.mu.Unlock()
	return t.Conn.Close()
}
