package agent

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
)

// face is an agent as its HTTP API shows it.
type face Agent

// Self implements httpapi.Agent.
func (f *face) Self() httpapi.Self {
	a, cfg := (*Agent)(f), f.cfg.Load()
	return httpapi.Self{
		Node: a.nodeRow(), Server: cfg.Server,
		Version: a.opts.Version, Revision: a.opts.Revision, BuildDate: a.opts.BuildDate,
		Stats: map[string]map[string]string{
			"agent": {
				"services": strconv.Itoa(len(a.store.Instances())),
				"checks":   strconv.Itoa(len(a.store.Checks())),
			},
			"build": {"version": a.opts.Version, "revision": a.opts.Revision, "built": a.opts.BuildDate},
			"consul": { // the name that tools look under
				"server":      strconv.FormatBool(cfg.Server),
				"bootstrap":   strconv.FormatBool(cfg.Bootstrap),
				"leader":      strconv.FormatBool(a.replica.IsLeader()),
				"leader_addr": a.replica.Leader(),
			},
			"raft": a.replica.Stats(),
			"runtime": {
				"arch": runtime.GOARCH, "os": runtime.GOOS, "version": runtime.Version(),
				"cpu_count": strconv.Itoa(runtime.NumCPU()), "goroutines": strconv.Itoa(runtime.NumGoroutine()),
				"uptime": time.Since(a.started).Round(time.Second).String(),
			},
		},
	}
}

// Members implements httpapi.Agent. Without gossip an agent knows itself alone.
func (f *face) Members(wan bool) ([]httpapi.Member, error) {
	a, cfg := (*Agent)(f), f.cfg.Load()
	name := cfg.NodeName
	if wan {
		name += "." + cfg.Datacenter
	}
	return []httpapi.Member{{
		Name: name, Address: cfg.AdvertiseAddr.String(), Port: uint16(max(cfg.Ports.SerfLAN, 0)),
		Status: httpapi.MemberAlive,
		Tags: map[string]string{
			"role": "consul", "dc": cfg.Datacenter, "id": a.id, "port": strconv.Itoa(int(a.raftAddr.Port())),
			"build": a.opts.Version, "vsn": protocolVersion, "bootstrap": "1",
		},
	}}, nil
}

// Join implements httpapi.Agent.
func (f *face) Join(context.Context, string, bool) error {
	return catalog.Errorf(catalog.Invalid, "join: this agent runs alone, it cannot join a cluster")
}

// ForceLeave implements httpapi.Agent.
func (f *face) ForceLeave(context.Context, string, bool, bool) error {
	return catalog.Errorf(catalog.Invalid, "force-leave: this agent runs alone, there is no other to remove")
}

// protocolVersion is what agents that run together must agree on.
const protocolVersion = "1"

// Reload implements httpapi.Agent.
func (f *face) Reload(context.Context) (string, error) { return (*Agent)(f).Reload() }

// Leave implements httpapi.Agent.
func (f *face) Leave(ctx context.Context) error { return (*Agent)(f).Leave(ctx) }
