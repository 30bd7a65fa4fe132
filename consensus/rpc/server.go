package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"muster/catalog"
	"muster/catalog/view"
	"muster/metrics"
)

const (
	// headerTimeout bounds the arrival of a request's header, bodyTimeout that of a command.
	headerTimeout = 5 * time.Second
	bodyTimeout   = 30 * time.Second
	// writeTimeout bounds the departure of a reply.
	writeTimeout = 30 * time.Second
	// serverIdle is how long an agent's connection may rest; agents give up theirs before that.
	serverIdle = 2 * time.Minute
	// drainTimeout is how long Close lets requests finish.
	drainTimeout = 3 * time.Second
	// maxHeaderBytes bounds a request's header. Whatever the 16 KiB hold that an agent's
	// own door lets in must fit, and HTTP/2 counts 32 bytes for each field beside its text.
	maxHeaderBytes = 128 << 10
	// maxStreams is how many requests one connection carries at a time, blocking ones
	// included. An agent with more opens another connection.
	maxStreams = 1000
)

// ServerConfig says what a Server serves from. Datacenter, Feed, Relay, API, Logger and Metrics may be left out.
type ServerConfig struct {
	// Listener yields the connections of the RPC protocol. Close closes it.
	Listener net.Listener
	// Address is the host:port under which other members know this one.
	Address string
	Member  Member
	// State is what Member's commands go to.
	State func() *catalog.State
	// Datacenter is this server's: the one meant when a feed is asked for without a name.
	Datacenter string
	// Feed is what followers of a datacenter's catalog get; false for one that is not known here.
	Feed func(dc string) (view.Source, bool)
	// Promise and Standing answer other servers; see the methods of Forwarder by these names.
	Promise  func(founder string) bool
	Standing func() Standing
	// Relay asks the leader on behalf of agents that do not reach it. Nil: they are told who leads.
	Relay func() *Forwarder
	// API serves all requests that are not this package's own, except those to an agent itself.
	API     http.Handler
	Logger  *slog.Logger
	Metrics *metrics.RPC
}

// Server answers other agents on the server port.
type Server struct {
	cfg  ServerConfig
	http *http.Server

	closing   context.Context // ends when Close begins
	cut       context.CancelFunc
	closeOnce sync.Once
	closeErr  error
	serving   sync.WaitGroup // Serve
	conns     sync.WaitGroup // connections

	mu       sync.Mutex
	over     bool // no request is let in any more
	handlers sync.WaitGroup
}

// NewServer returns a server; nothing is accepted before Start.
func NewServer(cfg ServerConfig) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg}
	s.closing, s.cut = context.WithCancel(context.Background())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:           s,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       serverIdle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			// An agent that vanished without a word must not keep its requests here.
			SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second,
			WriteByteTimeout: writeTimeout,
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed:
				s.conns.Done()
			}
		},
	}
	return s
}

// Start begins to serve. Call it at most once.
func (s *Server) Start() {
	s.serving.Go(func() {
		if err := s.http.Serve(s.cfg.Listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.cfg.Logger.Error("rpc listener failed", "error", err)
		}
	})
}

// Close cuts feeds, gives other requests a few seconds, and returns when all
// requests have ended. It may be called more than once, and without Start.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.cut()
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		err := s.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.http.Close()
		}
		for _, err := range []error{err, s.cfg.Listener.Close()} {
			if !errors.Is(err, net.ErrClosed) { // closed already: by Shutdown, or by its owner
				s.closeErr = errors.Join(s.closeErr, err)
			}
		}
		s.serving.Wait()
		s.conns.Wait()
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
		s.handlers.Wait()
	})
	return s.closeErr
}
