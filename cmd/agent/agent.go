// Package agent is one muster agent: it reads configuration, wires the rooms of
// the program together, and starts and stops them in order. Several agents can
// live in one process.
package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"muster/catalog"
	"muster/catalog/archive"
	"muster/catalog/httpapi"
	"muster/catalog/local"
	"muster/catalog/observe"
	"muster/catalog/view"
	"muster/consensus"
	"muster/consensus/certs"
	"muster/consensus/gossip"
	"muster/consensus/rpc"
	"muster/dns"
	"muster/metrics"
	"muster/probes"
)

// Options is what an agent needs beside its configuration.
type Options struct {
	Version   string
	Revision  string // of the source; may be empty
	BuildDate string // RFC 3339; may be empty
	// LogOutput takes the log. LogColour colours it, for a terminal.
	LogOutput io.Writer
	LogColour bool
	// LoadConfig reads the configuration again for Reload. Nil: Reload fails.
	LoadConfig func() (Config, error)
	// Sockets were opened by the service manager, for DNS: see [dns.Deps]. They stay
	// their owner's, who may close them after New.
	Sockets []*os.File

	network network
}

// network is the ways to other agents, which tests cut. Zero: the machine's own.
type network struct {
	dial   func(ctx context.Context, network, addr string) (net.Conn, error) // to server ports
	gossip func(bind netip.AddrPort, log *slog.Logger) gossip.Transport
}

// Agent is the daemon. New binds its ports, Start sets it to work, Close ends it.
type Agent struct {
	opts    Options
	started time.Time
	cfg     atomic.Pointer[Config] // replaced by Reload
	id      string                 // node UUID
	logs    *logs
	metrics *metrics.Registry

	rpcCerts   *certs.Store // of the server port; nil: plain text
	httpsCerts *certs.Store // nil: no HTTPS

	// A server has a raft member that feeds its state, a client a view that does.
	state     *catalog.State
	replica   *consensus.Replica // nil on clients
	view      *view.View         // nil on servers
	rpc       *rpc.Server        // nil on clients
	raftAddr  netip.AddrPort     // where others reach this server; zero on clients
	forwarder *rpc.Forwarder
	lan       *gossip.Pool
	wan       *gossip.Pool // nil on clients, and where it is off
	abroad    *abroad
	promises  promises
	keeper    *archive.Keeper // nil: no snapshots are made by the clock

	store     *local.Store
	syncer    *local.Syncer
	inLine    inLine
	runner    *probes.Runner
	observer  *observe.Observer
	dns       *dns.Server     // nil: off
	http      *httpapi.Server // without addresses when it is off
	self      *httpapi.Client // asks this agent's own HTTP API, in process
	watches   *watches
	leader    *leaderDuties // nil on clients
	sessions  *sessionClock // nil on clients
	witness   *witness
	closers   closers
	closeOnce sync.Once
	closeErr  error

	watching   sync.Mutex // held while probes are brought in line with the store
	reload     sync.Mutex // one at a time
	done       chan struct{}
	finishOnce sync.Once
	crashed    atomic.Bool
	failure    error // why the agent cannot go on; set before done is closed
}

// Done is closed when the agent has to end by itself: someone told it over HTTP to
// leave, or it cannot go on, such as after a failed write to its log. Its owner then calls Close.
func (a *Agent) Done() <-chan struct{} { return a.done }

// finish closes Done.
func (a *Agent) finish() { a.fail(nil) }

// fail closes Done because of an error, which Close then returns.
func (a *Agent) fail(err error) {
	a.finishOnce.Do(func() {
		a.failure = err
		close(a.done)
	})
}

// Logger is the agent's log, for its owner.
func (a *Agent) Logger() *slog.Logger { return a.logs.Logger }

// DNSAddrs are the addresses DNS is bound to, none when it is off.
func (a *Agent) DNSAddrs() []netip.AddrPort {
	if a.dns == nil {
		return nil
	}
	return a.dns.Addrs()
}

// HTTPAddrs are the addresses the HTTP API is bound to, none when it is off.
func (a *Agent) HTTPAddrs() []net.Addr { return a.http.Addrs() }

// Start sets every room to work. It is called once; after an error only Close remains.
func (a *Agent) Start() error {
	// What answers other agents comes first: they may need it to meet this one.
	// Everything else reads what the replica or the view has loaded.
	start := a.startClient
	if a.replica != nil {
		start = a.startServer
	}
	if err := start(); err != nil {
		return err
	}
	if err := a.startGossip(); err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	a.background("tags", a.keepTags)
	a.background("other datacenters", a.abroad.run)
	// The doors open last, when there is something behind them.
	a.background("witness", a.witness.run)
	a.background("brake watch", a.watchBrakes)
	a.background("local sync", a.syncer.Run)
	a.watchProbes()
	a.background("probe watch", a.followStore)
	a.background("observer", a.observer.Run)
	a.closers.add("probes", func() error { a.runner.Close(); return nil })
	if a.dns != nil {
		a.dns.Start()
	}
	for _, addr := range a.DNSAddrs() {
		a.logs.Info("listening", "protocol", "dns", "addr", addr.String())
	}
	a.http.Start()
	a.closers.add("watches", func() error { a.watches.close(); return nil })
	a.watches.set(a.config().Watches)
	a.background("remote execution", a.followExec)
	for _, addr := range a.HTTPAddrs() {
		a.logs.Info("listening", "protocol", "http", "addr", addr.String())
	}
	return nil
}

// background runs f until the agent closes, which waits for it.
func (a *Agent) background(name string, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	a.closers.add(name, func() error { cancel(); <-done; return nil })
}

// Close stops everything, in the reverse order of its start, and returns when
// all of it has ended. The error tells also why an agent that could not go on did
// not. It may be called more than once, and without Start.
func (a *Agent) Close() error {
	a.closeOnce.Do(func() {
		var failed error
		if a.replica != nil {
			failed = a.replica.Err() // closing is no failure
		}
		select {
		case <-a.done:
			failed = errors.Join(failed, a.failure)
		default:
		}
		a.closeErr = errors.Join(failed, a.closers.closeAll())
	})
	return a.closeErr
}

func (a *Agent) config() *Config { return a.cfg.Load() }
