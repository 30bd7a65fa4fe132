package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"muster/catalog"
)

// drainTime is how long Close waits for queries that wait for others: recursors, slow readers.
const drainTime = time.Second

// Server carries queries and replies over UDP and TCP.
type Server struct {
	*Handler
	cfg   Config // as New got it: Addrs and Limits never change
	binds []binding
	conns conns
	slots chan struct{} // one token per query being decided
	desks []*desk       // where plain queries over TCP are answered

	ctx     context.Context // ends when Close stops waiting
	cancel  context.CancelFunc
	closing chan struct{}
	running sync.WaitGroup // every goroutine of the server
	start   sync.Once
	close   sync.Once
}

// binding is the sockets of one address.
type binding struct {
	addr netip.AddrPort
	udp  []udpSocket // the kernel spreads clients over them
	tcp  *net.TCPListener
}

func (b binding) close() {
	for _, c := range b.udp {
		c.close()
	}
	if b.tcp != nil {
		_ = b.tcp.Close()
	}
}

// New validates the configuration and binds its addresses. The server answers from
// Start on, and holds the sockets until Close.
func New(cfg Config, src Source, deps Deps) (*Server, error) {
	h, err := NewHandler(cfg, src, deps)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Handler: h, cfg: cfg, conns: newConns(cfg.Limits),
		slots: make(chan struct{}, cfg.Limits.InFlight), closing: make(chan struct{}),
	}
	s.desks = h.newDesks()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err = s.listen(deps.Sockets); err == nil {
		err = s.refuseLoop(cfg)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("dns: %w", err)
	}
	return s, nil
}

// Addrs returns the addresses the server is bound to: those of Config.Addrs in their order,
// then those of sockets that were passed.
func (s *Server) Addrs() []netip.AddrPort {
	out := make([]netip.AddrPort, len(s.binds))
	for i, b := range s.binds {
		out[i] = b.addr
	}
	return out
}

// Start begins to answer.
func (s *Server) Start() {
	s.start.Do(func() {
		sockets := 0
		for _, b := range s.binds {
			sockets += len(b.udp)
		}
		for _, b := range s.binds {
			for _, c := range b.udp {
				w := &udpWorker{s: s, cache: s.newCache(true, sockets)}
				s.running.Go(func() { c.serve(w) })
			}
			s.running.Go(func() { s.serveTCP(b.tcp) })
		}
	})
}

// Reload replaces the configuration, whole or, on error, not at all. Addrs and Limits cannot change.
func (s *Server) Reload(cfg Config) error {
	if !slices.Equal(cfg.Addrs, s.cfg.Addrs) {
		return catalog.Errorf(catalog.Invalid, "dns: addresses change with a restart only")
	}
	if cfg.Limits != s.cfg.Limits {
		return catalog.Errorf(catalog.Invalid, "dns: limits change with a restart only")
	}
	if err := s.refuseLoop(cfg); err != nil {
		return err
	}
	return s.reload(cfg)
}

// refuseLoop refuses recursors that are this server itself.
func (s *Server) refuseLoop(cfg Config) error {
	for _, r := range cfg.Recursors {
		to, err := recursorAddr(r)
		if err != nil {
			continue // Validate tells
		}
		for _, b := range s.binds {
			if pointsAt(net.UDPAddrFromAddrPort(b.addr), to) {
				return catalog.Errorf(catalog.Invalid, "recursor %s is this server itself", r)
			}
		}
	}
	return nil
}

// Close stops reading, lets queries under way finish for a moment, and returns when
// every goroutine of the server has ended. Calling it again waits for the same.
func (s *Server) Close() error {
	s.close.Do(func() {
		close(s.closing)
		for _, b := range s.binds {
			for _, c := range b.udp {
				c.wake() // and keep it for replies still to come
			}
			if b.tcp != nil {
				_ = b.tcp.Close()
			}
		}
		s.conns.stopReading()
		impatient := time.AfterFunc(drainTime, func() {
			s.cancel()
			s.conns.closeAll()
		})
		s.running.Wait()
		impatient.Stop()
		s.cancel()
		for _, b := range s.binds {
			b.close()
		}
	})
	s.running.Wait()
	return nil
}

// failedRead handles the error of a read or accept: false means that the loop ends.
// Other errors (descriptors used up, say) pass, so the loop tries again after a moment.
func (s *Server) failedRead(what string, err error) bool {
	select {
	case <-s.closing:
		return false
	default:
	}
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	s.log.Warn("dns socket failed", "socket", what, "err", err)
	select {
	case <-s.closing:
		return false
	case <-time.After(50 * time.Millisecond):
		return true
	}
}
