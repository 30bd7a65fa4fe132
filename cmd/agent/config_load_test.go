package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// file is a config file of a test.
type file struct{ name, text string }

// write puts files into a directory and returns it.
func write(t *testing.T, files ...file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(f.text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// onHost are options with a host of a test's own.
func onHost(addrs ...string) LoadOptions {
	return LoadOptions{
		Hostname: func() (string, error) { return "web-1", nil },
		HostAddrs: func() ([]netip.Addr, error) {
			out := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fe80::1")}
			for _, a := range addrs {
				out = append(out, netip.MustParseAddr(a))
			}
			return out, nil
		},
	}
}

func ptr[T any](v T) *T { return &v }

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, a := range list {
		out[i] = netip.MustParseAddr(a)
	}
	return out
}

const serverKeys = `"server": true, "bootstrap": true, "data_dir": "/var/lib/muster"`

func TestLoadSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		dev  bool
		text string
		want func(c *Config) // what differs from the defaults
	}{
		{"dev", true, "", func(c *Config) {}},
		{"a server", false, "{" + serverKeys + "}", func(c *Config) {
			c.Server, c.Bootstrap, c.DataDir, c.SkipLeaveOnInt = true, true, "/var/lib/muster", true
			c.BindAddr, c.AdvertiseAddr = addrs("10.0.0.5")[0], addrs("10.0.0.5")[0]
		}},
		{"bootstrap_expect of one", false, `{"server": true, "bootstrap_expect": 1, "data_dir": "d", "bind_addr": "127.0.0.1"}`, func(c *Config) {
			c.Server, c.Bootstrap, c.DataDir, c.SkipLeaveOnInt = true, true, "d", true
			c.BindAddr, c.AdvertiseAddr = addrs("127.0.0.1")[0], addrs("127.0.0.1")[0]
		}},
		{"any case, comments, trailing commas", true, "{// names\n\"NodeName\": \"n\", \"Datacenter\": \"DC2\",}", func(c *Config) {
			c.NodeName, c.Datacenter = "n", "dc2"
		}},
		{"addresses", true, `{"client_addr": " 127.0.0.1 ::1 ", "advertise_addr": "10.1.1.1",
			"addresses": {"http": "unix:///run/m.sock 127.0.0.2", "dns": "127.0.0.53"}, "ports": {"dns": 53, "http": -1}}`, func(c *Config) {
			c.ClientAddrs, c.AdvertiseAddr = addrs("127.0.0.1", "::1"), addrs("10.1.1.1")[0]
			c.HTTPAddrs, c.DNSAddrs = []string{"127.0.0.2", "unix:///run/m.sock"}, addrs("127.0.0.53")
			c.Ports.DNS, c.Ports.HTTP = 53, -1
		}},
		{"dns", true, `{"domain": "sd.corp.example.", "alt_domain": "old", "recursors": ["10.0.0.2", "10.0.0.3:5353"], "dns_config": {
			"node_ttl": "10s", "service_ttl": {"*": "5s"}, "only_passing": true, "enable_truncate": false, "soa": {"min_ttl": 7},
			"recursor_networks": ["10.0.0.0/8", "192.0.2.1"]}}`, func(c *Config) {
			d := &c.DNS
			d.Domain, d.AltDomain, d.Recursors = "sd.corp.example.", "old", []string{"10.0.0.2", "10.0.0.3:5353"}
			d.NodeTTL, d.ServiceTTL, d.OnlyPassing, d.EnableTruncate = 10*time.Second, map[string]time.Duration{"*": 5 * time.Second}, true, false
			d.SOA.MinTTL, d.RecursorNetworks = 7, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
		}},
		{"http", true, `{"ui": false, "limits": {"http_max_conns_per_client": 0, "kv_max_value_size": 524288}, "http_config": {"allowed_hosts": ["a.example", ".corp"],
			"block_endpoints": ["/v1/acl"], "allow_write_http_from": ["127.0.0.0/8", "::1"], "consul_version": "1.21.0"},
			"unix_sockets": {"user": "muster", "group": "33", "mode": "0660"}}`, func(c *Config) {
			c.HTTP.Sockets = SocketSettings{User: "muster", Group: "33", Mode: 0o660}
			c.HTTP.BlockEndpoints, c.HTTP.ConsulVersion = []string{"/v1/acl"}, "1.21.0"
			c.HTTP.AllowWriteFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
			c.UI, c.Limits.HTTPMaxConnsPerClient, c.HTTP.AllowedHosts = false, -1, []string{"a.example", ".corp"}
		}},
		{"logs", true, `{"log_level": "WARN", "log_json": true, "enable_debug": true}`, func(c *Config) {
			c.LogLevel, c.LogJSON, c.EnableDebug = slog.LevelWarn, true, true
		}},
		{"null and empty", true, `{"node_name": null, "services": null, "bind_addr": "", "dns_config": {}}`, func(c *Config) {}},
		{"keys that ask for nothing", true, `{"segments": null, "auto_encrypt": {"tls": false}, "retry_join": [], "encrypt": "", "acl": {"enabled": false, "tokens": {}}, "connect": {"enabled": false}}`, func(c *Config) {}},
		{"data_dir in dev", true, `{"data_dir": "/x"}`, func(c *Config) {
			c.Warnings = []string{"data_dir is not used with -dev: everything is kept in memory"}
		}},
		{"open to all", true, `{"client_addr": "0.0.0.0", "ports": {"dns": -1}, "enable_script_checks": true}`, func(c *Config) {
			c.ClientAddrs, c.Ports.DNS, c.EnableScriptChecks = addrs("0.0.0.0"), -1, true
			c.Warnings = []string{
				"HTTP listens on 0.0.0.0:8500: everyone who can reach this machine may use it",
				"enable_script_checks: everyone who can reach HTTP on 0.0.0.0:8500 can run programs on this machine; enable_local_script_checks allows config files alone",
			}
		}},
		{"keys without effect", true, `{"telemetry": {"prometheus_retention_time": "1h"}, "connect": {"enabled": true}, "ports": {"grpc_tls": 8503},
			"Performance": {"grpc_keepalive_timeout": "1s"}, "auto_encrypt": {"tls": true}, "tls": {"grpc": {"use_auto_cert": true}}, "acl": {"default_policy": "allow"},
			"services": [{"name": "a", "connect": {"native": true}, "check": {"ttl": "1m", "token": "t"}}, {"name": "b", "connect": {"native": true}}]}`, func(c *Config) {
			c.Services = []catalog.ServiceDefinition{{Name: "a", Check: &catalog.CheckDefinition{TTL: time.Minute}}, {Name: "b"}}
			c.Warnings = []string{"keys of Consul without effect here: acl.default_policy, auto_encrypt, connect, " +
				"performance.grpc_keepalive_timeout, ports.grpc_tls, services.check.token, services.connect, telemetry.prometheus_retention_time, tls.grpc"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := onHost("10.0.0.5")
			opts.Dev = c.dev
			opts.Paths = []string{write(t, file{"a.json", c.text})}
			got, err := Load(opts)
			want := DefaultConfig()
			if c.dev {
				want = DevConfig()
				want.AdvertiseAddr = want.BindAddr
			} else {
				want.LeaveOnTerm = false // all of these are servers
			}
			want.NodeName = "web-1"
			c.want(&want)
			want.AdvertiseAddrWAN = want.AdvertiseAddr
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences(got, want) {
				t.Error(d)
			}
		})
	}
}

// differences tells in which fields two configurations differ.
func differences(got, want Config) []string {
	var out []string
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if x, y := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			out = append(out, fmt.Sprintf("%s is %+v, want %+v", g.Type().Field(i).Name, x, y))
		}
	}
	return out
}

func TestLoadProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		dev  bool
		text string
		want []string // lines
	}{
		{"nothing", false, "", []string{
			"data_dir: is missing: say where the agent's state is kept (-data-dir), or -dev to keep it in memory",
		}},
		{"a wrong type is not also missing", false, `{"server": "yes", "data_dir": 1}`, []string{
			`a.json:1:12: server: wants true or false, has a string`, `a.json:1:31: data_dir: wants a string, has a number`}},
		{"unknown keys", true, "{\n \"node_nam\": 1,\n \"ports\": {\"htpp\": 1}, \"telemetry\": {\"statsd\": 1}}", []string{
			`a.json:2:2: node_nam: unknown key, did you mean "node_name"?`,
			`a.json:3:12: ports.htpp: unknown key, did you mean "http"?`,
			`a.json:3:38: telemetry.statsd: unknown key`}},
		{"syntax", true, "{\"a\": 1", []string{`a.json:1:1: '{' is not closed`}},
		{"node", true, `{"node_name": "a b", "node_id": "x", "datacenter": "d.c", "node_meta": {"a/b": "x"}}`, []string{
			`a.json:1:15: node_name: node name "a b": character ' ' cannot stand in a DNS name (use letters, digits, '-' and '_')`,
			`a.json:1:33: node_id: "x" is not a UUID`,
			`a.json:1:52: datacenter: "d.c" is not a DNS label`,
			`a.json:1:72: node_meta: key "a/b" is not 1 to 128 of letters, digits, '-' and '_'`}},
		{"addresses", true, `{"bind_addr": "localhost", "client_addr": "", "advertise_addr": "0.0.0.0",
			"addresses": {"http": "unix://x 127.0.0.1 127.0.0.1", "dns": "localhost"}}`, []string{
			`a.json:1:15: bind_addr: "localhost" is not an IP address`,
			`a.json:1:43: client_addr: names no address; to switch a server off set its port to -1`,
			`a.json:1:65: advertise_addr: 0.0.0.0 is not an address that others can reach`,
			`a.json:2:26: addresses.http: "unix://x" is not unix:///path`,
			`a.json:2:26: addresses.http: 127.0.0.1 is given twice`,
			`a.json:2:65: addresses.dns: "localhost" is not an IP address`}},
		{"ports", true, `{"ports": {"dns": 65536, "http": -2, "server": -1, "serf_lan": 99999}}`, []string{
			"a.json:1:19: ports.dns: port 65536 is outside -1..65535", "a.json:1:34: ports.http: port -2 is outside -1..65535",
			"a.json:1:48: ports.server: port -1 is outside 0..65535", "a.json:1:64: ports.serf_lan: port 99999 is outside 0..65535"}},
		{"port clashes", true, `{"ports": {"dns": 8500, "server": 8500}}`, []string{
			"a.json:1:19: ports.dns: port 8500 is also ports.server", "ports.http: port 8500 is also ports.server", "ports.http: port 8500 is also ports.dns"}},
		{"dns", true, `{"domain": "a_b..c", "recursors": ["10.0.0.1", "dns.example"], "dns_config": {"node_ttl": "1x", "service_ttl": {"a*b": "1s", "c": "-1s"},
			"a_record_limit": -1, "recursor_strategy": "best", "soa": {"refresh": -1}, "explain_networks": ["10.0.0.0/99"]}}`, []string{
			`a.json:1:12: domain: host name is missing or has an empty label`,
			`a.json:1:48: recursors[1]: "dns.example" is neither ip nor ip:port`,
			`a.json:1:91: dns_config.node_ttl: "1x" is not a duration such as "10s" or "1h30m"`,
			`a.json:1:120: dns_config.service_ttl.a*b: '*' stands at the end only`,
			`a.json:1:131: dns_config.service_ttl.c: -1s is not a TTL (RFC 2181 section 8)`,
			`a.json:2:22: dns_config.a_record_limit: -1 is negative`,
			`a.json:2:47: dns_config.recursor_strategy: "best" is neither sequential nor random`,
			`a.json:2:74: dns_config.soa.refresh: -1 is negative`,
			`a.json:2:100: dns_config.explain_networks[0]: "10.0.0.0/99" is not a network such as 10.0.0.0/8`}},
		{"http", true, `{"limits": {"http_max_conns_per_client": -1, "kv_max_value_size": 1000}, "http_config": {"allowed_hosts": ["a b"]}, "ui_dir": "/does/not/exist"}`, []string{
			"a.json:1:42: limits.http_max_conns_per_client: -1 is negative; 0 is no limit",
			"a.json:1:67: limits.kv_max_value_size: is 524288 and cannot be changed in this version",
			`a.json:1:108: http_config.allowed_hosts[0]: "a b" is not a host name, nor a dot and a domain`,
			`a.json:1:127: ui_dir: "/does/not/exist" is not a directory that can be read`}},
		{"access", true, `{"http_config": {"block_endpoints": ["v1/kv"], "allow_write_http_from": ["localhost"], "consul_version": "v1.21"}, "unix_sockets": {"mode": "rw"}}`, []string{
			`a.json:1:38: http_config.block_endpoints[0]: "v1/kv" would block nothing: paths begin with "/"`,
			`a.json:1:74: http_config.allow_write_http_from[0]: "localhost" is not a network such as 10.0.0.0/8`,
			`a.json:1:106: http_config.consul_version: "v1.21" is not a version such as 1.21.0`,
			`a.json:1:141: unix_sockets.mode: "rw" is not an octal mode in which the owner may read and write, such as "0660"`}},
		{"process", true, `{"log_level": "loud", "check_update_interval": "-1s", "raft_snapshot_threshold": 0, "raft_snapshot_interval": "1ms"}`, []string{
			`a.json:1:15: log_level: "loud" is none of trace, debug, info, warn, error`,
			`a.json:1:48: check_update_interval: -1s is negative`,
			`a.json:1:82: raft_snapshot_threshold: 0 is under the least, 1`,
			`a.json:1:111: raft_snapshot_interval: 1ms is under the least, 1s`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, file{"a.json", c.text})
			opts := onHost("10.0.0.5")
			opts.Dev, opts.Paths = c.dev, []string{dir}
			_, err := Load(opts)
			if err == nil {
				t.Fatal("no error")
			}
			if got := lines(dir, err.Error()); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// lines splits an error and takes the test's directory out of it.
func lines(dir, text string) []string {
	return strings.Split(strings.ReplaceAll(text, dir+"/", ""), "\n")
}

func TestNodeNameFromHost(t *testing.T) {
	for host, want := range map[string]string{
		"web-1": "web-1", "web.example.com": "web.example.com", "Web_1": "Web_1", "my host!": "my-host",
		"": "node", "-": "-", "ü": "node", strings.Repeat("a", 70): strings.Repeat("a", 63),
	} {
		if got := nodeNameOf(host); got != want {
			t.Errorf("%q becomes %q, want %q", host, got, want)
		}
	}
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Hostname = true, func() (string, error) { return "my host", nil }
	cfg, err := Load(opts)
	if err != nil || cfg.NodeName != "my-host" || len(cfg.Warnings) != 1 {
		t.Errorf("name %q, warnings %q, error %v", cfg.NodeName, cfg.Warnings, err)
	}
	opts.Hostname = func() (string, error) { return "", errors.New("no name") }
	if _, err := Load(opts); err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("a host without a name: %v", err)
	}
}

func TestBindAddrFromHost(t *testing.T) {
	for _, c := range []struct {
		name            string
		host            []string
		advertise       string
		bind, announced string
		problem         string
	}{
		{name: "one", host: []string{"8.8.8.8", "10.0.0.5", "fd00::1"}, bind: "10.0.0.5", announced: "10.0.0.5"},
		{name: "IPv6 only", host: []string{"2001:4860::1", "fd00::1"}, bind: "fd00::1", announced: "fd00::1"},
		{name: "carrier NAT", host: []string{"100.100.1.1"}, bind: "100.100.1.1", announced: "100.100.1.1"},
		{name: "none", host: []string{"8.8.8.8"}, bind: "127.0.0.1", announced: "127.0.0.1"},
		{name: "none, but one to tell", host: []string{"8.8.8.8"}, advertise: "10.9.9.9", bind: "127.0.0.1", announced: "10.9.9.9"},
		{name: "a public one to tell", host: []string{"8.8.8.8"}, advertise: "8.8.8.8", problem: "-advertise: 8.8.8.8 is public, and everyone would be let at gossip: set encrypt to what `muster keygen` prints, or name a private address"},
		{name: "several", host: []string{"10.0.0.5", "172.17.0.1"}, problem: "bind_addr: is missing and the host has several private addresses, say which (-bind): 10.0.0.5, 172.17.0.1"},
		{name: "several, one of them told", host: []string{"10.0.0.5", "172.17.0.1"}, advertise: "10.0.0.5", bind: "10.0.0.5", announced: "10.0.0.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := onHost(c.host...)
			opts.Overrides = Overrides{Server: ptr(true), Bootstrap: ptr(true), DataDir: ptr("d"), AdvertiseAddr: &c.advertise}
			cfg, err := Load(opts)
			if c.problem != "" {
				if err == nil || err.Error() != c.problem {
					t.Errorf("error %v, want %s", err, c.problem)
				}
				return
			}
			if err != nil || cfg.BindAddr.String() != c.bind || cfg.AdvertiseAddr.String() != c.announced {
				t.Errorf("bind %v, advertise %v, error %v", cfg.BindAddr, cfg.AdvertiseAddr, err)
			}
		})
	}
}

func TestListeners(t *testing.T) {
	cfg := DevConfig()
	cfg.ClientAddrs = addrs("127.0.0.1", "::1")
	if got := cfg.HTTPListen(); !slices.Equal(got, []string{"127.0.0.1:8500", "[::1]:8500"}) {
		t.Errorf("HTTP listens on %v", got)
	}
	cfg.DNSAddrs = addrs("127.0.0.53")
	if got := cfg.DNSConfig(); !slices.Equal(got.Addrs, []string{"127.0.0.53:8600"}) || got.Datacenter != "dc1" {
		t.Errorf("DNS: %v in %q", got.Addrs, got.Datacenter)
	}
	if got := cfg.ServerListen(); got != "127.0.0.1:8300" {
		t.Errorf("server port at %s", got)
	}
	cfg.HTTPAddrs, cfg.Ports.HTTP, cfg.Ports.DNS = []string{"127.0.0.1", "unix:///s"}, -1, -1
	if got := cfg.HTTPListen(); !slices.Equal(got, []string{"unix:///s"}) {
		t.Errorf("with the port off HTTP listens on %v", got)
	}
	if got := cfg.DNSListen(); got != nil {
		t.Errorf("switched off, DNS listens on %v", got)
	}
}
