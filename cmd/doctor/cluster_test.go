package doctor

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

func member(name string, status httpapi.MemberStatus, build string) httpapi.AgentMember {
	m := httpapi.AgentMember{Name: name, Status: int(status), Tags: map[string]string{"build": build, "role": "node"}}
	if name[0] == 's' {
		m.Tags["role"] = "consul"
	}
	return m
}

func TestJudgeMembers(t *testing.T) {
	const alive, failed, left = httpapi.MemberAlive, httpapi.MemberFailed, httpapi.MemberLeft
	for _, v := range []verdict{
		{"well", judgeMembers([]httpapi.AgentMember{member("s1", alive, "1"), member("c1", alive, "1"), member("c2", left, "1")}), "ok 2 alive, 1 server among them"},
		{"two failed", judgeMembers([]httpapi.AgentMember{member("s1", alive, "1"), member("s3", failed, "1"), member("s2", failed, "1")}), "warn 2 of 3 failed: s2, s3"},
	} {
		v.try(t)
	}
}

func TestJudgeVersions(t *testing.T) {
	const alive, failed = httpapi.MemberAlive, httpapi.MemberFailed
	same := []httpapi.AgentMember{member("s1", alive, "1"), member("s2", alive, "1"), member("s3", failed, "0")}
	for _, v := range []verdict{
		{"same", judgeVersions(same, "1", "1"), "ok all members are 1"},
		{"new program in place", judgeVersions(same, "1", "2"), "warn the agent is 1, this program is 2"},
		{"half way", judgeVersions(append(same, member("c1", alive, "2")), "1", "1"), "warn members differ: 1 on s1, s2, 2 on c1"},
	} {
		v.try(t)
	}
}

func TestJudgeQuorum(t *testing.T) {
	server := func(name string, healthy, voter bool, index uint64) httpapi.AutopilotServerHealth {
		return httpapi.AutopilotServerHealth{Name: name, Healthy: healthy, Voter: voter, LastIndex: index, SerfStatus: "alive", LastContact: "12.3456ms"}
	}
	of := func(spare int, servers ...httpapi.AutopilotServerHealth) quorumFacts {
		return quorumFacts{leader: "10.0.0.1:8300", health: &httpapi.AutopilotHealth{FailureTolerance: spare, Servers: servers}}
	}
	ill := server("s3", false, true, 5)
	ill.SerfStatus, ill.LastContact = "failed", "-1ns"
	dev := of(0, server("s1", true, true, 9))
	dev.dev = true
	const state = " with a vote, none may fail, led from 10.0.0.1:8300"
	for _, v := range []verdict{
		{"three", of(1, server("s1", true, true, 9), server("s2", true, true, 9), server("s3", true, true, 7)).judge(),
			"ok 3 servers with a vote, 1 may fail, led from 10.0.0.1:8300; the farthest is 2 entries behind"},
		{"two ill", of(0, server("s1", true, true, 9), server("s2", false, true, 9), ill).judge(), "FAIL 3 servers" + state + "; not healthy: s2 (alive, last heard 12ms ago), s3 (failed)"},
		{"one joins", of(0, server("s1", true, true, 9), server("s2", true, true, 9), server("s3", true, false, 9)).judge(), "warn 2 servers" + state + "; without a vote yet: s3"},
		{"one", of(0, server("s1", true, true, 9)).judge(), "warn 1 server" + state},
		{"one for trying things out", dev.judge(), "ok 1 server" + state},
		{"two", of(0, server("s1", true, true, 9), server("s2", true, true, 9)).judge(), "warn 2 servers" + state},
		{"no leader", quorumFacts{expect: 1}.judge(), "FAIL there is no leader: nothing can be written"},
		{"waits for others", quorumFacts{expect: 3}.judge(), "FAIL there is no leader (bootstrap_expect is 3)"},
		{"leader out of reach", quorumFacts{leader: "10.0.0.1:8300", healthErr: errors.New("timeout")}.judge(),
			"FAIL the leader, 10.0.0.1:8300, does not tell how the servers do: timeout"},
		{"disk", quorumFacts{leader: "10.0.0.1:8300", stalled: true}.judge(), "FAIL the disk of this server does not answer, so it has withdrawn"},
		{"stopped", quorumFacts{failure: "log: EIO"}.judge(), "FAIL this server has stopped: log: EIO"},
	} {
		v.try(t)
	}
}

func TestJudgeCatalog(t *testing.T) {
	for _, v := range []verdict{
		{"server", catalogFacts{ready: true, index: "9", age: "12ms"}.judge(), "ok index 9, current 12ms ago"},
		{"client", catalogFacts{ready: true, index: "9", age: "12ms", server: "10.0.0.1:8300"}.judge(), "ok index 9, current 12ms ago, fed by 10.0.0.1:8300"},
		{"empty", catalogFacts{age: "0s"}.judge(), "FAIL there is none to answer from yet: DNS says SERVFAIL"},
		{"kept", catalogFacts{ready: true, index: "9", age: "1h0m0s", fromDisk: true}.judge(),
			"warn answers are from the copy on disk, of index 9: no server has fed this client since it started"},
		{"cut off", catalogFacts{ready: true, index: "9", age: "31.2s"}.judge(), "warn the one of index 9 was last known to be current 31s ago: answers are stale"},
	} {
		v.try(t)
	}
}

func TestJudgeGossip(t *testing.T) {
	for _, v := range []verdict{
		{"well", gossipFacts{asked: 3, alive: 3, measured: true, met: true, uptime: time.Hour}.judge(), "ok TCP reaches 3 ports of others, UDP is answered, strain 0 of 7"},
		{"alone", gossipFacts{alive: 1, unmet: true, uptime: time.Hour}.judge(), "ok no other member is alive"},
		{"blocked", gossipFacts{asked: 3, alive: 3, closed: []string{"s2 gossip (timeout)"}}.judge(), "FAIL from here TCP does not reach s2 gossip (timeout)"},
		{"no UDP", gossipFacts{asked: 3, alive: 3, unmet: true, uptime: time.Hour}.judge(), "warn TCP reaches 3 ports of others, but nobody has ever answered the agent by UDP"},
		{"young", gossipFacts{asked: 1, alive: 2, unmet: true, uptime: time.Second}.judge(), "ok TCP reaches 1 port of others, strain 0 of 7"},
		{"slow", gossipFacts{asked: 1, alive: 2, strain: 5, measured: true}.judge(), "warn TCP reaches 1 port of others, but the agent falls behind: strain 5 of 7"},
	} {
		v.try(t)
	}
}

func TestJudgeKeyring(t *testing.T) {
	const old, new = "b2xkb2xkb2xkb2xkb2xkbw==", "bmV3bmV3bmV3bmV3bmV3bg=="
	ring := func(primary map[string]int, keys map[string]int) httpapi.Keyring {
		return httpapi.Keyring{NumNodes: 4, Keys: keys, PrimaryKeys: primary}
	}
	silent := ring(map[string]int{old: 3}, map[string]int{old: 3})
	silent.WAN, silent.Messages = true, map[string]string{"s4": "timeout"}
	for _, v := range []verdict{
		{"same", judgeRing(ring(map[string]int{old: 4}, map[string]int{old: 4})), "ok LAN: 4 members, the same key on all"},
		{"differ", judgeRing(ring(map[string]int{old: 3, new: 1}, map[string]int{old: 4, new: 4})), "FAIL LAN: members encrypt with 2 different keys"},
		{"half way", judgeRing(ring(map[string]int{old: 4}, map[string]int{old: 4, new: 2})), "warn LAN: not every key is on every member: one is on 2 of 4"},
		{"left over", judgeRing(ring(map[string]int{new: 4}, map[string]int{old: 4, new: 4})), "warn LAN: 2 keys are installed"},
		{"silent", judgeRing(silent), "warn WAN: 1 of 4 members do not tell their keys: s4"},
		{"filed", judgeFiled([]byte("newnewnewnewnewn"), []httpapi.Keyring{ring(map[string]int{new: 4}, nil)}), ""},
		{"filed and forgotten", judgeFiled([]byte("oldoldoldoldoldo"), []httpapi.Keyring{ring(map[string]int{new: 4}, nil)}), "warn the files have another key than members use"},
		{"not filed", judgeFiled(nil, []httpapi.Keyring{ring(map[string]int{new: 4}, nil)}), ""},
		{"plain", judgePlain("10.0.0.1"), "warn gossip is not encrypted: who reaches 8301 can join as a server"},
		{"plain at home", judgePlain("127.0.0.1"), "ok gossip is not encrypted, and does not leave this machine"},
	} {
		v.try(t)
		for _, f := range v.found {
			if text := fmt.Sprint(f); strings.Contains(text, old) || strings.Contains(text, new) {
				t.Errorf("%s shows a key: %s", v.name, text)
			}
		}
	}
}
