package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

// pathList collects the values of several flags in the order they were given.
type pathList []string

// Set implements cli.Generic.
func (p *pathList) Set(path string) error {
	*p = append(*p, path)
	return nil
}

// String implements cli.Generic.
func (p *pathList) String() string { return strings.Join(*p, " ") }

// agentOnlyFlags are the flags of the agent command. Config files and directories
// are collected in paths.
func agentOnlyFlags(paths *pathList) []cli.Flag {
	return []cli.Flag{
		switchFlag("dev", "run a server on loopback that keeps everything in memory, with the UI"),
		&cli.GenericFlag{Name: "config-file", Value: paths, Usage: "read settings, services and checks from `FILE` (repeatable; later ones override)"},
		&cli.GenericFlag{Name: "config-dir", Value: paths, Usage: "read the *.json files of `DIR`, in the order of their names (repeatable)"},
		&cli.GenericFlag{Name: "conf-dir", Value: paths, Usage: "the same as -config-dir", Hidden: true},
		&cli.StringFlag{Name: "data-dir", Usage: "keep the agent's state in `DIR`"},
		switchFlag("server", "be a member of the raft cluster"),
		switchFlag("bootstrap", "make a cluster of this server alone"),
		&cli.IntFlag{Name: "bootstrap-expect", Usage: "make a cluster once `N` servers have met; say so on each of them", DefaultText: "none"},
		&cli.StringSliceFlag{Name: "retry-join", Usage: "meet the agent at `ADDRESS`, again and again until one has answered (repeatable)"},
		&cli.DurationFlag{Name: "retry-interval", Usage: "`TIME` between two tries to join", DefaultText: "2s"},
		&cli.IntFlag{Name: "retry-max", Usage: "end after `N` tries to join", DefaultText: "0, never"},
		&cli.StringSliceFlag{Name: "join", Usage: "the same as -retry-join: meet the agent at `ADDRESS` (repeatable)"},
		&cli.StringSliceFlag{Name: "retry-join-wan", Usage: "meet the server of another datacenter at `ADDRESS` (repeatable)"},
		&cli.DurationFlag{Name: "retry-interval-wan", Usage: "`TIME` between two tries to join other datacenters", DefaultText: "10s"},
		&cli.IntFlag{Name: "retry-max-wan", Usage: "end after `N` tries to join other datacenters", DefaultText: "0, never"},
		&cli.StringSliceFlag{Name: "join-wan", Usage: "the same as -retry-join-wan: meet the server at `ADDRESS` (repeatable)"},
		switchFlag("rejoin", "meet the agents known from before again, even after a leave"),
		&cli.StringFlag{Name: "encrypt", Usage: "encrypt gossip by `KEY`, which keygen makes; others on this machine see flags, so prefer a file"},
		switchFlag("disable-keyring-file", "keep the keys of gossip out of the data directory"),
		&cli.IntFlag{Name: "raft-protocol", Usage: "the version of raft's protocol, `N`; there is one", DefaultText: "3"},
		&cli.StringFlag{Name: "node", Usage: "`NAME` of this node, unique in the cluster", DefaultText: "the host's"},
		&cli.StringFlag{Name: "node-id", Usage: "`UUID` of this node", DefaultText: "made once and kept in the data directory"},
		&cli.StringSliceFlag{Name: "node-meta", Usage: "meta of this node, as `KEY:VALUE` (repeatable)"},
		&cli.StringFlag{Name: "datacenter", Usage: "`NAME` of the datacenter", DefaultText: "dc1"},
		&cli.StringFlag{Name: "bind", Usage: "`ADDRESS` of gossip and the server port", DefaultText: "the host's private address"},
		&cli.StringFlag{Name: "serf-lan-bind", Usage: "`ADDRESS` of gossip", DefaultText: "that of -bind"},
		&cli.StringFlag{Name: "serf-wan-bind", Usage: "`ADDRESS` of gossip between datacenters", DefaultText: "that of -bind"},
		&cli.StringFlag{Name: "advertise", Usage: "`ADDRESS` of this node as others see it", DefaultText: "that of -bind"},
		&cli.StringFlag{Name: "advertise-wan", Usage: "`ADDRESS` of this server as other datacenters see it", DefaultText: "that of -advertise"},
		&cli.StringFlag{Name: "client", Usage: "`ADDRESSES` of DNS and HTTP, parted by blanks", DefaultText: "127.0.0.1"},
		&cli.IntFlag{Name: "dns-port", Usage: "`PORT` of DNS (-1: off)", DefaultText: "8600"},
		&cli.IntFlag{Name: "http-port", Usage: "`PORT` of the HTTP API (-1: off)", DefaultText: "8500"},
		&cli.IntFlag{Name: "https-port", Usage: "`PORT` of the HTTP API over TLS (-1: off)", DefaultText: "-1"},
		&cli.IntFlag{Name: "server-port", Usage: "`PORT` of a server for other agents", DefaultText: "8300"},
		&cli.IntFlag{Name: "serf-lan-port", Usage: "`PORT` of gossip", DefaultText: "8301"},
		&cli.IntFlag{Name: "serf-wan-port", Usage: "`PORT` of gossip between datacenters (-1: off)", DefaultText: "8302"},
		&cli.StringFlag{Name: "domain", Usage: "the zone to answer for, `NAME`", DefaultText: "consul."},
		&cli.StringFlag{Name: "alt-domain", Usage: "another zone to answer for, `NAME`", DefaultText: "none"},
		&cli.StringSliceFlag{Name: "recursor", Usage: "pass questions outside the zones on to the DNS server at `ADDRESS` (repeatable)"},
		&cli.StringSliceFlag{Name: "allow-write-http-from", Usage: "refuse writes over HTTP but from `NETWORK` (repeatable)"},
		&cli.StringFlag{Name: "log-level", Usage: "least `LEVEL` to log: trace, debug, info, warn, error", DefaultText: "info"},
		switchFlag("log-json", "log JSON lines"),
		&cli.StringFlag{Name: "pid-file", Usage: "write the process id to `FILE`"},
		switchFlag("ui", "serve the web UI"),
		&cli.StringFlag{Name: "ui-dir", Aliases: []string{"web-ui"}, Usage: "serve `DIR` as the web UI instead of what is built in"},
		switchFlag("enable-script-checks", "run script checks, those registered over HTTP too"),
		switchFlag("enable-local-script-checks", "run script checks of config files"),
	}
}

// overrides returns the settings that flags were given for.
func overrides(c *cli.Context) (agent.Overrides, error) {
	o := agent.Overrides{
		Server:             given(c, "server", c.Bool),
		Bootstrap:          given(c, "bootstrap", c.Bool),
		BootstrapExpect:    given(c, "bootstrap-expect", c.Int),
		RetryJoin:          c.StringSlice("retry-join"),
		RetryInterval:      given(c, "retry-interval", c.Duration),
		RetryMax:           given(c, "retry-max", c.Int),
		StartJoin:          c.StringSlice("join"),
		RetryJoinWAN:       c.StringSlice("retry-join-wan"),
		RetryIntervalWAN:   given(c, "retry-interval-wan", c.Duration),
		RetryMaxWAN:        given(c, "retry-max-wan", c.Int),
		StartJoinWAN:       c.StringSlice("join-wan"),
		Rejoin:             given(c, "rejoin", c.Bool),
		Encrypt:            given(c, "encrypt", c.String),
		DisableKeyringFile: given(c, "disable-keyring-file", c.Bool),
		RaftProtocol:       given(c, "raft-protocol", c.Int),
		DataDir:            given(c, "data-dir", c.String),
		NodeName:           given(c, "node", c.String),
		NodeID:             given(c, "node-id", c.String),
		BindAddr:           given(c, "bind", c.String),
		SerfLANAddr:        given(c, "serf-lan-bind", c.String),
		SerfWANAddr:        given(c, "serf-wan-bind", c.String),
		AdvertiseAddr:      given(c, "advertise", c.String),
		AdvertiseAddrWAN:   given(c, "advertise-wan", c.String),
		ClientAddr:         given(c, "client", c.String),
		Datacenter:         given(c, "datacenter", c.String),
		Domain:             given(c, "domain", c.String),
		AltDomain:          given(c, "alt-domain", c.String),
		Recursors:          c.StringSlice("recursor"),
		HTTPPort:           given(c, "http-port", c.Int),
		HTTPSPort:          given(c, "https-port", c.Int),
		DNSPort:            given(c, "dns-port", c.Int),
		ServerPort:         given(c, "server-port", c.Int),
		SerfLANPort:        given(c, "serf-lan-port", c.Int),
		SerfWANPort:        given(c, "serf-wan-port", c.Int),
		AllowWriteFrom:     c.StringSlice("allow-write-http-from"),
		LogLevel:           given(c, "log-level", c.String),
		LogJSON:            given(c, "log-json", c.Bool),
		PidFile:            given(c, "pid-file", c.String),
		UI:                 given(c, "ui", c.Bool),
		UIDir:              given(c, "ui-dir", c.String),

		EnableScriptChecks:      given(c, "enable-script-checks", c.Bool),
		EnableLocalScriptChecks: given(c, "enable-local-script-checks", c.Bool),
	}
	for _, text := range c.StringSlice("node-meta") {
		key, value, ok := strings.Cut(text, ":")
		if !ok || key == "" {
			return o, usagef(c, "-node-meta %q is not KEY:VALUE", text)
		}
		if o.NodeMeta == nil {
			o.NodeMeta = map[string]string{}
		}
		o.NodeMeta[key] = value
	}
	return o, nil
}

// given returns a flag's value, nil when the flag was not given.
func given[T any](c *cli.Context, name string, value func(string) T) *T {
	if !c.IsSet(name) {
		return nil
	}
	v := value(name)
	return &v
}
