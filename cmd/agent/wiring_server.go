package agent

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"muster/catalog"
	"muster/catalog/view"
	"muster/consensus"
	"muster/consensus/rpc"
	"muster/consensus/transport"
)

// buildServer makes the server port, the raft member behind it, and what answers other agents.
func (a *Agent) buildServer(cfg *Config) error {
	mux, err := transport.Listen(a.transportConfig(cfg, cfg.ServerListen()))
	if err != nil {
		return portHint(err)
	}
	a.closers.add("server port", mux.Close)
	// The port is known only now if the configuration left it to the kernel.
	port := mux.Addr().(*net.TCPAddr).Port
	a.raftAddr = netip.AddrPortFrom(cfg.AdvertiseAddr, uint16(port))
	a.state = catalog.New()
	a.replica, err = consensus.New(consensus.Config{
		Dir:               under(cfg.DataDir, "raft"),
		ID:                a.id,
		Address:           a.raftAddr.String(),
		Transport:         mux.Layer(transport.ProtoRaft),
		Locate:            a.whereabouts,
		Bootstrap:         cfg.Bootstrap,
		Logger:            a.logs.With("room", "raft"),
		Metrics:           a.metrics.Raft,
		SnapshotThreshold: cfg.RaftSnapshotThreshold,
		SnapshotInterval:  cfg.RaftSnapshotInterval,
		TrailingLogs:      cfg.RaftTrailingLogs,
		HeartbeatTimeout:  time.Duration(cfg.RaftMultiplier) * heartbeatTimeout,
	}, a.state)
	if err != nil {
		return err
	}
	a.closers.add("raft", a.replica.Close)

	a.sessions = &sessionClock{applier: a.replica, snapshot: a.state.Snapshot, log: a.logs.With("room", "leader")}
	a.promises.hasState = a.replica.HasState
	layer := mux.Layer(transport.ProtoRPC)
	a.rpc = rpc.NewServer(rpc.ServerConfig{
		Listener: layer, Address: a.raftAddr.String(), Member: a.replica,
		State: func() *catalog.State { return a.state }, Datacenter: cfg.Datacenter, Feed: a.feedSource,
		API:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.http.Passed().ServeHTTP(w, r) }),
		Promise: a.promises.give, Standing: a.standing, Relay: func() *rpc.Forwarder { return a.forwarder },
		Logger: a.logs.With("room", "rpc"), Metrics: a.metrics.RPC,
	})
	a.closers.add("rpc", a.rpc.Close)
	a.buildForwarder(cfg, layer.DialContext)
	mux.Start()
	return nil
}

// heartbeatTimeout is that of raft with a raft_multiplier of 1.
const heartbeatTimeout = 600 * time.Millisecond

// buildForwarder makes the way to other servers.
func (a *Agent) buildForwarder(cfg *Config, dial rpc.Dial) {
	f := rpc.ForwarderConfig{
		Node: a.id, Datacenter: cfg.Datacenter,
		State: func() *catalog.State { return a.state },
		Dial:  dial, Servers: a.servers, Hold: cfg.RPCHoldTimeout,
		Logger: a.logs.With("room", "rpc"), Metrics: a.metrics.RPC,
	}
	if a.replica != nil {
		f.Member, f.Address, f.Remote = a.replica, a.raftAddr.String(), a.remoteServers
	} else {
		f.Leader, f.Stale = a.leaderOfView, func() catalog.Freshness {
			s := a.view.Status()
			return catalog.Freshness{KnownLeader: s.Connected && s.Leader != "", LastContact: s.Age}
		}
	}
	a.forwarder = rpc.NewForwarder(f)
	a.closers.add("forwarder", a.forwarder.Close)
}

// feedSource is what followers of a datacenter get from this server.
func (a *Agent) feedSource(dc string) (view.Source, bool) {
	if !catalog.EqualFold(dc, a.config().Datacenter) {
		v, known := a.abroad.view(dc)
		if !known {
			return view.Source{}, false
		}
		return v.Source(), true
	}
	return view.Source{State: a.state, Age: a.age, Leader: a.replica.Leader, Ready: a.replica.Ready}, true
}

// startServer sets raft to work and what depends on it.
func (a *Agent) startServer() error {
	if err := a.replica.Start(); err != nil {
		return fmt.Errorf("start raft: %w", err)
	}
	a.background("failure watch", func(ctx context.Context) {
		select {
		case <-a.replica.Failed():
			a.finish()
		case <-ctx.Done():
		}
	})
	a.rpc.Start()
	a.leader = a.leaderDuties()
	a.background("leader duties", func(ctx context.Context) { a.leader.run(ctx, a.replica.Leading()) })
	if a.keeper != nil {
		a.background("snapshots", a.keeper.Run)
	}
	if cfg := a.config(); cfg.BootstrapExpect > 0 {
		f := &founder{
			id: a.id, expect: cfg.BootstrapExpect, replica: a.replica, members: a.members,
			promises: &a.promises, ask: a.forwarder.Promise, log: a.logs.With("room", "cluster"),
		}
		a.background("founder", f.run)
	}
	return nil
}

// leaderDuties is what this server does while it leads.
func (a *Agent) leaderDuties() *leaderDuties {
	cfg := a.config()
	return &leaderDuties{
		datacenter: cfg.Datacenter, self: a.id, expect: cfg.BootstrapExpect,
		applier: a.replica, raft: a.replica, snapshot: a.state.Snapshot, members: a.members,
		forceLeave: a.expel,
		checkups: &checkups{
			self: a.id, servers: a.replica.Servers, own: a.standing, ask: a.forwarder.Standing,
			autopilot: func() catalog.Autopilot { s, _ := a.state.Snapshot().Autopilot(); return s },
		},
		sessions: a.sessions,
		surveyor: &surveyor{applier: a.replica, snapshot: a.state.Snapshot, coordinates: a.lan.Coordinates, log: a.logs.With("room", "leader")},
		initial:  cfg.Autopilot,
		interval: time.Minute, log: a.logs.With("room", "leader"),
	}
}

// standing is how far this server's log is.
func (a *Agent) standing() rpc.Standing {
	return rpc.Standing{
		Term: a.replica.Term(), LastIndex: a.replica.LastIndex(), LastContact: a.age(), Ready: a.replica.Ready(),
	}
}
