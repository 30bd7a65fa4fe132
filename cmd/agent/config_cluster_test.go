package agent

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
)

const (
	testKey    = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" // 32 bytes
	tellNobody = "nobody to join is named (retry_join, -retry-join): this agent waits until another one joins it"
)

// templates stands in for go-sockaddr on a host of a test's own.
func templates(text string) (string, error) {
	answers := map[string]string{"{{ GetPrivateIP }}": "10.0.0.5", `{{ GetInterfaceIP "eth9" }}`: "",
		"{{ GetPrivateIPs }}": "10.0.0.5 10.0.0.6", "{{ GetPublicIP }}": "8.8.8.8"}
	for template, answer := range answers {
		text = strings.ReplaceAll(text, template, answer)
	}
	if strings.Contains(text, "{{") {
		return "", errors.New("function\n\"GetIt\" not defined")
	}
	return text, nil
}

// loaded loads one file on a host with the address 10.0.0.5.
func loaded(t *testing.T, dev bool, text string) (cfg Config, dir string, err error) {
	t.Helper()
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Template = dev, templates
	dir = write(t, file{"a.json", text}, file{"ca.pem", ""}, file{"cert.pem", ""}, file{"key.pem", ""})
	text = strings.ReplaceAll(text, "DIR", dir)
	opts.Paths = []string{filepath.Join(write(t, file{"a.json", text}), "a.json")}
	cfg, err = Load(opts)
	return cfg, dir, err
}

func TestClusterSettings(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want func(c *Config, dir string) // what differs from a client's
	}{
		{"a client", `{"data_dir": "d"}`, func(c *Config, _ string) { c.Warnings = []string{tellNobody} }},
		{"one of three servers", `{"data_dir": "d", "server": true, "bootstrap_expect": 3, "retry_join": ["10.0.0.1", "10.0.0.2:7301", "[::1]:8301", "::1", "m.example."],
			"start_join": ["{{ GetPrivateIPs }}", "{{ GetInterfaceIP \"eth9\" }}"], "retry_interval": "1s", "retry_max": 4, "rejoin_after_leave": true,
			"start_join_wan": ["m.dc2.example"]}`, func(c *Config, _ string) {
			c.Server, c.BootstrapExpect, c.LeaveOnTerm, c.SkipLeaveOnInt = true, 3, false, true
			lan := &c.Gossip.LAN
			lan.Join = []string{"10.0.0.1", "10.0.0.2:7301", "[::1]:8301", "::1", "m.example.", "10.0.0.5", "10.0.0.6"}
			lan.RetryInterval, lan.RetryMax, c.Gossip.RejoinAfterLeave = time.Second, 4, true
			c.Gossip.WAN.Join = []string{"m.dc2.example"}
		}},
		{"signals as told", `{"data_dir": "d", "retry_join": ["a"], "leave_on_terminate": false, "skip_leave_on_interrupt": true}`, func(c *Config, _ string) {
			c.Gossip.LAN.Join, c.LeaveOnTerm, c.SkipLeaveOnInt = []string{"a"}, false, true
		}},
		{"two servers", `{"data_dir": "d", "server": true, "bootstrap_expect": 2, "retry_join": ["a"]}`, func(c *Config, _ string) {
			c.Server, c.BootstrapExpect, c.LeaveOnTerm, c.SkipLeaveOnInt, c.Gossip.LAN.Join = true, 2, false, true, []string{"a"}
			c.Warnings = []string{"bootstrap_expect is 2: a cluster of two servers stops when either of them fails; take 3"}
		}},
		{"four servers", `{"data_dir": "d", "server": true, "bootstrap_expect": 4, "retry_join": ["a"]}`, func(c *Config, _ string) {
			c.Server, c.BootstrapExpect, c.LeaveOnTerm, c.SkipLeaveOnInt, c.Gossip.LAN.Join = true, 4, false, true, []string{"a"}
			c.Warnings = []string{"bootstrap_expect is 4: an even number of servers outlives no more failures than 3 do"}
		}},
		{"gossip", `{"data_dir": "d", "retry_join": ["a"], "encrypt": "` + testKey + `", "disable_keyring_file": true, "reconnect_timeout": "8h",
			"gossip_lan": {"probe_interval": "1s", "probe_timeout": "500ms"}, "gossip_wan": {"gossip_nodes": 9}, "encrypt_verify_incoming": true}`, func(c *Config, _ string) {
			c.Gossip.Key, c.Gossip.DisableKeyringFile = Secret("0123456789abcdef0123456789abcdef"), true
			c.Gossip.LAN.Join, c.Gossip.LAN.ReconnectTimeout = []string{"a"}, 8*time.Hour
			c.Gossip.LAN.Timing.ProbeInterval, c.Gossip.LAN.Timing.ProbeTimeout, c.Gossip.WAN.Timing.GossipNodes = time.Second, 500*time.Millisecond, 9
		}},
		{"addresses", `{"data_dir": "d", "retry_join": ["a"], "bind_addr": "0.0.0.0", "encrypt": "` + testKey + `", "serf_lan": "{{ GetPrivateIP }}",
			"advertise_addr_wan": "{{ GetPublicIP }}", "client_addr": "127.0.0.1 {{ GetPrivateIPs }}", "addresses": {"http": "{{ GetPrivateIP }} unix:///s"}}`, func(c *Config, _ string) {
			c.Gossip.Key, c.Gossip.LAN.Join = Secret("0123456789abcdef0123456789abcdef"), []string{"a"}
			c.BindAddr, c.SerfLANAddr, c.AdvertiseAddrWAN = addrs("0.0.0.0")[0], addrs("10.0.0.5")[0], addrs("8.8.8.8")[0]
			c.ClientAddrs, c.HTTPAddrs = addrs("127.0.0.1", "10.0.0.5", "10.0.0.6"), []string{"10.0.0.5", "unix:///s"}
		}},
		{"raft", `{"data_dir": "d", "retry_join": ["a"], "raft_trailing_logs": 9, "performance": {"raft_multiplier": 10, "leave_drain_time": "0s"},
			"autopilot": {"min_quorum": 3, "cleanup_dead_servers": false}, "snapshot_agent": {"interval": "1h"}, "limits": {"rpc_max_conns_per_client": 0}}`, func(c *Config, _ string) {
			c.Gossip.LAN.Join, c.RaftTrailingLogs, c.RaftMultiplier, c.LeaveDrainTime = []string{"a"}, 9, 10, 0
			c.Autopilot.MinQuorum, c.Autopilot.CleanupDeadServers = 3, false
			c.SnapshotAgent.Interval, c.SnapshotAgent.Directory = time.Hour, "d/snapshots"
			c.Limits.RPCMaxConnsPerClient = math.MaxInt
		}},
		{"no drain, no multiplier", `{"data_dir": "d", "retry_join": ["a"], "performance": {"raft_multiplier": 0, "rpc_hold_timeout": 0}, "snapshot_agent": {"interval": 0}}`, func(c *Config, _ string) {
			c.Gossip.LAN.Join, c.RPCHoldTimeout = []string{"a"}, 0
		}},
		{"tls by former keys", `{"data_dir": "d", "retry_join": ["a"], "ca_file": "DIR/ca.pem", "cert_file": "DIR/cert.pem", "key_file": "DIR/key.pem", "verify_incoming": true,
			"verify_incoming_https": false, "verify_server_hostname": true, "tls_min_version": "tls13", "ports": {"https": 8501}}`, func(c *Config, dir string) {
			both := certs.Config{CAFile: dir + "/ca.pem", CertFile: dir + "/cert.pem", KeyFile: dir + "/key.pem", MinVersion: tls.VersionTLS13}
			c.TLS.RPC, c.TLS.HTTPS, c.Ports.HTTPS, c.Gossip.LAN.Join = both, both, 8501, []string{"a"}
			c.TLS.RPC.VerifyIncoming, c.TLS.RPC.VerifyServerHostname = true, true
		}},
		{"tls by tables, the nearer first", `{"data_dir": "d", "retry_join": ["a"], "ca_file": "no", "verify_incoming": true, "verify_incoming_rpc": false, "tls": {
			"defaults": {"ca_file": "DIR/ca.pem", "ca_path": "DIR", "cert_file": "DIR/no.pem", "key_file": "DIR/key.pem", "verify_outgoing": true},
			"internal_rpc": {"cert_file": "DIR/cert.pem"}, "https": {"cert_file": "no", "verify_incoming": false}}}`, func(c *Config, dir string) {
			both := certs.Config{CAFile: dir + "/ca.pem", CAPath: dir, CertFile: dir + "/cert.pem", KeyFile: dir + "/key.pem", MinVersion: tls.VersionTLS12}
			c.TLS.RPC, c.TLS.HTTPS, c.Gossip.LAN.Join = both, both, []string{"a"}
			c.TLS.RPC.VerifyOutgoing, c.TLS.HTTPS.CertFile = true, "no"
		}},
		{"only those who can be asked in", `{"data_dir": "d", "retry_join": ["a"], "ca_file": "DIR/ca.pem", "cert_file": "DIR/cert.pem", "key_file": "DIR/key.pem", "verify_incoming": true}`, func(c *Config, dir string) {
			both := certs.Config{CAFile: dir + "/ca.pem", CertFile: dir + "/cert.pem", KeyFile: dir + "/key.pem", VerifyIncoming: true, MinVersion: tls.VersionTLS12}
			c.TLS.RPC, c.TLS.HTTPS, c.Gossip.LAN.Join = both, both, []string{"a"}
			c.Warnings = []string{"verify_incoming without verify_outgoing: this agent refuses plain text, and speaks it to servers"}
		}},
		{"open to those with a certificate", `{"data_dir": "d", "retry_join": ["a"], "ca_file": "DIR/ca.pem", "cert_file": "DIR/cert.pem", "key_file": "DIR/key.pem", "server": true,
			"verify_incoming": true, "verify_outgoing": true, "bind_addr": "8.8.8.8", "encrypt": "` + testKey + `", "client_addr": "0.0.0.0", "ports": {"http": -1, "dns": -1, "https": 8501}}`, func(c *Config, dir string) {
			both := certs.Config{CAFile: dir + "/ca.pem", CertFile: dir + "/cert.pem", KeyFile: dir + "/key.pem", VerifyIncoming: true, MinVersion: tls.VersionTLS12}
			c.TLS.RPC, c.TLS.HTTPS, c.Gossip.LAN.Join, c.Gossip.Key = both, both, []string{"a"}, Secret("0123456789abcdef0123456789abcdef")
			c.TLS.RPC.VerifyOutgoing, c.Server, c.LeaveOnTerm, c.SkipLeaveOnInt = true, true, false, true
			c.BindAddr, c.AdvertiseAddr, c.AdvertiseAddrWAN = addrs("8.8.8.8")[0], addrs("8.8.8.8")[0], addrs("8.8.8.8")[0]
			c.ClientAddrs, c.Ports.HTTP, c.Ports.DNS, c.Ports.HTTPS = addrs("0.0.0.0"), -1, -1, 8501
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, dir, err := loaded(t, false, c.text)
			if err != nil {
				t.Fatal(err)
			}
			want := DefaultConfig()
			want.NodeName, want.DataDir, want.LeaveOnTerm = "web-1", "d", true
			own := addrs("10.0.0.5")[0]
			want.BindAddr, want.AdvertiseAddr, want.AdvertiseAddrWAN = own, own, own
			c.want(&want, dir)
			for _, d := range differences(got, want) {
				t.Error(d)
			}
		})
	}
}

func TestClusterProblems(t *testing.T) {
	const server = `"server": true, "data_dir": "d", "retry_join": ["a"]`
	for _, c := range []struct {
		name string
		dev  bool
		text string
		want []string
	}{
		{"bootstrap twice", true, `{"bootstrap": true, "bootstrap_expect": 1}`, []string{
			"a.json:1:41: bootstrap_expect: contradicts bootstrap, which makes a cluster of this server alone; set one of them"}},
		{"bootstrap of none", false, `{` + server + `, "bootstrap_expect": -1}`, []string{"a.json:1:76: bootstrap_expect: -1 is negative"}},
		{"a client's cluster", false, `{"data_dir": "d", "bootstrap_expect": 3}`, []string{"a.json:1:39: bootstrap_expect: only servers make a cluster (-server)"}},
		{"a client's cluster of its own", false, `{"data_dir": "d", "server": false, "bootstrap": true}`, []string{"a.json:1:49: bootstrap: only a server makes a cluster (-server)"}},
		{"dev", true, `{"server": false, "bootstrap": false}`, []string{
			"a.json:1:12: server: with -dev the agent is a server", "a.json:1:32: bootstrap: with -dev the agent is a cluster by itself"}},
		{"dev of three", true, `{"bootstrap_expect": 3}`, []string{"a.json:1:22: bootstrap_expect: 3: with -dev the agent is a cluster by itself"}},
		{"joining", true, `{"retry_join": ["a b c", "10.0.0.1:x", "a:0", "http://a", "provider=aws tag_key=x", "", "{{ GetIt }}"], "start_join": ["a..b"],
			"retry_interval": "1ms", "retry_max": -1, "start_join_wan": ["a"], "ports": {"serf_wan": -1}}`, []string{
			`a.json:1:17: retry_join[0]: "a b c" is neither a host nor host:port`,
			`a.json:1:26: retry_join[1]: "10.0.0.1:x" is neither a host nor host:port`,
			`a.json:1:40: retry_join[2]: "a:0" is neither a host nor host:port`,
			`a.json:1:47: retry_join[3]: "http://a" is neither a host nor host:port`,
			`a.json:1:59: retry_join[4]: clouds are not asked for addresses by this version; name addresses, or a DNS name that has several`,
			`a.json:1:85: retry_join[5]: "" is neither a host nor host:port`,
			`a.json:1:89: retry_join[6]: "{{ GetIt }}" cannot be evaluated: function "GetIt" not defined`,
			`a.json:1:120: start_join[0]: "a..b" is neither a host nor host:port`,
			`a.json:2:22: retry_interval: 1ms is under the least, 100ms`,
			`a.json:2:42: retry_max: -1 is under the least, 0`,
			`a.json:2:64: start_join_wan: other datacenters cannot be joined: ports.serf_wan is off`}},
		{"gossip", true, `{"encrypt": "c2VjcmV0", "encrypt_verify_outgoing": false, "reconnect_timeout": "7h", "gossip_lan": {"probe_interval": "1s", "probe_timeout": "1s", "gossip_nodes": 0}, "gossip_wan": {"probe_interval": "1ms"}}`, []string{
			"a.json:1:13: encrypt: has 6 bytes; a key has 16, 24 or 32, and `muster keygen` makes one",
			"a.json:1:52: encrypt_verify_outgoing: must be true: with a key nothing goes in plain text",
			"a.json:1:80: reconnect_timeout: 7h0m0s is under the least, 8h0m0s",
			"a.json:1:142: gossip_lan.probe_timeout: probe_timeout, 1s, is not under probe_interval, 1s",
			"a.json:1:164: gossip_lan.gossip_nodes: 0 is under the least, 1",
			"a.json:1:201: gossip_wan.probe_interval: probe_timeout, 800ms, is not under probe_interval, 1ms"}},
		{"a key that is none", true, `{"encrypt": "hunter2!", "bind_addr": "10.0.0.1"}`, []string{"a.json:1:13: encrypt: is not base64, as `muster keygen` prints it"}},
		{"open to all", false, `{` + server + `, "bind_addr": "0.0.0.0"}`, []string{
			"a.json:1:69: bind_addr: 0.0.0.0 would let everyone at gossip: set encrypt to what `muster keygen` prints, or name a private address of this machine",
			"a.json:1:69: bind_addr: 0.0.0.0 would let everyone at the server port: set verify_incoming and certificates, or name a private address of this machine"}},
		{"a server port open to all", false, `{` + server + `, "bind_addr": "::", "encrypt": "` + testKey + `"}`, []string{
			"a.json:1:69: bind_addr: :: would let everyone at the server port: set verify_incoming and certificates, or name a private address of this machine"}},
		{"gossip open to all", false, `{"data_dir": "d", "serf_lan": "8.8.8.8", "serf_wan": "8.8.8.8"}`, []string{
			"a.json:1:31: serf_lan: 8.8.8.8 would let everyone at gossip: set encrypt to what `muster keygen` prints, or name a private address of this machine"}},
		{"gossip between datacenters open to all", false, `{` + server + `, "serf_wan": "0.0.0.0", "advertise_addr_wan": "8.8.8.8"}`, []string{
			"a.json:1:68: serf_wan: 0.0.0.0 would let everyone at gossip: set encrypt to what `muster keygen` prints, or name a private address of this machine",
			"a.json:1:101: advertise_addr_wan: 8.8.8.8 is public, and everyone would be let at gossip: set encrypt to what `muster keygen` prints, or name a private address"}},
		{"addresses", true, `{"bind_addr": "{{ GetPrivateIPs }}", "serf_lan": "{{ GetInterfaceIP \"eth9\" }}", "advertise_addr": "{{ GetIt }}", "addresses": {"https": "{{ GetInterfaceIP \"eth9\" }}"}}`, []string{
			`a.json:1:15: bind_addr: "{{ GetPrivateIPs }}" gives 2 addresses, one is needed: "10.0.0.5 10.0.0.6"`,
			`a.json:1:50: serf_lan: "{{ GetInterfaceIP \"eth9\" }}" gives 0 addresses, one is needed: ""`,
			`a.json:1:101: advertise_addr: "{{ GetIt }}" cannot be evaluated: function "GetIt" not defined`,
			`a.json:1:139: addresses.https: names no address; to switch a server off set its port to -1`}},
		{"ports", true, `{"ports": {"serf_lan": -1, "serf_wan": 8500}}`, []string{
			"a.json:1:24: ports.serf_lan: port -1 is outside 0..65535", "a.json:1:40: ports.serf_wan: port 8500 is also ports.http"}},
		{"ports of gossip", true, `{"ports": {"serf_lan": 8300}}`, []string{"a.json:1:24: ports.serf_lan: port 8300 is also ports.server"}},
		{"raft", true, `{"raft_protocol": 2, "raft_trailing_logs": 0, "performance": {"raft_multiplier": 11, "leave_drain_time": "-1s"}, "autopilot": {"min_quorum": -1},
			"snapshot_agent": {"interval": "1ms", "retain": 0}, "limits": {"rpc_handshake_timeout": "0s", "rpc_max_conns_per_client": -1}}`, []string{
			"a.json:1:19: raft_protocol: is 3 and cannot be changed",
			"a.json:1:44: raft_trailing_logs: 0 is under the least, 1",
			"a.json:1:82: performance.raft_multiplier: 11 is outside 1..10",
			"a.json:1:106: performance.leave_drain_time: -1s is under the least, 0s",
			"a.json:1:142: autopilot.min_quorum: -1 is negative",
			"a.json:2:35: snapshot_agent.interval: 1ms is under the least, 1s",
			"a.json:2:35: snapshot_agent.interval: needs a directory to keep snapshots in: with -dev there is no data_dir",
			"a.json:2:52: snapshot_agent.retain: 0 is under the least, 1",
			"a.json:2:92: limits.rpc_handshake_timeout: must be more than 0",
			"a.json:2:126: limits.rpc_max_conns_per_client: -1 is negative; 0 is no limit"}},
		{"https without a certificate", true, `{"ports": {"https": 8501}}`, []string{
			"a.json:1:21: ports.https: needs a certificate: set cert_file and key_file, in tls.https or tls.defaults"}},
		{"tls", true, `{"tls": {"defaults": {"cert_file": "no", "verify_incoming": true, "tls_min_version": "TLSv1_1"}, "internal_rpc": {"verify_server_hostname": true, "tls_min_version": "1.2"}}, "ports": {"https": 8501}}`, []string{
			"a.json:1:36: tls.defaults.cert_file: needs key_file",
			`a.json:1:36: tls.defaults.cert_file: "no" cannot be read: no such file or directory`,
			"a.json:1:61: tls.defaults.verify_incoming: needs ca_file or ca_path",
			"a.json:1:86: tls.defaults.tls_min_version: TLSv1_1 is broken and not spoken; the least is TLSv1_2",
			"a.json:1:141: tls.internal_rpc.verify_server_hostname: needs ca_file or ca_path",
			`a.json:1:166: tls.internal_rpc.tls_min_version: "1.2" is neither TLSv1_2 nor TLSv1_3`}},
		{"a wrong type lacks nothing", true, `{"ca_file": 1, "verify_outgoing": true, "encrypt": 7, "bind_addr": "0.0.0.0", "server": true}`, []string{
			"a.json:1:13: ca_file: wants a string, has a number", "a.json:1:52: encrypt: wants a string, has a number",
			"a.json:1:68: bind_addr: 0.0.0.0 would let everyone at the server port: set verify_incoming and certificates, or name a private address of this machine"}},
		{"what asks for ciphers", true, `{"tls_cipher_suites": "x", "tls": {"enable_agent_tls_for_checks": true}}`, []string{
			"a.json:1:2: tls_cipher_suites: is not supported by this version", "a.json:1:36: tls.enable_agent_tls_for_checks: is not supported by this version"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := loaded(t, c.dev, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			var got []string
			for line := range strings.Lines(err.Error()) { // without the directory
				got = append(got, strings.TrimSpace(line[max(0, strings.Index(line, "a.json:")):]))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What validate does not know yet, the machine or a flag, is not called wrong; what is wrong for sure is.
func TestValidateTemplatesAndRoles(t *testing.T) {
	for text, want := range map[string]string{
		`{"bind_addr": "{{ GetPrivateIP }}", "client_addr": "{{ GetPrivateIPs }}", "addresses": {"http": "{{ GetPublicIP }}"}, "retry_join": ["{{ GetPublicIP }}"]}`: "",
		`{"bootstrap_expect": 3, "data_dir": "d"}`:               "",
		`{"cert_file": "/no/such", "key_file": "/no/such"}`:      "",
		`{"server": false, "bootstrap_expect": 3}`:               "bootstrap_expect: only servers make a cluster (-server)",
		`{"retry_join": ["{{ GetPrivateIP "]}`:                   "retry_join[0]: ",
		`{"advertise_addr": "{{ GetWhat }}"}`:                    `function "GetWhat" not defined`,
		`{"advertise_addr": "{{ GetInterfaceIP \"e\n\" | x }}"}`: "cannot be evaluated",
	} {
		_, problems := Validate([]string{write(t, file{"a.json", text})})
		if got := problems.Join("\n"); (got == "") != (want == "") || !strings.Contains(got, want) || len(problems) > 1 {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// The templates that the documentation names are known to the library, and evaluated on this machine.
func TestTemplatesOfThisMachine(t *testing.T) {
	opts := onHost("10.0.0.5")
	opts.Dev, opts.Paths = true, []string{write(t, file{"a.json", `{"bind_addr": "{{ GetAllInterfaces | include \"network\" \"127.0.0.0/8\" | attr \"address\" }}",
		"client_addr": "{{ GetInterfaceIPs \"no-such-interface\" }} 127.0.0.1"}`})}
	cfg, err := Load(opts)
	if err != nil || cfg.BindAddr != addrs("127.0.0.1")[0] || len(cfg.ClientAddrs) != 1 {
		t.Errorf("bind %v, client %v, error %v", cfg.BindAddr, cfg.ClientAddrs, err)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	cfg, _, err := loaded(t, true, `{"encrypt": "`+testKey+`"}`)
	if err != nil || len(cfg.Gossip.Key) != 32 {
		t.Fatalf("key of %d bytes, error %v", len(cfg.Gossip.Key), err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "gossip", cfg.Gossip, "key", cfg.Gossip.Key)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "gossip", cfg.Gossip, "key", cfg.Gossip.Key)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb+verb+verb, cfg.Gossip, cfg.Gossip.Key, &cfg)
	}
	for _, shown := range []string{"0123456789abcdef", testKey, "48 49 50", "0x30, 0x31", "30313233"} {
		if strings.Contains(log.String(), shown) {
			t.Errorf("%q is in %s", shown, log.String())
		}
	}
	if none := fmt.Sprint(Secret(nil)); none != "" || strings.Count(log.String(), "(hidden)") < 20 {
		t.Errorf("no secret is %q; %s", none, log.String())
	}
}

func TestListenersOfACluster(t *testing.T) {
	c := DevConfig()
	c.Ports.HTTPS, c.Ports.SerfLAN, c.HTTPSAddrs = 8501, 0, addrs("::1")
	lan, wan := c.SerfLANListen(), ""
	if at, on := c.SerfWANListen(); on {
		wan = at.String()
	}
	if lan.String() != "127.0.0.1:0" || wan != "127.0.0.1:8302" || !slices.Equal(c.HTTPSListen(), []string{"[::1]:8501"}) {
		t.Errorf("LAN %v, WAN %q, HTTPS %v", lan, wan, c.HTTPSListen())
	}
	c.SerfLANAddr, c.SerfWANAddr = addrs("10.0.0.1")[0], addrs("10.0.0.2")[0]
	at, _ := c.SerfWANListen()
	if c.SerfLANListen().String() != "10.0.0.1:0" || at.String() != "10.0.0.2:8302" {
		t.Errorf("LAN %v, WAN %v", c.SerfLANListen(), at)
	}
	c.Server = false
	if _, on := c.SerfWANListen(); on {
		t.Error("a client is in the WAN pool")
	}
	c.Server, c.Ports.SerfWAN = true, -1
	if _, on := c.SerfWANListen(); on {
		t.Error("the WAN pool is off and on")
	}
	if rpc := c.RPCCerts(); !rpc.Server || rpc.Datacenter != "dc1" || rpc.Domain != c.DNS.Domain || rpc.On() {
		t.Errorf("certificates %+v", rpc)
	}
}
