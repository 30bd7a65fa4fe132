package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/cmd/resolver"
)

func TestResolverUsage(t *testing.T) {
	for _, e := range []example{
		{args: "resolver", code: 2, stderr: "a command is missing"},
		{args: "resolver plan x", code: 2, stderr: `unexpected argument "x"`},
		{args: "resolver plan -with bind", code: 2, stderr: `-with "bind" is none of resolved, networkmanager, dnsmasq, unbound, resolvconf`},
		{args: "resolver plan -domain a..b -dns-addr 127.0.0.1:1", code: 2, stderr: `"a..b" is no zone`},
		{args: "resolver plan -domain a -dns-addr here", code: 2, stderr: "-dns-addr: "},
		{args: "resolver plan -domain a -dns-addr 127.0.0.1 -reverse 10", code: 2, stderr: `"10" is no network`},
		{args: "resolver plan -domain a -dns-addr 127.0.0.1 -reverse 172.16.0.0/12", code: 2, stderr: "multiple of 8 bits"},
		{args: "resolver check -domain a -dns-addr 127.0.0.1 -with unbound -at there", code: 2, stderr: "-at: "},
		{args: "resolver undo -root=", code: 2, stderr: "-root names no directory"},
		{args: "resolver check a b", code: 2, stderr: `unexpected argument "b" after NAME`},
		{args: "resolver undo -root /nonexistent", stdout: "There is nothing that muster wrote.\n"},
	} {
		e.try(t)
	}
}

// image is the tree of a machine with systemd-resolved.
func image(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../run/systemd/resolve/stub-resolv.conf", filepath.Join(root, "etc/resolv.conf")); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestResolverOfAnImage plans, applies and takes back, with what an agent says and with what flags do.
func TestResolverOfAnImage(t *testing.T) {
	root := image(t)
	const path = "/etc/systemd/resolved.conf.d/muster.conf"
	agent := newFakeAgent(t, map[string]string{"GET /v1/agent/self": `200 {"Config": {"NodeName": "n1"}, "DebugConfig": {
		"DNSDomain": "Corp.", "DNSAltDomain": "consul.", "DNSAddrs": ["tcp://10.0.0.1:8600", "udp://10.0.0.1:8600", "udp://0.0.0.0:8601"], "DNSReverseNetworks": ["10.1.0.0/16"]}}`})
	env := map[string]string{"MUSTER_HTTP_ADDR": agent.addr}
	muster := func(want int, args ...string) string {
		t.Helper()
		stdout, stderr, code := command(t, "", env, append([]string{"resolver"}, append(args, "-root", root)...)...)
		if code != want {
			t.Fatalf("%q: exit code %d, want %d\n%s%s", args, code, want, stdout, stderr)
		}
		return stdout + stderr
	}
	has := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s\nlacks %q", text, want)
			}
		}
	}
	plan := muster(0, "plan")
	has(plan, "Resolver:  systemd-resolved (/etc/resolv.conf is a link to /run/systemd/resolve/stub-resolv.conf)\n",
		"Zones:     corp, consul\n           1.10.in-addr.arpa (10.1.0.0/16)\n", "Ask:       127.0.0.1:8601 (as agent n1 says)\n",
		"\nwrite "+path+"\n    # Written by", "    [Resolve]\n    DNS=127.0.0.1:8601\n    Domains=~corp\n    Domains=~consul\n    Domains=~1.10.in-addr.arpa\n",
		"\nThen: systemctl reload-or-restart systemd-resolved\n")
	if again := muster(0, "apply", "-dry-run"); again != plan {
		t.Errorf("apply -dry-run shows\n%s\nand plan\n%s", again, plan)
	}
	if _, err := os.Stat(root + path); err == nil {
		t.Error("a dry run wrote the file")
	}
	has(muster(0, "apply"), "wrote "+path+"\n")
	has(muster(0, "apply"), "in place: "+path+"\n")

	env["MUSTER_HTTP_ADDR"] = "127.0.0.1:1"
	has(muster(0, "plan"), "Ask:       127.0.0.1:8600 (by default, as no agent answers at ", "replace "+path)
	has(muster(1, "apply"), "Error: no agent answers, and what muster wrote here before differs from the defaults: start the agent, or give both -domain and -dns-addr")
	has(muster(1, "apply", "-dns-addr", "127.0.0.1:8601"), "Error: no agent answers")
	env["MUSTER_HTTP_ADDR"] = agent.addr
	has(muster(0, "apply"), "in place: "+path+"\n")
	env["MUSTER_HTTP_ADDR"] = "127.0.0.1:1"
	has(muster(0, "plan", "-domain", "x.example.", "-dns-addr", "[::1]"), "Zones:     x.example\nAsk:       [::1]:8600 (as stated)\n", "DNS=[::1]:8600\n")
	var data struct {
		Resolver, Server, From, Refused string
		Zones                           []string
		Files                           []struct{ Path, Action, Text string }
	}
	text := muster(0, "plan", "-format", "json")
	if err := json.Unmarshal([]byte(text), &data); err != nil || data.Resolver != "resolved" || data.Server != "127.0.0.1:8600" || len(data.Zones) != 1 ||
		len(data.Files) != 1 || data.Files[0].Action != "replace" || !strings.Contains(data.Files[0].Text, "Domains=~consul\n") {
		t.Errorf("%v: %s", err, text)
	}
	has(muster(1, "plan", "-with", "unbound"), "Nothing will be written: there is no /etc/unbound/unbound.conf.\n  1. add the line include-toplevel:")
	has(muster(1, "apply", "-with", "unbound"), "  1. add the line include-toplevel:", "Error: there is no /etc/unbound/unbound.conf")

	if err := os.WriteFile(root+"/etc/resolv.conf.new", []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(root+"/etc/resolv.conf.new", root+"/etc/resolv.conf"); err != nil {
		t.Fatal(err)
	}
	has(muster(1, "plan"), "nothing tells which program resolves names here: /etc/resolv.conf asks 127.0.0.1, and nothing shows who that is: name it by -with resolved,")
	has(muster(0, "undo", "-dry-run"), "remove "+path+"\n")
	has(muster(0, "undo"), "removed "+path+"\n")
	has(muster(0, "undo"), "There is nothing that muster wrote.")
}

// TestResolverPrintable has names of others command the terminal, or forge lines of a plan or a report.
func TestResolverPrintable(t *testing.T) {
	agent := newFakeAgent(t, map[string]string{"GET /v1/agent/self": `200 {"Config": {"NodeName": "n\u001b[2J\nWrite: 1"}, "DebugConfig": {
		"DNSDomain": "consul.", "DNSAddrs": ["udp://127.0.0.1:8600"]}}`})
	stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": agent.addr}, "resolver", "plan", "-root", image(t))
	if want := "(as agent n [2J Write: 1 says)\n"; code != 0 || !strings.Contains(stdout, want) || strings.Contains(stdout, "\x1b") {
		t.Errorf("%d %s%q\nlacks %q", code, stderr, stdout, want)
	}
	var out strings.Builder
	printReport(&out, &resolver.Report{Name: "x", Hops: []resolver.Hop{{Hop: "resolver", Text: "a\x1b[1m\nok b"}}})
	if want := "x\nFAIL  resolver  a [1m ok b\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	rows := portRows([]resolver.Listener{{Protocol: "udp", Addr: netip.MustParseAddrPort("127.0.0.1:53"), PID: 7, Program: "x\ny"}})
	if got, want := fmt.Sprint(rows), "[[Port 53: 127.0.0.1 (udp): x y (pid 7)]]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestDNSOfAgentElsewhere has an agent's DNS asked from another machine: its loopback is not this one's.
func TestDNSOfAgentElsewhere(t *testing.T) {
	away := []netip.Addr{netip.MustParseAddr("192.0.2.7")}
	for _, tc := range []struct {
		addrs string
		away  []netip.Addr
		want  string // part of the error, too
	}{
		{"udp://127.0.0.1:8600", nil, "127.0.0.1:8600"},
		{"udp://0.0.0.0:8600", nil, "127.0.0.1:8600"},
		{"udp://10.0.0.1:8600 udp://127.0.0.1:8600", nil, "127.0.0.1:8600"},
		{"udp://0.0.0.0:8600", away, "192.0.2.7:8600"},
		{"udp://0.0.0.0:8600", []netip.Addr{netip.IPv6Unspecified().Next(), away[0]}, "192.0.2.7:8600"},
		{"udp://127.0.0.1:53 udp://10.0.0.1:8600", away, "10.0.0.1:8600"},
		{"udp://127.0.0.1:8600 udp://[::1]:8600", away, "on the loopback of that alone: name an agent of this machine"},
		{"tcp://127.0.0.1:8600", away, "the agent answers no DNS"},
	} {
		d := dnsSettings{DNSAddrs: strings.Fields(tc.addrs), away: tc.away}
		got, err := d.server()
		if text := fmt.Sprint(got, err); !strings.Contains(text, tc.want) {
			t.Errorf("%s from %v: %s, want %s", tc.addrs, tc.away, text, tc.want)
		}
	}
	for at, want := range map[string]int{"http://127.0.0.1:8500": 0, "http://[::1]:8500": 0, "unix:///run/muster.sock": 0, "http://192.0.2.7:8500": 1} {
		if got, err := elsewhere(t.Context(), at); err != nil || len(got) != want {
			t.Errorf("%s: %v, %v, want %d", at, got, err, want)
		}
	}
}

func TestResolverUndoLeavesChanged(t *testing.T) {
	root := image(t)
	t.Chdir(filepath.Dir(root))
	path := root + "/etc/systemd/resolved.conf.d/muster.conf"
	flags := []string{"-root", filepath.Base(root), "-domain", "consul", "-dns-addr", "127.0.0.1"}
	if stdout, stderr, code := command(t, "", nil, append([]string{"resolver", "apply"}, flags...)...); code != 0 {
		t.Fatalf("%d %s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "DNSSEC=no\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"undo -dry-run": "refuse /etc/systemd/resolved.conf.d/muster.conf: it was changed since muster wrote it",
		"undo":          "Error: /etc/systemd/resolved.conf.d/muster.conf is left alone: it was changed since muster wrote it",
	} {
		stdout, stderr, code := command(t, "", nil, append(append([]string{"resolver"}, strings.Fields(args)...), "-root", root)...)
		if !strings.Contains(stdout+stderr, want) || (code == 0) != strings.Contains(args, "dry") {
			t.Errorf("%s: %d %s%s", args, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestResolversForReal has real resolvers, set up below a directory, ask a real agent, and forget it again.
func TestResolversForReal(t *testing.T) {
	for _, r := range []struct {
		program, main, text string // of its configuration: the root, its address, its port
		args                []string
	}{
		{"unbound", "/etc/unbound/unbound.conf", `server:
  directory: "%[1]s"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: %[2]s@%[3]d
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
include-toplevel: "%[1]s/etc/unbound/unbound.conf.d/*.conf"
forward-zone:
  name: "."
  forward-addr: 192.0.2.1
remote-control:
  control-enable: no
`, []string{"-d", "-c"}},
		{"dnsmasq", "/etc/dnsmasq.conf", `conf-dir=%[1]s/etc/dnsmasq.d,*.conf
no-resolv
no-hosts
pid-file
bind-interfaces
listen-address=%[2]s
port=%[3]d
stop-dns-rebind
bogus-priv
`, []string{"-k", "--log-facility=-", "-C"}},
	} {
		t.Run(r.program, func(t *testing.T) {
			program, err := exec.LookPath(r.program)
			if err != nil {
				t.Skipf("SKIPPED: %v", err)
			}
			p := startProcess(t, "-dev", "-node", "n1", "-config-dir", "../../contrib/example")
			root, address, port := t.TempDir(), fmt.Sprintf("127.83.%d.%d", rand.N(200)+1, rand.N(200)+1), 10000+rand.N(20000)
			at := net.JoinHostPort(address, fmt.Sprint(port))
			for name, text := range map[string]string{r.main: fmt.Sprintf(r.text, root, address, port), "/etc/resolv.conf": "nameserver " + address + "\n"} {
				if err := os.MkdirAll(filepath.Dir(root+name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(root+name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			muster := func(args ...string) (string, int) {
				env := map[string]string{"MUSTER_HTTP_ADDR": p.http}
				stdout, stderr, code := command(t, "", env, append([]string{"resolver"}, append(args, "-root", root)...)...)
				return stdout + stderr, code
			}
			flags := []string{"-with", r.program, "-dns-addr", p.dns}
			if out, code := muster(append([]string{"apply"}, flags...)...); code != 0 || !strings.Contains(out, "wrote /etc/") || strings.Contains(out, "not checked") {
				t.Fatalf("apply: %d %s", code, out)
			}
			check := append([]string{"check", "-at", at, "api.service.consul"}, flags...)
			want := fmt.Sprintf("ok  resolver     %s at %s answers ", r.program, at)
			stop := startResolver(t, program, append(r.args, root+r.main))
			eventually(t, "the resolver asks muster", func() (bool, string) {
				out, code := muster(check...)
				return code == 0 && strings.Contains(out, want) && strings.Contains(out, "ok  resolv.conf  /etc/resolv.conf asks "+address+" first"), out
			})
			stop()
			if out, code := muster("undo"); code != 0 || !strings.Contains(out, "removed /etc/") {
				t.Fatalf("undo: %d %s", code, out)
			}
			startResolver(t, program, append(r.args, root+r.main))
			eventually(t, "the resolver has forgotten muster", func() (bool, string) {
				out, code := muster(check...)
				return code == 1 && strings.Contains(out, "ok    muster") && strings.Contains(out, "FAIL  resolver"), out
			})
		})
	}
}

// startResolver runs a program until the test ends, or what it returns is called.
func startResolver(t *testing.T, program string, args []string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-gone
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s:\n%s", program, out.String())
		}
	})
	return stop
}
