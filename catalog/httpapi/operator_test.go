package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"muster/catalog"
)

func TestOperatorShapes(t *testing.T) {
	f, o := newOperatorFixture(t)
	twoWebs(f)
	f.put("/v1/catalog/register", `{"Node":"n1","SkipNodeUpdate":true,"Service":{"Service":"consul"}}`)
	o.health = threeServers(true)
	for _, c := range []struct{ path, want string }{
		{"/v1/operator/raft/configuration", `{"Servers":[
			{"ID":"id-1","Node":"n1","Address":"10.0.0.1:8300","Leader":true,"ProtocolVersion":"3","Voter":true,"LastIndex":42},
			{"ID":"id-2","Node":"(unknown)","Address":"10.0.0.2:8300","Leader":false,"ProtocolVersion":"3","Voter":false,"LastIndex":0}],
			"Index":9}`},
		{"/v1/operator/autopilot/configuration", `{"CleanupDeadServers":true,"LastContactThreshold":"200ms","MaxTrailingLogs":250,"MinQuorum":0,
			"ServerStabilizationTime":"10s","RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":"","CreateIndex":0,"ModifyIndex":0}`},
		{"/v1/operator/autopilot/health", `{"Healthy":true,"FailureTolerance":1,"Servers":[
			{"ID":"id-1","Name":"n1","Address":"10.0.0.1:8300","SerfStatus":"alive","Version":"0.4.0","Leader":true,"LastContact":"0s","LastTerm":3,"LastIndex":42,"Healthy":true,"Voter":true,"StableSince":"2026-11-01T12:00:00Z"},
			{"ID":"id-2","Name":"n2","Address":"10.0.0.2:8300","SerfStatus":"alive","Version":"0.4.0","Leader":false,"LastContact":"2ms","LastTerm":3,"LastIndex":41,"Healthy":true,"Voter":true,"StableSince":"2026-11-01T12:00:00Z"},
			{"ID":"id-3","Name":"n3","Address":"10.0.0.3:8300","SerfStatus":"failed","Version":"","Leader":false,"LastContact":"-1ns","LastTerm":0,"LastIndex":0,"Healthy":true,"Voter":true,"StableSince":"0001-01-01T00:00:00Z"}]}`},
		{"/v1/operator/autopilot/state", `{"Healthy":true,"FailureTolerance":1,"OptimisticFailureTolerance":1,"Servers":{
			"id-1":{"ID":"id-1","Name":"n1","Address":"10.0.0.1:8300","NodeStatus":"alive","Version":"0.4.0","LastContact":"0s","LastTerm":3,"LastIndex":42,"Healthy":true,"StableSince":"2026-11-01T12:00:00Z","ReadReplica":false,"Status":"leader","Meta":{"rack":"r1"},"NodeType":"voter"},
			"id-2":{"ID":"id-2","Name":"n2","Address":"10.0.0.2:8300","NodeStatus":"alive","Version":"0.4.0","LastContact":"2ms","LastTerm":3,"LastIndex":41,"Healthy":true,"StableSince":"2026-11-01T12:00:00Z","ReadReplica":false,"Status":"voter","Meta":{},"NodeType":"voter"},
			"id-3":{"ID":"id-3","Name":"n3","Address":"10.0.0.3:8300","NodeStatus":"failed","Version":"","LastContact":"-1ns","LastTerm":0,"LastIndex":0,"Healthy":true,"StableSince":"0001-01-01T00:00:00Z","ReadReplica":false,"Status":"voter","Meta":{},"NodeType":"voter"}},
			"Leader":"id-1","Voters":["id-1","id-2","id-3"]}`},
		{"/v1/operator/keyring", `[
			{"WAN":false,"Datacenter":"dc1","Segment":"","Messages":{"n2":"no answer"},"Keys":{"` + key16 + `":2,"` + key32 + `":1},"PrimaryKeys":{"` + key16 + `":2},"NumNodes":2},
			{"WAN":true,"Datacenter":"dc1","Segment":"","Keys":{},"PrimaryKeys":{},"NumNodes":1}]`},
		{"/v1/operator/keyring?local-only&relay-factor=5", `[
			{"WAN":false,"Datacenter":"dc1","Segment":"","Messages":{"n2":"no answer"},"Keys":{"` + key16 + `":2,"` + key32 + `":1},"PrimaryKeys":{"` + key16 + `":2},"NumNodes":2}]`},
		{"/v1/operator/usage?global", `{"Usage":{"dc1":{"Nodes":2,"Services":3,"ServiceInstances":4,"ConnectServiceInstances":{"connect-native":0,"connect-proxy":0,"ingress-gateway":0,"mesh-gateway":0,"terminating-gateway":0},"BillableServiceInstances":3}}}`},
	} {
		expectJSON(t, c.path, f.get(c.path), c.want)
	}
	o.health = threeServers(false)
	r := f.do("GET", "/v1/operator/autopilot/health", "")
	if r.status != 429 || !strings.HasPrefix(r.body, `{"Healthy":false,"FailureTolerance":0,`) {
		t.Errorf("a failed server: %d %s", r.status, r.body)
	}
	if state := f.get("/v1/operator/autopilot/state"); !strings.Contains(state, `"Status":"non-voter"`) || !strings.HasSuffix(state, `"Voters":["id-1","id-2"]}`) {
		t.Errorf("a failed server: %s", state)
	}
	silent(t, f.log.String())
}

func TestTolerance(t *testing.T) {
	server := map[byte]ServerHealth{'V': {Voter: true, Healthy: true}, 'v': {Voter: true}, 'N': {Healthy: true}, 'n': {}}
	for servers, want := range map[string]struct {
		healthy bool
		spare   int
	}{
		"": {false, 0}, "V": {true, 0}, "VV": {true, 0}, "VVV": {true, 1}, "VVv": {false, 0}, "Vvv": {false, 0},
		"VVVN": {true, 1}, "VVVn": {false, 1}, "VVVVV": {true, 2}, "VVVVv": {false, 1}, "VVVVVV": {true, 2},
	} {
		var list []ServerHealth
		for i := range len(servers) {
			list = append(list, server[servers[i]])
		}
		if healthy, spare := tolerance(list); healthy != want.healthy || spare != want.spare {
			t.Errorf("%q: healthy %v, tolerance %d, want %+v", servers, healthy, spare, want)
		}
	}
}

// TestOperatorWrites: what each request tells the operator. An empty told means that
// nothing may reach it; line is then what the client is told.
func TestOperatorWrites(t *testing.T) {
	f, o := newOperatorFixture(t)
	const (
		keyring  = "/v1/operator/keyring"
		peer     = "/v1/operator/raft/peer"
		transfer = "/v1/operator/raft/transfer-leader"
		noKey    = "Key: is not 16, 24 or 32 bytes in base64, such as `muster keygen` prints"
	)
	for _, c := range []struct {
		method, path, body string
		status             int
		line, told         string
	}{
		{"DELETE", peer + "?id=id-2", "", 200, "", "remove id-2"},
		{"DELETE", peer + "?address=10.0.0.2:8300", "", 200, "", "remove id-2"},
		{"DELETE", peer + "?address=10.0.0.9:8300", "", 404, `address: no server of the raft configuration is at "10.0.0.9:8300"`, ""},
		{"DELETE", peer, "", 400, "say which server: id=ID or address=IP:PORT", ""},
		{"DELETE", peer + "?id=a&address=b", "", 400, "id and address exclude each other", ""},
		{"PUT", transfer, "", 200, `{"Success":true}`, `transfer ""`},
		{"POST", transfer + "?id=id-2", "", 200, `{"Success":true}`, `transfer "id-2"`},
		{"POST", keyring, `{"Key":"` + key32 + `"}`, 200, "", "install " + key32},
		{"PUT", keyring + "?relay-factor=3", `{"key":"` + key16 + `"}`, 200, "", "use " + key16},
		{"DELETE", keyring, `{"Key":"` + key16 + `"}`, 200, "", "remove " + key16},
		{"POST", keyring, `{"Key":"` + key32[:20] + `"}`, 400, noKey, ""},
		{"POST", keyring, `{"Key":"` + key32[4:] + `"}`, 400, noKey, ""},
		{"PUT", keyring, `{}`, 400, noKey, ""},
		{"PUT", keyring, `{"Key":["` + key32 + `"]}`, 400, "body:1:8: Key: wants a string, has a list", ""},
		{"PUT", keyring, `{"Key":"` + key32, 400, "", ""},
		{"PUT", keyring + "?relay-factor=6", `{"Key":"` + key16 + `"}`, 400, "relay-factor: 6 is outside 0..5", ""},
		{"PUT", keyring + "?relay-factor=x", "", 400, `relay-factor: "x" is not a number in 0..18446744073709551615`, ""},
		{"DELETE", keyring + "?local-only=true", "", 400, "local-only: keys are changed everywhere or nowhere; it is for listing them", ""},
		{"GET", keyring + "?local-only=maybe", "", 400, `local-only: "maybe" is neither true nor false`, ""},
	} {
		r := f.do(c.method, c.path, c.body)
		if r.status != c.status || c.line != "" && r.body != c.line || c.status == 200 && r.body != c.line || strings.Contains(r.body, "\n") {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, r.status, r.body, c.status, c.line)
		}
		if told := o.lastTold(); told != c.told {
			t.Errorf("%s %s: told %q, want %q", c.method, c.path, told, c.told)
		}
		silent(t, r.body)
	}
	silent(t, f.log.String())
}

func TestAutopilotConfig(t *testing.T) {
	f, _ := newOperatorFixture(t)
	const path, enterprise = "/v1/operator/autopilot/configuration", "belongs to Consul's enterprise features, which muster does not have"
	for _, c := range []struct {
		query, body string
		status      int
		line        string // of the answer
		left        string // a part of the settings afterwards
	}{
		{"?cas=7", `{"MinQuorum":3}`, 200, "false", `"MinQuorum":0`},
		{"?cas=0", `{"MinQuorum":3}`, 200, "true", `"MinQuorum":3,"ServerStabilizationTime":"10s"`},
		{"?cas=0", `{"MinQuorum":5}`, 200, "false", `"MinQuorum":3`},
		{"", `{"LastContactThreshold":"1s","ServerStabilizationTime":5000000000,"MaxTrailingLogs":9,"CleanupDeadServers":false}`, 200, "true",
			`{"CleanupDeadServers":false,"LastContactThreshold":"1s","MaxTrailingLogs":9,"MinQuorum":0,"ServerStabilizationTime":"5s"`},
		{"?cas=2", `{"RedundancyZoneTag":"","DisableUpgradeMigration":false,"UpgradeVersionTag":"","CreateIndex":1,"ModifyIndex":9}`, 200, "false", `"MaxTrailingLogs":9`},
		{"?cas=x", `{}`, 400, `cas: "x" is not a number in 0..18446744073709551615`, ""},
		{"", `{"LastContactThreshold":"soon"}`, 400, "", ""},
		{"", `{"LastContactThreshold":"0s"}`, 400, "LastContactThreshold: 0s is not over 0", ""},
		{"", `{"MaxTrailingLogs":0}`, 400, "MaxTrailingLogs: 0 is not over 0", ""},
		{"", `{"MinQuorum":-1}`, 400, "MinQuorum: -1 is outside 0..65535", ""},
		{"", `{"ServerStabilizationTime":"-1s"}`, 400, "ServerStabilizationTime: -1s is negative", ""},
		{"", `{"RedundancyZoneTag":"az"}`, 400, "body:1:2: RedundancyZoneTag: " + enterprise, ""},
		{"", `{"DisableUpgradeMigration":true}`, 400, "body:1:2: DisableUpgradeMigration: " + enterprise, ""},
		{"", `[]`, 400, "body:1:1: wants an object, has a list", `"MaxTrailingLogs":9`},
	} {
		if r := f.do("PUT", path+c.query, c.body); r.status != c.status || c.line != "" && r.body != c.line {
			t.Errorf("%s %s: %d %s, want %d %s", c.query, c.body, r.status, r.body, c.status, c.line)
		}
		if now := f.get(path); !strings.Contains(now, c.left) {
			t.Errorf("after %s %s: %s, want %s", c.query, c.body, now, c.left)
		}
	}
	// Who waits for the settings wakes when they change.
	now := f.do("GET", path, "")
	out := f.blocked(t.Context(), path+"?wait=5m&index="+now.index())
	f.put("/v1/kv/noise", "")
	f.put(path, `{"MinQuorum":7}`)
	if r := await(t, "new settings", out); !strings.Contains(r.body, `"MinQuorum":7`) {
		t.Errorf("%+v", r)
	}
}

// TestOperatorRefusals: the operator's own refusals reach the client by the table of codes.
func TestOperatorRefusals(t *testing.T) {
	f, o := newOperatorFixture(t)
	for code, status := range map[catalog.Code]int{catalog.Invalid: 400, catalog.NotFound: 404, catalog.Unavailable: 503, catalog.Internal: 500} {
		o.failure = catalog.Errorf(code, "why it is so")
		for _, c := range []struct{ method, path, body string }{
			{"GET", "/v1/operator/raft/configuration", ""},
			{"DELETE", "/v1/operator/raft/peer?id=x", ""},
			{"DELETE", "/v1/operator/raft/peer?address=x", ""},
			{"PUT", "/v1/operator/raft/transfer-leader", ""},
			{"GET", "/v1/operator/autopilot/health", ""},
			{"GET", "/v1/operator/autopilot/state", ""},
			{"GET", "/v1/operator/keyring", ""},
			{"POST", "/v1/operator/keyring", `{"Key":"` + key16 + `"}`},
		} {
			r := f.do(c.method, c.path, c.body)
			if r.status != status || (code != catalog.Internal) != (r.body == "why it is so") {
				t.Errorf("%s %s: %s became %d %q", c.method, c.path, code, r.status, r.body)
			}
		}
	}
}

// TestUsageOfAll: the datacenters that are held are counted, and none is left out in silence.
func TestUsageOfAll(t *testing.T) {
	abroad := newFixture(t, nil)
	twoWebs(abroad)
	holding := func(known []string, held Abroad) *fixture {
		return newFixture(t, func(_ *Config, d *Deps) {
			d.Datacenters, d.Abroad = func() []string { return known }, held
		})
	}
	held := func(dc string) (*catalog.Snapshot, error) {
		if dc == "dc2" {
			return abroad.state.Snapshot(), nil
		}
		return nil, catalog.Errorf(catalog.Unavailable, "datacenter %q is out of reach", dc)
	}
	f := holding([]string{"dc1", "dc2", "lost"}, held)
	if r := f.do("GET", "/v1/operator/usage?global", ""); r.status != 503 || r.body != `datacenter "lost" is out of reach` {
		t.Errorf("one is lost: %d %s", r.status, r.body)
	}
	f = holding([]string{"dc1", "dc2"}, nil)
	if r := f.do("GET", "/v1/operator/usage?global", ""); r.status != 500 {
		t.Errorf("nothing is held: %d %s", r.status, r.body)
	}
	f = holding([]string{"dc1", "dc2"}, held)
	var u Usage
	if err := json.Unmarshal([]byte(f.get("/v1/operator/usage?global=true")), &u); err != nil {
		t.Fatal(err)
	}
	if dc1, dc2 := u.Usage["dc1"], u.Usage["dc2"]; len(u.Usage) != 2 || dc1.Nodes != 0 || dc2.Nodes != 2 || dc2.ServiceInstances < 2 {
		t.Errorf("%+v", u)
	}
	if text := f.get("/v1/operator/usage?global=false"); strings.Contains(text, "dc2") {
		t.Errorf("only this one was asked for: %s", text)
	}
}
