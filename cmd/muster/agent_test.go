package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

// inProcess runs "muster agent" in this process until the test ends, and returns
// the address of its HTTP API and a channel with its exit code.
func inProcess(t *testing.T, args ...string) (addr string, ended <-chan int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log, stderr := io.Pipe()
	code := make(chan int, 1)
	up := make(chan string, 1)
	go func() {
		args = append([]string{"muster", "agent", "-log-json", "-http-port", "0", "-dns-port", "0", "-server-port", "0"}, args...)
		code <- run(ctx, args, nil, io.Discard, stderr, func(string) string { return "" })
		_ = stderr.Close()
	}()
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			var line struct{ Msg, Protocol, Addr string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" && line.Protocol == "http" {
				up <- line.Addr
			}
		}
		close(up)
	}()
	t.Cleanup(func() { cancel(); <-followed })
	addr, ok := <-up
	if !ok {
		t.Fatalf("the agent ended at once with exit code %d", <-code)
	}
	return addr, code
}

// Every command does against a real agent what it does against canned answers.
func TestCommandsAgainstAnAgent(t *testing.T) {
	dir := files(t, map[string]string{"db.json": `{"service": {"name": "db", "port": 5432, "check": {"ttl": "10m", "status": "passing"}}}`})
	service := filepath.Join(files(t, map[string]string{"web.json": `{"service": {"name": "web", "id": "w/1", "port": 80, "check": {"ttl": "30s"}}}`}), "web.json")
	pid := filepath.Join(t.TempDir(), "pid")
	addr, ended := inProcess(t, "-dev", "-node", "n1", "-config-dir", dir, "-pid-file", pid)
	for _, tc := range []struct {
		args, stdin string
		stdout      string // a regular expression
		code        int
	}{
		{args: "members", stdout: `(?s)^Node .*\nn1  +127\.0\.0\.1:8301  alive   server  ` + regexp.QuoteMeta(version) + ` .*dc1\n$`},
		{args: "kv put -flags 7 a/b one", stdout: "Success"},
		{args: "kv put -cas -modify-index 1 a/b two", code: 1},
		{args: "kv get a/b", stdout: "^one\n$"},
		{args: "kv get a//b", code: 1},
		{args: "kv put a//b -", stdin: "1\n2", stdout: "Success! Data written to: a//b"},
		{args: "kv get -recurse a", stdout: "^a//b:1\n2\na/b:one\n$"},
		{args: "kv export a/b", stdout: `"flags": 7,\n\t\t"value": "b25l"`},
		{args: "kv import -prefix c -", stdin: `[{"key":"a/b","flags":7,"value":"b25l"}]`, stdout: "^Imported: c/a/b\n$"},
		{args: "kv list", stdout: "^a//b\na/b\nc/a/b\n$"},
		{args: "kv delete -recurse a", stdout: "Success"},
		{args: "kv get -keys", stdout: "^c/\n$"},
		{args: "services register " + service, stdout: "^Registered service: web\n$"},
		{args: "services register -name bad_name!", code: 1},
		{args: "services register -name tagged -tag v1 -meta a=b -port 81", stdout: "tagged"},
		{args: "maint -enable -reason why -service w/1", stdout: `"w/1" is now enabled`},
		{args: "maint", stdout: `ID:      w/1\n  Reason:  why`},
		{args: "maint -disable -service w/1", stdout: "disabled"},
		{args: "services deregister -id w/1", stdout: "^Deregistered service: w/1\n$"},
		{args: "services deregister -id w/1", code: 1},
		{args: "catalog datacenters", stdout: "^dc1\n$"},
		{args: "catalog nodes -service consul", stdout: "n1 "},
		{args: "catalog nodes -filter Node_!=_n1 -format json", stdout: `^\[\]\n$`},
		{args: "catalog nodes -filter (((", code: 1},
		{args: "info", stdout: "raft:\n    applied_index "},
		{args: "members -filter Name_!=_n1", code: 1},
		{args: "join 127.0.0.1:1", code: 1},
		{args: "force-leave nobody", code: 1},
		{args: "keyring -list", code: 1}, // -dev does not encrypt
		{args: "operator raft list-peers", stdout: `(?s)^Node .*\nn1    [0-9a-f-]{36}  127\.0\.0\.1:\d+  leader  true   3             \d+  +-\n$`},
		{args: "operator raft list-peers -stale -datacenter DC1 -format json", stdout: `"Leader": true`},
		{args: "operator raft list-peers -datacenter nowhere", code: 1},
		{args: "operator raft remove-peer -address 10.9.9.9:8300", code: 1},
		{args: "operator autopilot set-config -min-quorum 3", stdout: "^Configuration updated!\n$"},
		{args: "operator autopilot get-config", stdout: "\nMinQuorum = 3\n"},
		{args: "operator autopilot health", stdout: "^Healthy:            true\nFailure Tolerance:  0\n"},
		{args: "operator autopilot state", stdout: "      Name:            n1\n"},
		{args: "operator usage instances", stdout: "^DC   Nodes  Services  Service instances\ndc1  1 "},
		{args: "reload", stdout: "^Configuration reloaded"},
	} {
		stdout, stderr, code := command(t, tc.stdin, map[string]string{"MUSTER_HTTP_ADDR": addr}, words(tc.args)...)
		if code != tc.code || !regexp.MustCompile(tc.stdout).MatchString(stdout) || (code == 0) != (stderr == "") {
			t.Errorf("%s: exit code %d, want %d\n%s\nwant %s\nstderr: %s", tc.args, code, tc.code, stdout, tc.stdout, stderr)
		}
	}
	eventually(t, "services in the catalog", func() (bool, string) {
		stdout, _, _ := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": addr}, "catalog", "services", "-tags")
		return stdout == "consul\ndb\ntagged  v1\n", stdout
	})
	if text, err := os.ReadFile(pid); err != nil || strings.TrimSpace(string(text)) == "" {
		t.Errorf("pid file: %q, %v", text, err)
	}
	if stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": addr}, "leave"); code != 0 {
		t.Fatalf("leave: %s%s", stdout, stderr)
	}
	if code := <-ended; code != 0 {
		t.Errorf("the agent ended with exit code %d", code)
	}
	if _, err := os.Stat(pid); !os.IsNotExist(err) {
		t.Errorf("the pid file is still there: %v", err)
	}
}

func TestAgentThatCannotStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	bad := files(t, map[string]string{"bad.json": `{"ports": {"dns": 99999}}`})
	for args, want := range map[string]string{
		"agent -dev -config-dir " + bad:                                                     "bad.json:1:19: ports.dns: ",
		"agent -dev -server-port 0 -dns-port 0 -http-port " + port:                          "address already in use",
		"agent -dev -server-port 0 -dns-port 0 -http-port 0 -pid-file " + bad + "/none/pid": "write pid file",
		"agent":                      "data",
		"agent -dev -node-meta rack": "-node-meta \"rack\" is not KEY:VALUE",
		"agent -dev extra":           `unexpected argument "extra"`,
		"agent -dev -log-level loud": "-log-level",
	} {
		_, stderr, code := command(t, "", nil, words(args)...)
		if code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, stderr %s, want %s", args, code, stderr, want)
		}
	}
}

func TestAgentFlags(t *testing.T) {
	paths := &pathList{}
	var got agent.Overrides
	app := &cli.App{HideHelp: true, DisableSliceFlagSeparator: true, Flags: agentOnlyFlags(paths), Action: func(c *cli.Context) (err error) {
		got, err = overrides(c)
		return err
	}}
	args := words("agent --config-file b.json -config-dir d1 -config-file=a.json -conf-dir d2 -server=false -bootstrap-expect 3 -recursor 9.9.9.9 " +
		"-recursor [::1]:53 -node-meta a:b:c -node-meta d: -web-ui /ui -http-port -1 -client 127.0.0.1_::1")
	if err := app.Run(args); err != nil {
		t.Fatal(err)
	}
	if want := []string{"b.json", "d1", "a.json", "d2"}; !slices.Equal(*paths, want) {
		t.Errorf("paths %q, want %q", *paths, want)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var set map[string]any
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	for key, value := range set {
		if value == nil {
			delete(set, key)
		}
	}
	text, _ = json.Marshal(set) // of what was JSON
	const want = `{"BootstrapExpect":3,"ClientAddr":"127.0.0.1 ::1","HTTPPort":-1,"NodeMeta":{"a":"b:c","d":""},"Recursors":["9.9.9.9","[::1]:53"],"Server":false,"UIDir":"/ui"}`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

// doors are bound addresses without an agent.
type doors struct{ dns, http string }

func (d doors) DNSAddrs() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(d.dns)} }

func (d doors) HTTPAddrs() []net.Addr {
	return []net.Addr{&net.UnixAddr{Name: "/run/m.sock", Net: "unix"}, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(d.http))}
}

func TestHints(t *testing.T) {
	var out bytes.Buffer
	cfg := agent.DevConfig()
	(&shell{stdout: &out}).printHints(doors{"127.0.0.1:8600", "127.0.0.1:8500"}, &cfg)
	for _, want := range []string{
		"    dig @127.0.0.1 -p 8600 consul.service.consul SRV\n", "    curl http://127.0.0.1:8500/v1/health/service/consul\n",
		"http://127.0.0.1:8500/ui/\n", "http://127.0.0.1:8500/metrics\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing from:\n%s", want, &out)
		}
	}
}
