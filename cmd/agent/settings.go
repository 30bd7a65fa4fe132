package agent

import (
	"cmp"
	"log/slog"
	"net"
	"net/netip"
	"strings"
)

// Settings are the part of the configuration that clients of Consul look up in
// agent/self's DebugConfig, by Consul's names: what is on, where it listens, and how
// others find it. Secrets, and what files they are in, are no part of it. The node ID is the one in use.
func (c *Config) Settings(nodeID string) map[string]any {
	return map[string]any{
		"Datacenter": c.Datacenter, "PrimaryDatacenter": c.Datacenter,
		"NodeName": c.NodeName, "NodeID": nodeID, "NodeMeta": c.NodeMeta,
		"ServerMode": c.Server, "Bootstrap": c.Bootstrap, "BootstrapExpect": c.expects(), "DevMode": c.DevMode, "DataDir": c.DataDir,
		"BindAddr": shownAddr(c.BindAddr), "AdvertiseAddrLAN": shownAddr(c.AdvertiseAddr), "AdvertiseAddrWAN": shownAddr(cmp.Or(c.AdvertiseAddrWAN, c.AdvertiseAddr)),
		"ClientAddrs": listed(texts(c.ClientAddrs)),
		"DNSAddrs":    dnsAddrs(c.DNSListen()), "HTTPAddrs": httpAddrs(c.HTTPListen()), "HTTPSAddrs": httpAddrs(c.HTTPSListen()),
		"RPCBindAddr": c.rpcBind(), "SerfBindAddrLAN": "tcp://" + c.SerfLANListen().String(), "SerfBindAddrWAN": c.serfWANBind(),
		"GRPCAddrs": []string{}, "GRPCTLSAddrs": []string{},
		"DNSPort": c.Ports.DNS, "HTTPPort": c.Ports.HTTP, "HTTPSPort": c.Ports.HTTPS, "ServerPort": c.Ports.Server,
		"SerfPortLAN": c.Ports.SerfLAN, "SerfPortWAN": c.Ports.SerfWAN, "GRPCPort": -1, "GRPCTLSPort": -1,
		"DNSDomain": strings.TrimSuffix(c.DNS.Domain, ".") + ".", "DNSAltDomain": c.DNS.AltDomain, "DNSOnlyPassing": c.DNS.OnlyPassing,
		"DNSNodeTTL": c.DNS.NodeTTL.String(), "DNSRecursors": listed(c.DNS.Recursors),
		"DNSReverseNetworks": listed(texts(c.DNS.ReverseNetworks)), // muster's own: resolvers are set up by it
		"RaftProtocol":       raftProtocol, "RaftSnapshotThreshold": c.RaftSnapshotThreshold, "RaftSnapshotInterval": c.RaftSnapshotInterval.String(),
		"SnapshotAgent": map[string]any{"Interval": c.SnapshotAgent.Interval.String(), "Directory": c.SnapshotAgent.Directory}, // not Consul's
		"RetryJoinLAN":  listed(c.Gossip.LAN.Join), "RetryJoinWAN": listed(c.Gossip.WAN.Join),
		"DisableCoordinates": c.Gossip.DisableCoordinates, "RejoinAfterLeave": c.Gossip.RejoinAfterLeave,
		"LeaveOnTerm": c.LeaveOnTerm, "SkipLeaveOnInt": c.SkipLeaveOnInt, "LeaveDrainTime": c.LeaveDrainTime.String(),
		"RPCHoldTimeout": c.RPCHoldTimeout.String(), "CheckUpdateInterval": c.CheckUpdateInterval.String(), "DiscardCheckOutput": c.DiscardCheckOutput,
		"EnableLocalScriptChecks": c.EnableLocalScriptChecks, "EnableRemoteScriptChecks": c.EnableScriptChecks,
		"HTTPBlockEndpoints": listed(c.HTTP.BlockEndpoints), "AllowWriteHTTPFrom": texts(c.HTTP.AllowWriteFrom),
		"EnableDebug": c.EnableDebug, "PidFile": c.PidFile,
		"Logging":  map[string]any{"LogLevel": levelName(c.LogLevel), "LogJSON": c.LogJSON},
		"UIConfig": map[string]any{"Enabled": c.UI, "Dir": c.UIDir},
		// What muster has not, for clients that ask before they use it.
		"ACLsEnabled": false, "ConnectEnabled": false, "PeeringEnabled": false,
	}
}

// listed is a list that is never null in JSON.
func listed(items []string) []string { return append([]string{}, items...) }

// shownAddr is an address, or nothing for none.
func shownAddr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// expects is BootstrapExpect as Consul shows it: 1 for a server that bootstraps alone.
func (c *Config) expects() int {
	if c.Bootstrap {
		return 1
	}
	return c.BootstrapExpect
}

// rpcBind is where other agents reach a server, nothing for a client.
func (c *Config) rpcBind() string {
	if !c.Server {
		return ""
	}
	return "tcp://" + c.ServerListen()
}

// serfWANBind is where gossip between datacenters is heard, nothing where there is none.
func (c *Config) serfWANBind() string {
	at, on := c.SerfWANListen()
	if !on {
		return ""
	}
	return "tcp://" + at.String()
}

// dnsAddrs are listeners as Consul writes them: each address once for TCP and once for UDP.
func dnsAddrs(addresses []string) []string {
	out := make([]string, 0, 2*len(addresses))
	for _, network := range []string{"tcp", "udp"} {
		for _, address := range addresses {
			out = append(out, network+"://"+address)
		}
	}
	return out
}

// httpAddrs are listeners as Consul writes them.
func httpAddrs(addresses []string) []string {
	out := make([]string, 0, len(addresses))
	for _, address := range addresses {
		if _, _, err := net.SplitHostPort(address); err == nil && !strings.HasPrefix(address, unixPrefix) {
			address = "tcp://" + address
		}
		out = append(out, address)
	}
	return out
}

// levelName is the name of a log level in configurations, in Consul's capitals.
func levelName(level slog.Level) string {
	if level == LevelTrace {
		return "TRACE"
	}
	return level.String()
}
