package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"muster/catalog"
	"muster/catalog/document"
	"muster/metrics"
)

const (
	// headerTimeout bounds the arrival of a request's header.
	headerTimeout = 5 * time.Second
	// bodyTimeout bounds the arrival of a request's body.
	bodyTimeout = 30 * time.Second
	// writeTimeout bounds the departure of an answer, counted from its first byte.
	writeTimeout = 60 * time.Second
	// idleTimeout is how long a connection may wait for its next request.
	idleTimeout = 2 * time.Minute
	// drainTimeout is how long Close lets requests finish before it cuts them.
	drainTimeout = 5 * time.Second
	// maxHeaderBytes is what net/http is told; it allows itself 4 KiB more, which makes 16 KiB.
	maxHeaderBytes = 12 << 10
	// maxBodyBytes is the largest request body: that of the largest KV value.
	maxBodyBytes = catalog.MaxValueBytes
	// DefaultMaxConnsPerClient is http_max_conns_per_client when nobody sets it.
	DefaultMaxConnsPerClient = 200
)

// Config says where and to whom the API is served.
type Config struct {
	// Addresses to listen on: "host:port" (port 0 picks one) or "unix:///path".
	// TLSAddresses are those that speak TLS, and need TLS. With none of either the
	// API serves only what other agents pass on; see Passed.
	Addresses, TLSAddresses []string
	// SocketFile is for those of them that are unix sockets.
	SocketFile SocketFile
	// TLS has the certificates, or finds them anew for each connection. It should
	// offer "h2" and "http/1.1", also in what its GetConfigForClient returns.
	TLS *tls.Config
	// Datacenter is this agent's own; requests with another ?dc= are passed on.
	Datacenter string
	// Node is this agent's node name: it is a permitted Host, and what ?near=_agent means.
	Node string
	// AllowedHosts are further names that may stand in the Host header beside IP
	// addresses, localhost and Node. One that begins with a dot permits all names under it.
	AllowedHosts []string
	// BlockedPaths are beginnings of paths, compared with the decoded path, that are not served: 403.
	BlockedPaths []string
	// WritesFrom are the networks from which requests other than GET and HEAD are served, of others
	// they get 403. Empty: from anywhere. Unix sockets are open to whoever may use them.
	WritesFrom []netip.Prefix
	// ConsulVersion is told as the version of all agents, for clients that will not speak with
	// what they take for an old Consul. Empty: each agent's own is.
	ConsulVersion string
	// MaxConnsPerClient bounds the connections of one source address. 0 means
	// DefaultMaxConnsPerClient, a negative number no bound. Unix sockets have none.
	MaxConnsPerClient int
	// HoldTimeout bounds how long a request waits for a leader and a quorum
	// (rpc_hold_timeout). 0: DefaultHoldTimeout.
	HoldTimeout time.Duration
	// EnableDebug serves the process's profiles to its own machine.
	EnableDebug bool
}

// State is where reads look.
type State interface {
	Snapshot() *catalog.Snapshot
	Changes() *catalog.Changes
}

// Consensus is how writes reach the log and reads become fresh. All methods are
// safe for concurrent use; errors carry catalog codes.
type Consensus interface {
	// Apply commits a command. When ctx ends first the outcome is unknown.
	Apply(ctx context.Context, c catalog.Command) (catalog.Result, error)
	// Read returns once the local state is as fresh as the mode asks.
	Read(ctx context.Context, mode catalog.Consistency) (catalog.Freshness, error)
	// Leader is the leader's host:port, "" while none is known.
	Leader() string
	// Peers are the host:port of all voters.
	Peers() []string
}

// Deps are what the server serves from. All but DNS, UI and Places are needed, and
// Operator on servers only.
type Deps struct {
	State          State
	Consensus      Consensus
	Registrations  Registrations
	Agent          Agent
	Operator       Operator    // what administers the cluster; called on servers alone
	Places                     // the other agents of the cluster; the zero value knows none
	Sessions       Sessions    // nil on client agents
	Abroad         Abroad      // nil: there is no other datacenter
	Snapshots      Snapshotter // nil: no snapshots are served
	DNS            Explainer   // nil: DNS is off
	Ready          func() bool // whether this agent may be sent traffic
	Metrics        *metrics.HTTP
	MetricsHandler http.Handler // serves /metrics
	Series         Series       // for agent/metrics as JSON
	Logs           Logs         // for agent/monitor
	UI             http.Handler // serves /ui/; nil: the UI is off
	Logger         *slog.Logger
}

// Server serves the API on all its addresses.
type Server struct {
	cfg       Config
	deps      Deps
	log       *slog.Logger
	routes    *routeNode
	hosts     hostList
	access    access
	plain     []net.Listener
	secure    []net.Listener // still without TLS
	http      *http.Server
	csrf      *http.CrossOriginProtection
	shapes    document.Shapes // of what bodies decode into
	intervals *intervals      // of agent/metrics

	closing  chan struct{} // closed when blocking queries and streams must end
	stopOnce sync.Once
	stopErr  error
	serving  sync.WaitGroup // Serve calls
	conns    sync.WaitGroup // connections
}

// New checks the configuration and binds every address, or none.
func New(cfg Config, deps Deps) (*Server, error) {
	if len(cfg.TLSAddresses) > 0 && cfg.TLS == nil {
		return nil, errors.New("https: no certificate to show")
	}
	if cfg.MaxConnsPerClient == 0 {
		cfg.MaxConnsPerClient = DefaultMaxConnsPerClient
	}
	s := &Server{
		cfg: cfg, deps: deps, log: deps.Logger,
		hosts:   newHostList(cfg.Node, cfg.AllowedHosts),
		access:  access{blocked: cfg.BlockedPaths, writers: cfg.WritesFrom},
		csrf:    http.NewCrossOriginProtection(),
		closing: make(chan struct{}), intervals: newIntervals(deps.Series, time.Now()),
	}
	s.routes = newRouter(s.table(), deps.Metrics)
	s.http = s.newHTTPServer()
	limit := newConnLimit(cfg.MaxConnsPerClient)
	var err error
	if s.plain, err = listenAll(cfg.Addresses, cfg.SocketFile, limit); err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	if s.secure, err = listenAll(cfg.TLSAddresses, cfg.SocketFile, limit); err != nil {
		return nil, errors.Join(fmt.Errorf("https: %w", err), closeAll(s.plain))
	}
	return s, nil
}

func (s *Server) newHTTPServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           s,
		Protocols:         protocols,
		TLSConfig:         s.cfg.TLS.Clone(), // net/http writes to it
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed:
				s.conns.Done()
			}
		},
	}
}

// Addrs returns the bound addresses in the order of Config.Addresses.
func (s *Server) Addrs() []net.Addr { return addrs(s.plain) }

// TLSAddrs returns the bound addresses in the order of Config.TLSAddresses.
func (s *Server) TLSAddrs() []net.Addr { return addrs(s.secure) }

// Start begins to serve. It must be called at most once.
func (s *Server) Start() {
	for _, ln := range s.plain {
		s.serveOn(ln, func() error { return s.http.Serve(ln) })
	}
	for _, ln := range s.secure {
		s.serveOn(ln, func() error { return s.http.ServeTLS(ln, "", "") })
	}
}

func (s *Server) serveOn(ln net.Listener, serve func() error) {
	s.serving.Go(func() {
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("http listener failed", "address", ln.Addr().String(), "error", err)
		}
	})
}

// Close stops to listen, answers blocking queries with what they have, lets other
// requests finish for a few seconds, and returns when all connections have ended.
// It is safe to call more than once, also without Start.
func (s *Server) Close() error {
	s.stopOnce.Do(func() {
		close(s.closing)
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		err := s.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = s.http.Close()
		}
		s.stopErr = errors.Join(err, closeAll(s.plain), closeAll(s.secure)) // those that Serve has not closed
		s.serving.Wait()
		s.conns.Wait()
	})
	return s.stopErr
}
