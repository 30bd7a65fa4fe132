package agent

import (
	"fmt"

	"path/filepath"
	"runtime"
	"time"

	"muster/catalog/local"
	"muster/catalog/view"
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
	err := prepareDataDir(dir, a.logs.Logger)
	if err != nil {
		return err
	}
	if a.id, err = nodeID(dir, cfg.NodeID); err != nil {
		return err
	}

	// The catalog, and the way to whoever writes to it: raft on servers, a view of
	// theirs on clients. It is closed last, for everyone above may still want to
	// write while stopping.
	if err := a.buildCerts(cfg); err != nil {
		return err
	}
	if err := prepareViews(dir); err != nil {
		return err
	}
	role := a.buildClient
	if cfg.Server {
		role = a.buildServer
	}
	if err := role(cfg); err != nil {
		return err
	}

	// Who else there is, and what other datacenters hold.
	if err := a.buildGossip(cfg); err != nil {
		return err
	}
	a.abroad = &abroad{
		known: a.datacenters, own: cfg.Datacenter, views: map[string]*view.View{}, failed: map[string]bool{},
		open: func(dc string) (*view.View, error) { return a.newView(cfg, dc) },
		fail: func(dc string, err error) { a.logs.Error("datacenter is not followed", "datacenter", dc, "err", err) },
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
	a.store.SetGuard(cfg.defaultGuard())
	a.syncer = local.NewSyncer(local.SyncConfig{
		Store: a.store, Applier: a.forwarder, Snapshot: a.state.Snapshot,
		Agents:  func() int { return len(a.lan.Members()) },
		Logger:  a.logs.With("room", "sync"),
		Observe: a.metrics.Checks.Applied,
		InLine:  a.inLine.set,
	})

	// Probes report to the store; the witness times what becomes of failures.
	a.witness = newWitness(cfg.NodeName, a.state.Snapshot, a.metrics.Checks.Answered)
	a.runner = probes.New(probes.Config{
		Report:   a.report,
		Snapshot: a.state.Snapshot, Node: cfg.NodeName,
		Logger: a.logs.With("room", "probes"), Metrics: a.metrics.Checks,
	})

	a.buildObserver(cfg)

	// The doors: DNS, then HTTP.
	if err := a.buildSnapshots(cfg); err != nil {
		return err
	}
	if err := a.buildDNS(cfg); err != nil {
		return err
	}
	if err := a.buildHTTP(cfg); err != nil {
		return err
	}
	return a.buildWatches(cfg) // they ask the HTTP API
}

// under returns a directory below dir, or nothing when everything stays in memory.
func under(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}
