package main

import "testing"

func TestJoin(t *testing.T) {
	for _, e := range []example{
		{args: "join 10.0.0.1 [::1]:8301", answers: map[string]string{"PUT /v1/agent/join/10.0.0.1": "200 ", "PUT /v1/agent/join/%5B::1%5D:8301": "200 "},
			asks: "PUT /v1/agent/join/10.0.0.1\nPUT /v1/agent/join/%5B::1%5D:8301", stdout: "Successfully joined cluster by contacting 2 nodes.\n"},
		{args: "join 10.0.0.1 10.0.0.2 -wan", answers: map[string]string{"PUT /v1/agent/join/10.0.0.1?wan=1": "503 nobody answers", "PUT /v1/agent/join/10.0.0.2?wan=1": "200 "},
			asks: "PUT /v1/agent/join/10.0.0.1?wan=1\nPUT /v1/agent/join/10.0.0.2?wan=1", stdout: "Successfully joined cluster by contacting 1 nodes.\n",
			stderr: "Error joining address '10.0.0.1': the agent answered 503: nobody answers\n"},
		{args: "join a", answers: map[string]string{"PUT /v1/agent/join/a": "503 no"}, asks: "PUT /v1/agent/join/a", code: 1, stderr: "no node was joined"},
		{args: "join", code: 2, stderr: "ADDRESS is missing"},
	} {
		e.try(t)
	}
}

func TestForceLeave(t *testing.T) {
	for _, e := range []example{
		{args: "force-leave n1", answers: map[string]string{"PUT /v1/agent/force-leave/n1": "200 "}, asks: "PUT /v1/agent/force-leave/n1"},
		{args: "force-leave -prune -wan n1.dc2", answers: map[string]string{"PUT /v1/agent/force-leave/n1.dc2?prune=1&wan=1": "200 "},
			asks: "PUT /v1/agent/force-leave/n1.dc2?prune=1&wan=1"},
		{args: "force-leave none", answers: map[string]string{"PUT /v1/agent/force-leave/none": "404 no"}, asks: "PUT /v1/agent/force-leave/none",
			code: 1, stderr: "there is no member \"none\" (`muster members` lists them)"},
		{args: "force-leave", code: 2, stderr: "NODE is missing"},
	} {
		e.try(t)
	}
}

func TestMembersFilters(t *testing.T) {
	members := map[string]string{"GET /v1/agent/members?filter=Name+%3D%3D+n1&wan=1": `200 [{"Name":"n1.dc1","Addr":"10.0.0.1","Port":8302,"Status":2,"Tags":{"role":"consul","dc":"dc1"}}]`}
	for _, e := range []example{
		{args: "members -wan -segment= -filter Name_==_n1", answers: members, asks: "GET /v1/agent/members?filter=Name+%3D%3D+n1&wan=1", stdout: `
Node    Address        Status   Type    Build  Protocol  DC
n1.dc1  10.0.0.1:8302  leaving  server                   dc1
`},
		{args: "members -segment alpha", code: 2, stderr: `-segment "alpha": there are no segments`},
	} {
		e.try(t)
	}
}

func TestKeyring(t *testing.T) {
	const key = "a1i101sMY8rxB+0eAKD/gw=="
	const body = ` <- {"Key":"` + key + `"}`
	list := map[string]string{"GET /v1/operator/keyring": `200 [
		{"WAN":true,"Datacenter":"dc1","Keys":{"b":1,"a":3},"PrimaryKeys":{"a":3},"NumNodes":3},
		{"WAN":false,"Datacenter":"dc1","Keys":{"a":5},"PrimaryKeys":{"a":5},"NumNodes":5}]`}
	const path = " /v1/operator/keyring"
	for _, e := range []example{
		{args: "keyring -list", answers: list, asks: "GET" + path, stdout: `
==> Gathering installed encryption keys...

WAN:
  a [3/3]
  b [1/3]

dc1 (LAN):
  a [5/5]
`},
		{args: "keyring -list-primary", answers: list, asks: "GET" + path, stdout: `
==> Gathering installed encryption keys...

WAN:
  a [3/3]

dc1 (LAN):
  a [5/5]
`},
		{args: "keyring -list -local-only -relay-factor=5 -format json", answers: map[string]string{"GET /v1/operator/keyring?local-only=1&relay-factor=5": "200 []"},
			asks: "GET /v1/operator/keyring?local-only=1&relay-factor=5", stdout: "[]\n"},
		{args: "keyring -list", answers: map[string]string{"GET" + path: `200 [{"Datacenter":"dc1","Messages":{"n2":"no answer"},"NumNodes":2}]`}, asks: "GET" + path,
			stdout: "==> Gathering installed encryption keys...\n\ndc1 (LAN):\n", stderr: "dc1 (LAN) error: 1/2 nodes reported failure\n  n2: no answer\n", code: 1},
		{args: "keyring -install " + key, answers: map[string]string{"POST" + path: "200 "}, asks: "POST" + path + body, stdout: "==> Installing new gossip encryption key...\n"},
		{args: "keyring -use -", stdin: key + "\n", answers: map[string]string{"PUT" + path: "200 "}, asks: "PUT" + path + body, stdout: "==> Changing primary gossip encryption key...\n"},
		{args: "keyring -remove " + key + " -relay-factor 1", answers: map[string]string{"DELETE /v1/operator/keyring?relay-factor=1": "503 in use"},
			asks: "DELETE /v1/operator/keyring?relay-factor=1" + body, stdout: "==> Removing gossip encryption key...\n", stderr: "in use", code: 1},
		{args: "keyring", code: 2, stderr: "say one of -list, -list-primary, -install, -use, -remove"},
		{args: "keyring -list -use x", code: 2, stderr: "say one of"},
		{args: "keyring -list -list-primary", code: 2, stderr: "say one of"},
		{args: "keyring -install x -use y", code: 2, stderr: "say one of"},
		{args: "keyring -list=false", code: 2, stderr: "say one of"},
		{args: "keyring -use x -local-only", code: 2, stderr: "-local-only needs -list"},
		{args: "keyring -use x -relay-factor 6", code: 2, stderr: "-relay-factor 6 is outside 0 to 5"},
		{args: "keyring -use -", code: 2, stderr: "-use: KEY is empty (`muster keygen` makes one)"},
	} {
		e.try(t)
	}
}
