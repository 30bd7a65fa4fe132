package agent

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/catalog/httpapi/ui"
	"muster/catalog/local"
	"muster/consensus"
	"muster/consensus/transport"
	"muster/dns"
	"muster/metrics"
	"muster/probes"
)

// New builds an agent from a valid configuration and binds all its ports.
// Whatever fails, everything already bound or opened is released again.
func New(cfg Config, opts Options) (*Agent, error) {
	a := &Agent{opts: opts, started: time.Now(), done: make(chan struct{})}
	a.cfg.Store(&cfg)
	if err := a.build(&cfg); err != nil {
		_ = a.closers.closeAll() // the first error is the one that tells
		return nil, err
	}
	return a, nil
}

// build is the wiring: one block for each room, in the order of dependence.
// What is added to closers is closed in the reverse order.
func (a *Agent) build(cfg *Config) error {
	// The log comes first: everyone else writes to it.
	a.logs = newLogs(a.opts.LogOutput, cfg.LogLevel, cfg.LogJSON, a.opts.LogColour)
	for _, w := range cfg.Warnings {
		a.logs.Warn("configuration", "warning", w)
	}

	// The series exist from the start; sizes are counted when somebody looks.
	a.metrics = metrics.New(metrics.Build{Version: a.opts.Version, Revision: a.opts.Revision, GoVersion: runtime.Version()})
	a.metrics.BeforeGather(a.measure)

	// Who this node is must be known before it can be a raft member.
	dir := cfg.DataDir
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
	}
	var err error
	if a.id, err = nodeID(dir, cfg.NodeID); err != nil {
		return err
	}

	// The server port and the raft member behind it. Raft is closed last, for
	// everyone above may still want to write while stopping.
	a.state = catalog.New()
	if err := a.buildReplica(cfg); err != nil {
		return err
	}

	// What this node registers, and the loop that brings the catalog in line.
	a.store, err = local.New(local.Config{
		Node:              a.nodeRow,
		Dir:               under(dir, "local"),
		ScriptsFromConfig: cfg.EnableScriptChecks || cfg.EnableLocalScriptChecks,
		ScriptsFromHTTP:   cfg.EnableScriptChecks,
		UpdateInterval:    cfg.CheckUpdateInterval,
		Logger:            a.logs.With("room", "local"),
	})
	if err != nil {
		return err
	}
	if _, err := a.store.LoadConfig(cfg.Services, cfg.Checks); err != nil {
		return fmt.Errorf("services of the configuration: %w", err)
	}
	a.syncer = local.NewSyncer(local.SyncConfig{
		Store: a.store, Applier: a.replica, Snapshot: a.state.Snapshot,
		Logger:  a.logs.With("room", "sync"),
		Observe: a.metrics.Checks.Applied,
	})
	a.leader = a.leaderDuties()

	// Probes report to the store; the witness times what becomes of failures.
	a.witness = newWitness(cfg.NodeName, a.state.Snapshot, a.metrics.Checks.Answered)
	a.runner = probes.New(probes.Config{
		Report:   a.report,
		Snapshot: a.state.Snapshot, Node: cfg.NodeName,
		Logger: a.logs.With("room", "probes"), Metrics: a.metrics.Checks,
	})

	// The doors: DNS, then HTTP.
	if err := a.buildDNS(cfg); err != nil {
		return err
	}
	return a.buildHTTP(cfg)
}

func (a *Agent) buildReplica(cfg *Config) error {
	mux, err := transport.Listen(transport.Config{Addr: cfg.ServerListen(), Logger: a.logs.With("room", "transport")})
	if err != nil {
		return portHint(err)
	}
	a.closers.add("server port", mux.Close)
	// The port is known only now if the configuration left it to the kernel.
	port := mux.Addr().(*net.TCPAddr).Port
	a.raftAddr = netip.AddrPortFrom(cfg.AdvertiseAddr, uint16(port))
	a.replica, err = consensus.New(consensus.Config{
		Dir:               under(cfg.DataDir, "raft"),
		ID:                a.id,
		Address:           a.raftAddr.String(),
		Transport:         mux.Layer(transport.ProtoRaft),
		Bootstrap:         cfg.Bootstrap,
		Logger:            a.logs.With("room", "raft"),
		Metrics:           a.metrics.Raft,
		SnapshotThreshold: cfg.RaftSnapshotThreshold,
		SnapshotInterval:  cfg.RaftSnapshotInterval,
	}, a.state)
	if err != nil {
		return err
	}
	a.closers.add("raft", a.replica.Close)
	mux.Start()
	return nil
}

func (a *Agent) buildDNS(cfg *Config) error {
	if len(cfg.DNSListen()) == 0 {
		return nil
	}
	var err error
	a.dns, err = dns.New(a.dnsConfig(cfg), (*view)(a), dns.Deps{Logger: a.logs.With("room", "dns"), Metrics: a.metrics.DNS, Recursor: a.metrics.Recursor})
	if err != nil {
		return portHint(err)
	}
	a.closers.add("dns", a.dns.Close)
	return nil
}

func (a *Agent) dnsConfig(cfg *Config) dns.Config {
	d := cfg.DNSConfig()
	d.Version = "muster " + a.opts.Version
	return d
}

func (a *Agent) buildHTTP(cfg *Config) error {
	if len(cfg.HTTPListen()) == 0 {
		return nil
	}
	deps := httpapi.Deps{
		State: a.state, Consensus: a.replica, Registrations: registrar{a.store, a}, Agent: (*face)(a), Operator: (*steward)(a),
		Ready:   a.replica.Ready,
		Metrics: a.metrics.HTTP, MetricsHandler: a.metrics.Handler(), Series: a.metrics, Logs: a.logs,
		Logger: a.logs.With("room", "http"),
	}
	if a.dns != nil {
		deps.DNS = (*explainer)(a)
	}
	if cfg.UI {
		deps.UI = ui.Handler(cfg.UIDir)
	}
	var err error
	a.http, err = httpapi.New(httpapi.Config{
		Addresses: cfg.HTTPListen(), Datacenter: cfg.Datacenter, Node: cfg.NodeName,
		AllowedHosts: cfg.HTTP.AllowedHosts, MaxConnsPerClient: cfg.Limits.HTTPMaxConnsPerClient,
	}, deps)
	if err != nil {
		return portHint(err)
	}
	a.closers.add("http", a.http.Close)
	return nil
}

// leaderDuties describes this server as the leader registers it.
func (a *Agent) leaderDuties() *leaderDuties {
	return &leaderDuties{
		applier: a.replica, snapshot: a.state.Snapshot, node: a.nodeRow, interval: time.Minute,
		server: catalog.Instance{
			ID: catalog.ServersService, Name: catalog.ServersService, Port: int(a.raftAddr.Port()),
			Meta: map[string]string{"version": a.opts.Version}, Weights: catalog.DefaultWeights,
		},
		log: a.logs.With("room", "leader"),
	}
}

// under returns a directory below dir, or nothing when everything stays in memory.
func under(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}
