package agent

import (
	"log/slog"
	"net/netip"
	"time"

	"muster/catalog"
	"muster/dns"
)

// Config is the settings of one agent, resolved and valid as [Load] returns
// them. Nothing in it is shared with the loader; the owner may change a copy.
type Config struct {
	NodeName   string            // unique in the cluster, a name that DNS can carry
	NodeID     string            // UUID; empty: the one kept in the data directory, or a new one
	NodeMeta   map[string]string // free facts about the node
	Locality   catalog.Locality  // where the node runs; zero: not said
	Datacenter string            // a DNS label in lower case

	DataDir   string // empty with DevMode only: everything is kept in memory
	DevMode   bool   // everything is kept in memory; a server that makes a cluster of itself
	Server    bool   // a member of the raft cluster; false: a client agent
	Bootstrap bool   // makes a cluster of this server alone when the data directory holds none
	// BootstrapExpect is how many servers make a cluster once they have met, 2 or
	// more; the same on each of them. 0: this one joins a cluster, or has Bootstrap.
	BootstrapExpect int

	Addresses
	Ports Ports

	Gossip Gossip
	TLS    TLS
	Raft
	Autopilot     catalog.Autopilot // of a new cluster; afterwards its operator changes them
	SnapshotAgent SnapshotAgent

	// DNS holds the zones, recursors and all of dns_config. Addrs and Datacenter
	// are filled in by [Config.DNSConfig].
	DNS dns.Config

	HTTP   HTTPSettings
	Limits Limits
	UI     bool   // serve /ui/
	UIDir  string // directory served there instead of what is built in; empty: built in

	LogLevel slog.Level // LevelTrace..slog.LevelError
	LogJSON  bool       // JSON lines instead of text
	PidFile  string     // empty: none

	EnableDebug bool // profiles of the process under /debug/pprof, for this machine alone

	EnableScriptChecks      bool // script checks from everywhere, HTTP included
	EnableLocalScriptChecks bool // script checks from config files

	// CheckUpdateInterval is how long a change of nothing but a check's output may
	// wait before it goes to the catalog. 0: at once, a log entry for each.
	CheckUpdateInterval time.Duration
	DiscardCheckOutput  bool // the output of checks stays out of the catalog

	// Guard is that of services whose definitions state none. Zero: none.
	Guard          catalog.Guard
	ExternalProbes ExternalProbes

	LeaveOnTerm    bool // SIGTERM leaves the cluster for good
	DrainOnLeave   bool // leave only when others no longer hold answers that name this node
	SkipLeaveOnInt bool // SIGINT does not leave the cluster
	// LeaveDrainTime is how long an agent that leaves goes on answering after it
	// has told the others. 0: not at all.
	LeaveDrainTime time.Duration
	// RPCHoldTimeout is how long a request waits for a leader before it fails. 0: not at all.
	RPCHoldTimeout time.Duration

	Services []catalog.ServiceDefinition // as their owners state them: valid, ids unique, not normalised
	Checks   []catalog.CheckDefinition   // those that stand by themselves, likewise

	Watches []Watch // none twice

	DisableRemoteExec bool // `muster exec` runs nothing here
	// RemoteExecAllow are the commands it may run, see allowed. Empty: any.
	RemoteExecAllow []string

	// Warnings are what the operator should know though the agent can start, a line each.
	Warnings []string
}

// HTTPSettings are the settings of the HTTP API beside its addresses.
type HTTPSettings struct {
	// AllowedHosts are names that may stand in the Host header beside those of the
	// node itself; one that begins with a dot permits all names under it.
	AllowedHosts []string
	// BlockEndpoints are beginnings of paths that are not served.
	BlockEndpoints []string
	// AllowWriteFrom are the networks from which anything may be written. Empty: all.
	AllowWriteFrom []netip.Prefix
	// ConsulVersion is told as the version of agents. Empty: their own is.
	ConsulVersion string
	Sockets       SocketSettings
}

// Limits bound what clients can occupy.
type Limits struct {
	// HTTPMaxConnsPerClient is the most HTTP connections of one client address. Negative: no limit.
	HTTPMaxConnsPerClient int
	// RPCMaxConnsPerClient is the most connections to the server port of one
	// address; math.MaxInt when there is no limit.
	RPCMaxConnsPerClient int
	// RPCHandshakeTimeout is how long a connection to the server port may take to
	// say what it is, TLS included; more than 0.
	RPCHandshakeTimeout time.Duration
}

// LevelTrace is below slog's debug: for every single step.
const LevelTrace = slog.LevelDebug - 4

// DefaultConfig is the settings before any file or flag: Consul's ports and
// names. It lacks what Load finds out or insists on: name, addresses, data
// directory, role, and how signals end an agent of that role.
func DefaultConfig() Config {
	return Config{
		Datacenter:          "dc1",
		Addresses:           Addresses{ClientAddrs: loopbackOnly()},
		Ports:               Ports{DNS: 8600, HTTP: 8500, HTTPS: -1, Server: 8300, SerfLAN: 8301, SerfWAN: 8302},
		Gossip:              defaultGossip(),
		TLS:                 defaultTLS(),
		Raft:                defaultRaft(),
		Autopilot:           catalog.DefaultAutopilot(),
		SnapshotAgent:       SnapshotAgent{Retain: 30},
		DNS:                 dns.DefaultConfig(),
		HTTP:                HTTPSettings{Sockets: SocketSettings{Mode: 0o600}},
		Limits:              Limits{HTTPMaxConnsPerClient: 200, RPCMaxConnsPerClient: 200, RPCHandshakeTimeout: 5 * time.Second},
		CheckUpdateInterval: 5 * time.Minute,
		ExternalProbes:      ExternalProbes{MaxTargets: defaultExternalTargets},
		DisableRemoteExec:   true,
		LeaveDrainTime:      5 * time.Second,
		RPCHoldTimeout:      7 * time.Second,
	}
}

// DevConfig is the settings of `muster agent -dev` before any file or flag: one
// server on loopback that keeps everything in memory, with the UI.
func DevConfig() Config {
	c := DefaultConfig()
	c.DevMode, c.Server, c.Bootstrap = true, true, true
	c.SkipLeaveOnInt = true
	c.BindAddr = loopbackOnly()[0]
	c.UI = true
	return c
}
