package agent

import (
	"crypto/tls"
	"fmt"
	"net/http"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/catalog/httpapi/ui"
	"muster/dns"
)

func (a *Agent) buildDNS(cfg *Config) error {
	if len(cfg.DNSListen()) == 0 {
		return nil
	}
	var err error
	a.dns, err = dns.New(a.dnsConfig(cfg), (*answers)(a), dns.Deps{
		Logger: a.logs.With("room", "dns"), Metrics: a.metrics.DNS, Recursor: a.metrics.Recursor, Sockets: a.opts.Sockets,
	})
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
	deps := httpapi.Deps{
		State: a.state, Consensus: a.forwarder, Registrations: registrar{a.store, a}, Agent: (*face)(a),
		Operator: (*operator)(a), Places: a.places(), Abroad: a.abroad.snapshot, Snapshots: (*librarian)(a), Ready: a.ready,
		Metrics: a.metrics.HTTP, MetricsHandler: a.metrics.Handler(), Series: a.metrics, Logs: a.logs,
		Logger: a.logs.With("room", "http"),
	}
	if a.sessions != nil {
		deps.Sessions = a.sessions
	}
	if a.dns != nil {
		deps.DNS = (*explainer)(a)
	}
	if cfg.UI {
		deps.UI = ui.Handler(cfg.UIDir)
	}
	var secure *tls.Config
	var err error
	if a.httpsCerts != nil {
		if secure, err = a.httpsCerts.HTTPSConfig(); err != nil {
			return fmt.Errorf("https: %w", err)
		}
	}
	sockets, err := cfg.HTTP.Sockets.file()
	if err != nil {
		return err
	}
	a.http, err = httpapi.New(httpapi.Config{
		SocketFile: sockets,
		Addresses:  cfg.HTTPListen(), TLSAddresses: cfg.HTTPSListen(), TLS: secure, HoldTimeout: cfg.RPCHoldTimeout, EnableDebug: cfg.EnableDebug,
		Datacenter: cfg.Datacenter, Node: cfg.NodeName,
		AllowedHosts: cfg.HTTP.AllowedHosts, BlockedPaths: cfg.HTTP.BlockEndpoints, WritesFrom: cfg.HTTP.AllowWriteFrom,
		ConsulVersion: cfg.HTTP.ConsulVersion, MaxConnsPerClient: cfg.Limits.HTTPMaxConnsPerClient,
	}, deps)
	if err != nil {
		return portHint(err)
	}
	a.closers.add("http", a.http.Close)
	return nil
}

// places are the other agents of the cluster, as the HTTP API passes requests to them.
func (a *Agent) places() httpapi.Places {
	p := httpapi.Places{Datacenters: a.nearestDatacenters}
	if a.replica == nil {
		p.Elsewhere = a.forwarder.Proxy()
		return p
	}
	p.Coordinates = a.coordinatesAbroad
	p.Leader = leaderDoor{
		own: a.raftAddr.String(), leads: a.replica.IsLeader, watch: a.replica.LeaderWatch,
		to: a.forwarder.ProxyToLeader(),
	}.find
	p.Remote = func(dc string) (http.Handler, bool) {
		if len(a.remoteServers(dc)) == 0 {
			return nil, false
		}
		return a.forwarder.ProxyTo(dc, func() []string { return a.remoteServers(catalog.Fold(dc)) }), true
	}
	return p
}
