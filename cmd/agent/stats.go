package agent

import (
	"runtime"
	"strconv"
	"time"

	"muster/consensus/certs"
	"muster/consensus/gossip"
)

// stats are the figures of `muster info`, by group. Groups and figures have Consul's
// names where it has them.
func (a *Agent) stats() map[string]map[string]string {
	cfg := a.config()
	index := a.state.Applied()
	out := map[string]map[string]string{
		"agent": {
			"services": strconv.Itoa(len(a.store.Instances())),
			"checks":   strconv.Itoa(len(a.store.Checks())),
		},
		"build": {"version": a.opts.Version, "revision": a.opts.Revision, "built": a.opts.BuildDate},
		"consul": { // the name that tools look under
			"server":            strconv.FormatBool(cfg.Server),
			"bootstrap":         strconv.FormatBool(cfg.Bootstrap),
			"leader":            strconv.FormatBool(a.isLeader()),
			"leader_addr":       a.forwarder.Leader(),
			"known_datacenters": strconv.Itoa(len(a.datacenters())),
		},
		"catalog": {
			"index": strconv.FormatUint(index, 10),
			"ready": strconv.FormatBool(a.ready()),
			"age":   a.age().Round(time.Millisecond).String(),
		},
		"serf_lan": memberStats(a.lan),
		"runtime": {
			"arch": runtime.GOARCH, "os": runtime.GOOS, "version": runtime.Version(),
			"cpu_count": strconv.Itoa(runtime.NumCPU()), "goroutines": strconv.Itoa(runtime.NumGoroutine()),
			"uptime": time.Since(a.started).Round(time.Second).String(),
		},
	}
	if a.replica != nil {
		out["raft"] = a.replica.Stats()
	} else {
		s := a.view.Status()
		out["view"] = map[string]string{
			"server": s.Server, "connected": strconv.FormatBool(s.Connected),
			"from_disk": strconv.FormatBool(s.FromDisk), "resyncs": strconv.FormatUint(s.Resyncs, 10),
		}
	}
	if a.wan != nil {
		out["serf_wan"] = memberStats(a.wan)
	}
	tls := map[string]string{}
	for door, store := range map[string]*certs.Store{"server_port": a.rpcCerts, "https": a.httpsCerts} {
		if store != nil {
			tls[door+"_expires"] = store.Expiry().UTC().Format(time.RFC3339)
		}
	}
	if len(tls) > 0 {
		out["tls"] = tls
	}
	return out
}

func memberStats(p *gossip.Pool) map[string]string {
	count := map[gossip.Status]int{}
	members := p.Members()
	for _, m := range members {
		count[m.Status]++
	}
	return map[string]string{
		"members": strconv.Itoa(len(members)), "alive": strconv.Itoa(count[gossip.Alive]),
		"failed": strconv.Itoa(count[gossip.Failed]), "left": strconv.Itoa(count[gossip.Left]),
	}
}
