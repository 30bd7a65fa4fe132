package agent

import (
	"context"
	"net/netip"

	"muster/consensus/gossip"
)

// buildGossip makes the pool of this datacenter's agents, and on servers that of
// the servers of all datacenters.
func (a *Agent) buildGossip(cfg *Config) error {
	lan, err := gossip.New(a.poolConfig(cfg, false))
	if err != nil {
		return portHint(err)
	}
	a.lan = lan
	a.closers.add("gossip", lan.Close)
	if _, on := cfg.SerfWANListen(); on {
		if a.wan, err = gossip.New(a.poolConfig(cfg, true)); err != nil {
			return portHint(err)
		}
		a.closers.add("wan gossip", a.wan.Close)
	}
	if cfg.Server {
		a.closers.add("leadership", a.handOver)
	}
	return nil
}

func (a *Agent) poolConfig(cfg *Config, wan bool) gossip.Config {
	c := gossip.Config{
		WAN: wan, Name: cfg.NodeName, ID: a.id, Datacenter: cfg.Datacenter, Server: cfg.Server,
		RPCPort: a.raftAddr.Port(), Build: a.opts.Version, Expect: cfg.BootstrapExpect, Tags: a.tags(false),
		Bind: cfg.SerfLANListen(), Advertise: netip.AddrPortFrom(cfg.AdvertiseAddr, 0),
		Dev: cfg.DevMode, Dir: under(cfg.DataDir, "gossip"),
		KeepKeys: !cfg.Gossip.DisableKeyringFile, RejoinAfterLeave: cfg.Gossip.RejoinAfterLeave,
		NoCoordinates: cfg.Gossip.DisableCoordinates,
		Logger:        a.logs.With("room", "gossip"), Metrics: a.metrics.Gossip.LAN,
	}
	if cfg.Gossip.Key != nil {
		c.Keys = [][]byte{[]byte(cfg.Gossip.Key)}
	}
	pool := cfg.Gossip.LAN
	if wan {
		pool = cfg.Gossip.WAN
		c.Bind, _ = cfg.SerfWANListen()
		if cfg.AdvertiseAddrWAN.IsValid() {
			c.Advertise = netip.AddrPortFrom(cfg.AdvertiseAddrWAN, 0)
		}
		c.Dir, c.Metrics, c.Logger = under(cfg.DataDir, "gossip-wan"), a.metrics.Gossip.WAN, a.logs.With("room", "gossip-wan")
	}
	c.ReconnectTimeout, c.Timing = pool.ReconnectTimeout, pool.Timing
	if a.opts.network.gossip != nil {
		c.Transport = a.opts.network.gossip(c.Bind, c.Logger)
	}
	return c
}

// startGossip begins to gossip and goes to meet the others.
func (a *Agent) startGossip() error {
	cfg := a.config()
	for _, p := range []struct {
		pool *gossip.Pool
		Pool
	}{{a.lan, cfg.Gossip.LAN}, {a.wan, cfg.Gossip.WAN}} {
		if p.pool == nil {
			continue
		}
		if err := p.pool.Start(); err != nil {
			return err
		}
		if len(p.Join) == 0 {
			continue
		}
		a.background("join", func(ctx context.Context) {
			err := p.pool.JoinForever(ctx, func() []string { return p.Join }, p.RetryInterval, p.RetryMax)
			if err != nil && ctx.Err() == nil {
				a.logs.Error("no other agent was met, giving up", "tried", p.Join, "err", err)
				a.fail(err)
			}
		})
	}
	if a.wan != nil {
		a.background("wan flood", a.meetAbroad)
	}
	return nil
}
