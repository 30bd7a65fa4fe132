package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

func TestMembers(t *testing.T) {
	members := `200 [
		{"Name":"zed","Addr":"10.0.0.9","Port":8301,"Status":4,"Tags":{"role":"node","dc":"dc1","build":"0.1.0:abc","vsn":"2"}},
		{"Name":"alpha","Addr":"fd00::1","Port":8301,"Status":1,"Tags":{"role":"consul","dc":"dc1","build":"0.1.0","vsn":"2"}}]`
	both := map[string]string{"GET /v1/agent/members": members, "GET /v1/agent/members?wan=1": members}
	for _, e := range []example{
		{args: "members", answers: both, asks: "GET /v1/agent/members", stdout: `
Node   Address         Status  Type    Build  Protocol  DC
alpha  [fd00::1]:8301  alive   server  0.1.0  2         dc1
zed    10.0.0.9:8301   failed  client  0.1.0  2         dc1
`},
		{args: "members --status=fail.*|left -wan", answers: both, asks: "GET /v1/agent/members?wan=1", stdout: `
Node  Address        Status  Type    Build  Protocol  DC
zed   10.0.0.9:8301  failed  client  0.1.0  2         dc1
`},
		{args: "members -detailed -status alive", answers: both, asks: "GET /v1/agent/members", stdout: `
Node   Address         Status  Tags
alpha  [fd00::1]:8301  alive   build=0.1.0,dc=dc1,role=consul,vsn=2
`},
		{args: "members -status left", answers: both, asks: "GET /v1/agent/members", code: 1, stderr: `no member matches -status "left"`},
		{args: "members -status=alive -format=json", answers: both, asks: "GET /v1/agent/members", stdout: `
[
    {
        "Name": "alpha",
        "Addr": "fd00::1",
        "Port": 8301,
        "Tags": {
            "build": "0.1.0",
            "dc": "dc1",
            "role": "consul",
            "vsn": "2"
        },
        "Status": 1,
        "ProtocolMin": 0,
        "ProtocolMax": 0,
        "ProtocolCur": 0,
        "DelegateMin": 0,
        "DelegateMax": 0,
        "DelegateCur": 0
    }
]
`},
	} {
		e.try(t)
	}
}

func TestInfo(t *testing.T) {
	self := map[string]string{"GET /v1/agent/self": `200 {"Config":{"Datacenter":"dc1"},"Stats":{"raft":{"term":"2","last_log_index":"17"},"agent":{"checks":"3"}}}`}
	for _, e := range []example{
		{args: "info", answers: self, asks: "GET /v1/agent/self", stdout: `
agent:
    checks = 3
raft:
    last_log_index = 17
    term           = 2
`},
		{args: "info -format json", answers: self, asks: "GET /v1/agent/self", stdout: `
{
    "agent": {
        "checks": "3"
    },
    "raft": {
        "last_log_index": "17",
        "term": "2"
    }
}
`},
	} {
		e.try(t)
	}
}

func TestReloadAndLeave(t *testing.T) {
	for _, e := range []example{
		{args: "reload", answers: map[string]string{"PUT /v1/agent/reload": "200 +2 services, ~1 check"}, asks: "PUT /v1/agent/reload",
			stdout: "Configuration reloaded: +2 services, ~1 check\n"},
		{args: "reload", answers: map[string]string{"PUT /v1/agent/reload": "200 "}, asks: "PUT /v1/agent/reload", stdout: "Configuration reloaded\n"},
		{args: "reload", answers: map[string]string{"PUT /v1/agent/reload": "503 web.json:3:5: unknown key"}, asks: "PUT /v1/agent/reload",
			code: 1, stderr: "web.json:3:5: unknown key"},
		{args: "leave", answers: map[string]string{"PUT /v1/agent/leave": "200 "}, asks: "PUT /v1/agent/leave", stdout: "Graceful leave complete\n"},
	} {
		e.try(t)
	}
}

func TestMaint(t *testing.T) {
	checks := map[string]string{"GET /v1/agent/checks": `200 {
		"_service_maintenance:web":{"Node":"n1","CheckID":"_service_maintenance:web","Notes":"disk"},
		"_node_maintenance":{"Node":"n1","CheckID":"_node_maintenance","Notes":"kernel"},
		"other":{"CheckID":"other"}}`}
	for _, e := range []example{
		{args: "maint", answers: checks, asks: "GET /v1/agent/checks", stdout: `
Node:
  Name:    n1
  Reason:  kernel

Service:
  ID:      web
  Reason:  disk
`},
		{args: "maint", answers: map[string]string{"GET /v1/agent/checks": "200 {}"}, asks: "GET /v1/agent/checks", stdout: "Nothing is in maintenance.\n"},
		{args: "maint -format json", answers: map[string]string{"GET /v1/agent/checks": "200 {}"}, asks: "GET /v1/agent/checks", stdout: "[]\n"},
		{args: "maint -enable -reason new_disk", answers: map[string]string{"PUT /v1/agent/maintenance?enable=true&reason=new+disk": "200 "},
			asks: "PUT /v1/agent/maintenance?enable=true&reason=new+disk", stdout: "Node maintenance is now enabled\n"},
		{args: "maint -enable -for 10m -service web", answers: map[string]string{"PUT /v1/agent/service/maintenance/web?enable=true&expires=10m0s": "200 "},
			asks: "PUT /v1/agent/service/maintenance/web?enable=true&expires=10m0s", stdout: "Maintenance of service \"web\" is now enabled for 10m0s\n"},
		{args: "maint -disable -for 10m", code: 2, stderr: "-for needs -enable"},
		{args: "maint -enable -for -1s", code: 2, stderr: "-for needs -enable"},
		{args: "maint -disable -service web/1", answers: map[string]string{"PUT /v1/agent/service/maintenance/web%2F1?enable=false": "200 "},
			asks: "PUT /v1/agent/service/maintenance/web%2F1?enable=false", stdout: "Maintenance of service \"web/1\" is now disabled\n"},
		{args: "maint -enable -service none", answers: map[string]string{"PUT /v1/agent/service/maintenance/none?enable=true": "404 no service with id \"none\""},
			asks: "PUT /v1/agent/service/maintenance/none?enable=true", code: 1, stderr: `no service with id "none"`},
	} {
		e.try(t)
	}
}

func TestVersion(t *testing.T) {
	for _, args := range []string{"version", "-v", "--version"} {
		stdout, stderr, code := command(t, "", nil, args)
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "muster v"+version+"\n") || !strings.HasSuffix(stdout, "Protocol 1\n") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
	stdout, _, _ := command(t, "", nil, "version", "-format=json")
	var got struct {
		Version string
		RPC     struct{ Default, Min, Max int }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Version != version || got.RPC.Max != 1 {
		t.Errorf("%s: %v", stdout, err)
	}
}

func TestKeygen(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		stdout, _, code := command(t, "", nil, "keygen")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(stdout, "\n"))
		if code != 0 || err != nil || len(key) != 32 || seen[stdout] {
			t.Errorf("exit code %d, %q: %v", code, stdout, err)
		}
		seen[stdout] = true
	}
}

func TestDrain(t *testing.T) {
	const node, web = "PUT /v1/agent/drain?reason=draining", "PUT /v1/agent/drain?reason=update&service=web"
	const leave = "PUT /v1/agent/leave"
	for _, e := range []example{
		{args: "drain", answers: map[string]string{node: `200 {"Wait":"1ms"}`, leave: "200 "}, asks: node + "\n" + leave,
			stdout: "The node is out of answers, waiting 1ms for those given before\nGraceful leave complete\n"},
		{args: "drain -stay -wait 2ms", answers: map[string]string{node: `200 {"Wait":"1h"}`}, asks: node,
			stdout: "The node is out of answers, waiting 2ms for those given before\nThe node is drained\n"},
		{args: "drain -service web -reason update", answers: map[string]string{web: `200 {"Wait":"1ms"}`}, asks: web,
			stdout: "Service \"web\" is out of answers, waiting 1ms for those given before\nService \"web\" is drained\n"},
		{args: "drain -service web -reason update", answers: map[string]string{web: `404 this agent has no service with id "web"`}, asks: web, code: 1, stderr: "no service"},
		{args: "drain", answers: map[string]string{node: `200 {"Wait":"soon"}`}, asks: node, code: 1, stderr: "a wait of"},
		{args: "drain -wait=-1s", code: 2, stderr: "-wait is negative"},
		{args: "drain web", code: 2, stderr: "unexpected argument"},
	} {
		e.try(t)
	}
}
