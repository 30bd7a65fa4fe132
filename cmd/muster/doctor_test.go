package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"muster/cmd/doctor"
)

// diagnose runs the doctor and returns its findings by check, those of one check as lines.
func diagnose(t *testing.T, args ...string) (found map[string]string, code int) {
	t.Helper()
	stdout, stderr, code := command(t, "", nil, append([]string{"doctor", "-format", "json"}, args...)...)
	var list []doctor.Finding
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || stderr != "" {
		t.Fatalf("%v, stderr %q: %s", err, stderr, stdout)
	}
	found = map[string]string{}
	for _, f := range list {
		found[f.Check] = strings.TrimPrefix(found[f.Check]+"\n"+string(f.Level)+" "+f.Text, "\n")
	}
	return found, code
}

func wantFindings(t *testing.T, found, want map[string]string) {
	t.Helper()
	for check, text := range want {
		if !strings.HasPrefix(found[check], text) {
			t.Errorf("%s: %q, want %q", check, found[check], text)
		}
	}
}

// A real agent that runs, one that does not, and one whose port somebody else has.
func TestDoctor(t *testing.T) {
	data, config := t.TempDir(), t.TempDir()
	const fixed = `{"ports": {"serf_lan": 17392, "serf_wan": 17393}, "server": true, "bootstrap": true, "bind_addr": "127.88.9.1", "node_name": "n1",
		"encrypt": "b2xkb2xkb2xkb2xkb2xkbw=="}`
	file := filepath.Join(config, "agent.json")
	if err := os.WriteFile(file, []byte(fixed), 0o600); err != nil {
		t.Fatal(err)
	}
	agent := startProcess(t, "-config-dir", config, "-data-dir", data, "-dns-port", "17394")
	var found map[string]string
	eventually(t, "a leader", func() (bool, string) {
		var code int
		found, code = diagnose(t, "-http-addr", agent.http, "-config-dir", config)
		return code == 0, found["quorum"]
	})
	wantFindings(t, found, map[string]string{
		"agent": "ok n1, a server of dc1, version " + version, "catalog": "ok index ", "quorum": "warn 1 server with a vote, none may fail",
		"members": "ok 1 alive, 1 server among them", "versions": "ok all members are " + version,
		"ports": "ok 6 ports, all the agent's", "gossip": "ok no other member is alive", "keyring": "ok WAN: 1 member, the same key on all\nok LAN",
		"certificates": "ok none are in use", "resolver": "warn programs of this machine do not find n1.node.dc1.consul.; the agent at 127.0.0.1:17394 does",
		"config": "warn no agent can start from the files alone: ", "snapshots": "warn the servers make none",
	})
	if got := found["clock"]; !strings.Contains(got, "the agent's machine agrees") {
		t.Errorf("clock: %s", got)
	}
	if code := agent.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the agent ended with %d", code)
	}

	if err := os.WriteFile(file, []byte(strings.Replace(fixed, "{", `{"data_dir": "`+data+`", `, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	found, code := diagnose(t, "-http-addr", agent.http, "-config-dir", config)
	if code != 1 {
		t.Errorf("exit code %d with no agent", code)
	}
	wantFindings(t, found, map[string]string{
		"agent": "FAIL nobody listens at http://" + agent.http, "config": "warn everyone may read the key of gossip: " + file, "quorum": "skip the agent does not answer",
		"gossip": "skip", "certificates": "ok none",
	})
	if err := os.WriteFile(file, []byte(`{"datacentre": "x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _ = diagnose(t, "-http-addr", agent.http, "-config-dir", config)
	wantFindings(t, found, map[string]string{"config": "FAIL 1 mistake: " + file + ":1:2: datacentre", "ports": "skip neither an agent nor its configuration"})
}

func TestPrintFindings(t *testing.T) {
	found := []doctor.Finding{{Check: "disk", Level: doctor.Fail, Text: "is full\x1b[2J", Remedy: "make room"}, {Check: "clock", Level: doctor.OK, Text: "agrees"}}
	for colour, want := range map[bool]string{
		false: "FAIL disk: is full [2J. Make room\nok   clock: agrees\n",
		true:  "\x1b[1;31mFAIL\x1b[0m disk: is full [2J. Make room\n\x1b[32mok  \x1b[0m clock: agrees\n",
	} {
		var out strings.Builder
		if printFindings(&out, found, colour); out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
	example{args: "doctor extra", code: 2, stderr: `unexpected argument "extra"`}.try(t)
}
