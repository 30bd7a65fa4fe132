package main

import "testing"

func TestOperatorRaft(t *testing.T) {
	const path = "GET /v1/operator/raft/configuration"
	servers := `200 {"Servers":[
		{"ID":"id-1","Node":"alice","Address":"127.0.0.1:8300","ProtocolVersion":"3","Voter":true,"LastIndex":1166},
		{"ID":"id-2","Node":"bob","Address":"127.0.0.2:8300","Leader":true,"ProtocolVersion":"3","Voter":true,"LastIndex":1167},
		{"ID":"id-3","Node":"(unknown)","Address":"127.0.0.3:8300","ProtocolVersion":"3","LastIndex":1159},
		{"ID":"id-4","Node":"dave","Address":"127.0.0.4:8300","ProtocolVersion":"3","Voter":true}],"Index":7}`
	for _, e := range []example{
		{args: "operator raft list-peers", answers: map[string]string{path: servers}, asks: path, stdout: `
Node       ID    Address         State     Voter  RaftProtocol  Commit Index  Trails Leader By
alice      id-1  127.0.0.1:8300  follower  true   3             1166          1 commit
bob        id-2  127.0.0.2:8300  leader    true   3             1167          -
(unknown)  id-3  127.0.0.3:8300  follower  false  3             1159          8 commits
dave       id-4  127.0.0.4:8300  follower  true   3             -             -
`},
		{args: "operator raft list-peers -stale -datacenter dc2 -format=json", answers: map[string]string{path + "?dc=dc2&stale=": `200 {"Servers":[],"Index":7}`},
			asks: path + "?dc=dc2&stale=", stdout: "{\n    \"Servers\": [],\n    \"Index\": 7\n}\n"},
		{args: "operator raft remove-peer -id id-3", answers: map[string]string{"DELETE /v1/operator/raft/peer?id=id-3": "200 "},
			asks: "DELETE /v1/operator/raft/peer?id=id-3", stdout: "Removed peer with id \"id-3\"\n"},
		{args: "operator raft remove-peer -address=[::1]:8300 -datacenter dc2", answers: map[string]string{"DELETE /v1/operator/raft/peer?address=%5B%3A%3A1%5D%3A8300&dc=dc2": "200 "},
			asks: "DELETE /v1/operator/raft/peer?address=%5B%3A%3A1%5D%3A8300&dc=dc2", stdout: "Removed peer with address \"[::1]:8300\"\n"},
		{args: "operator raft remove-peer", code: 2, stderr: "-id or -address is missing"},
		{args: "operator raft remove-peer -id a -address b", code: 2, stderr: "-id and -address exclude each other"},
		{args: "operator raft remove-peer id-3", code: 2, stderr: `unexpected argument "id-3"`},
		{args: "operator raft transfer-leader", answers: map[string]string{"POST /v1/operator/raft/transfer-leader": `200 {"Success":true}`},
			asks: "POST /v1/operator/raft/transfer-leader", stdout: "Success\n"},
		{args: "operator raft transfer-leader -id id-1", answers: map[string]string{"POST /v1/operator/raft/transfer-leader?id=id-1": `200 {"Success":false}`},
			asks: "POST /v1/operator/raft/transfer-leader?id=id-1", code: 1, stderr: "did not hand over"},
		{args: "operator raft", code: 2, stderr: "a command is missing"},
		{args: "operator raft list-pers", code: 2, stderr: `there is no command "list-pers" (did you mean "list-peers"?)`},
	} {
		e.try(t)
	}
}

func TestOperatorAutopilotConfig(t *testing.T) {
	const path = "/v1/operator/autopilot/configuration"
	config := `200 {"CleanupDeadServers":true,"LastContactThreshold":"200ms","MaxTrailingLogs":250,"MinQuorum":0,"ServerStabilizationTime":"10s","ModifyIndex":4}`
	for _, e := range []example{
		{args: "operator autopilot get-config", answers: map[string]string{"GET " + path: config}, asks: "GET " + path, stdout: `
CleanupDeadServers = true
LastContactThreshold = 200ms
MaxTrailingLogs = 250
MinQuorum = 0
ServerStabilizationTime = 10s
RedundancyZoneTag = ""
DisableUpgradeMigration = false
UpgradeVersionTag = ""
`},
		{args: "operator autopilot set-config -cleanup-dead-servers=false -min-quorum=3 -last-contact-threshold 1500ms",
			answers: map[string]string{"GET " + path: config, "PUT " + path + "?cas=4": "200 true"}, stdout: "Configuration updated!\n",
			asks: "GET " + path + "\nPUT " + path + `?cas=4 <- {"CleanupDeadServers":false,"LastContactThreshold":"1.5s","MaxTrailingLogs":250,"MinQuorum":3,` +
				`"ServerStabilizationTime":"10s","RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":"","CreateIndex":0,"ModifyIndex":4}`},
		{args: "operator autopilot set-config -max-trailing-logs 9 -server-stabilization-time 5s -datacenter dc2",
			answers: map[string]string{"GET " + path + "?dc=dc2": config, "PUT " + path + "?cas=4&dc=dc2": "200 false"}, code: 1, stderr: "at the same moment",
			asks: "GET " + path + "?dc=dc2\nPUT " + path + `?cas=4&dc=dc2 <- {"CleanupDeadServers":true,"LastContactThreshold":"200ms","MaxTrailingLogs":9,"MinQuorum":0,` +
				`"ServerStabilizationTime":"5s","RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":"","CreateIndex":0,"ModifyIndex":4}`},
		{args: "operator autopilot set-config", code: 2, stderr: "no setting is named"},
		{args: "operator autopilot set-config -min-quorum many", code: 2, stderr: "min-quorum"},
	} {
		e.try(t)
	}
}

func TestOperatorAutopilotHealth(t *testing.T) {
	const health, state = "GET /v1/operator/autopilot/health", "GET /v1/operator/autopilot/state"
	const servers = `"Servers":[
		{"ID":"id-1","Name":"n1","Address":"10.0.0.1:8300","SerfStatus":"alive","Leader":true,"LastContact":"0s","Healthy":true,"Voter":true,"StableSince":"2026-11-01T12:00:00Z"},
		{"ID":"id-2","Name":"n2","Address":"10.0.0.2:8300","SerfStatus":"failed","LastContact":"-1ns","StableSince":"2026-11-01T12:00:01Z"}]`
	for _, e := range []example{
		{args: "operator autopilot health", answers: map[string]string{health: `200 {"Healthy":true,"FailureTolerance":1,` + servers + `}`}, asks: health, stdout: `
Healthy:            true
Failure Tolerance:  1

Node  ID    Address        Status  Leader  Voter  Healthy  Last Contact  Stable Since
n1    id-1  10.0.0.1:8300  alive   true    true   true     0s            2026-11-01T12:00:00Z
n2    id-2  10.0.0.2:8300  failed  false   false  false    never         2026-11-01T12:00:01Z
`},
		{args: "operator autopilot health -format json", answers: map[string]string{health: `429 {"Healthy":false,"Servers":null}`}, asks: health, code: 1, stdout: `
{
    "Healthy": false,
    "FailureTolerance": 0,
    "Servers": null
}
`},
		{args: "operator autopilot health", answers: map[string]string{health: "503 no leader"}, asks: health, code: 1, stderr: "the agent answered 503: no leader"},
		{args: "operator autopilot state", answers: map[string]string{state: `200 {"Healthy":true,"FailureTolerance":1,"OptimisticFailureTolerance":1,"Leader":"id-1","Voters":["id-1","id-2"],"Servers":{
			"id-2":{"ID":"id-2","Name":"n2","Address":"10.0.0.2:8300","NodeStatus":"alive","Version":"0.4.0","LastContact":"2ms","LastTerm":3,"LastIndex":41,"Healthy":true,"Status":"voter","NodeType":"voter"},
			"id-1":{"ID":"id-1","Name":"n1","Address":"10.0.0.1:8300","NodeStatus":"alive","Version":"0.4.0","LastContact":"0s","LastTerm":3,"LastIndex":42,"Healthy":true,"Status":"leader","NodeType":"voter","Meta":{"foo":"bar","a":"b"}}}}`},
			asks: state, stdout: `
Healthy:                      true
Failure Tolerance:            1
Optimistic Failure Tolerance: 1
Leader:                       id-1
Voters:
   id-1
   id-2
Servers:
   id-1
      Name:            n1
      Address:         10.0.0.1:8300
      Version:         0.4.0
      Status:          leader
      Node Type:       voter
      Node Status:     alive
      Healthy:         true
      Last Contact:    0s
      Last Term:       3
      Last Index:      42
      Meta
         "a": "b"
         "foo": "bar"
   id-2
      Name:            n2
      Address:         10.0.0.2:8300
      Version:         0.4.0
      Status:          voter
      Node Type:       voter
      Node Status:     alive
      Healthy:         true
      Last Contact:    2ms
      Last Term:       3
      Last Index:      41
`},
	} {
		e.try(t)
	}
}

func TestOperatorUsage(t *testing.T) {
	const path = "GET /v1/operator/usage"
	example{args: "operator usage instances", answers: map[string]string{path: `200 {"Usage":{"dc1":{"Nodes":3,"Services":2,"ServiceInstances":12}}}`}, asks: path, stdout: `
DC   Nodes  Services  Service instances
dc1  3      2         12
`}.try(t)
	const all = path + "?global="
	example{args: "operator usage instances -all-datacenters", answers: map[string]string{all: `200 {"Usage":{"dc2":{"Nodes":1},"dc1":{"Nodes":3,"Services":2,"ServiceInstances":12}}}`}, asks: all, stdout: `
DC   Nodes  Services  Service instances
dc1  3      2         12
dc2  1      0         0
`}.try(t)
}

func TestOperatorBrake(t *testing.T) {
	const list, lift = "GET /v1/operator/brakes", "PUT /v1/operator/brake/lift?service=web"
	for _, e := range []example{
		{args: "operator brake list", answers: map[string]string{list: `200 [{"Service":"web","Index":812,"Percent":50,"Failed":3,"Of":4}]`}, asks: list, stdout: `
Service  Failed  Of  Allowed  Since Index  Lifted
web      3       4   50%      812          false
`},
		{args: "operator brake list", answers: map[string]string{list: "200 []"}, asks: list, stdout: "No service is braked.\n"},
		{args: "operator brake lift web", answers: map[string]string{lift: "200 true"}, asks: lift, stdout: "The brake of service \"web\" is lifted\n"},
		{args: "operator brake lift web", answers: map[string]string{lift: `404 service "web" is not braked`}, asks: lift, code: 1, stderr: "is not braked"},
		{args: "operator brake lift", code: 2, stderr: "name of a service"},
	} {
		e.try(t)
	}
}
