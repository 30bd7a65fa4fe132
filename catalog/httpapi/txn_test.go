package httpapi

import (
	"encoding/base64"
	"strings"
	"testing"

	"muster/catalog"
)

func TestTxn(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	for _, step := range []struct {
		body, want string
		status     int
		read       bool // without the log
	}{
		{`[]`, `{"Results":[],"Errors":null}`, 200, true},
		{`[{"KV": {"Verb": "set", "Key": "a", "Value": "dg==", "Flags": 7}}, {"KV": {"Verb": "get", "Key": "a"}}]`,
			`{"Results":[{"KV":{"LockIndex":0,"Key":"a","Flags":7,"Value":null,"CreateIndex":4,"ModifyIndex":4}},
			{"KV":{"LockIndex":0,"Key":"a","Flags":7,"Value":"dg==","CreateIndex":4,"ModifyIndex":4}}],"Errors":null}`, 200, false},
		{`[{"kv": {"verb": "get", "key": "a"}}, {"KV": {"Verb": "get", "Key": "b"}}]`,
			`{"Results":null,"Errors":[{"OpIndex":1,"What":"key \"b\" doesn't exist"}]}`, 409, true},
		{`[{"KV": {"Verb": "delete", "Key": "a"}}, {"KV": {"Verb": "cas", "Key": "a", "Index": 3}}]`,
			`{"Results":null,"Errors":[{"OpIndex":1,"What":"failed to set key \"a\", index is stale"}]}`, 409, false},
		{`[{"KV": {"Verb": "get-tree", "Key": ""}}, {"KV": {"Verb": "get-or-empty", "Key": "z"}}]`,
			`{"Results":[{"KV":{"LockIndex":0,"Key":"a","Flags":7,"Value":"dg==","CreateIndex":4,"ModifyIndex":4}},
			{"KV":{"LockIndex":0,"Key":"z","Flags":0,"Value":null,"CreateIndex":0,"ModifyIndex":0}}],"Errors":null}`, 200, true},
		{`[{"Node": {"Verb": "set", "Node": {"Node": "n3", "Address": "10.0.0.3"}}},
			{"Service": {"Verb": "set", "Node": "n3", "Service": {"Service": "api", "Port": 1}}},
			{"Check": {"Verb": "set", "Check": {"Node": "n3", "CheckID": "c", "Name": "C", "ServiceID": "api", "Status": "passing"}}}]`,
			`{"Results":[{"Node":{"ID":"","Node":"n3","Address":"10.0.0.3","Datacenter":"dc1","TaggedAddresses":{},"Meta":{},"CreateIndex":6,"ModifyIndex":6}},
			{"Service":{"ID":"api","Service":"api","Tags":[],"Address":"","TaggedAddresses":{},"Meta":{},"Port":1,"Weights":{"Passing":1,"Warning":1},
			"EnableTagOverride":false,"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},"PeerName":"","CreateIndex":6,"ModifyIndex":6}},
			{"Check":{"Node":"n3","CheckID":"c","Name":"C","Status":"passing","Notes":"","Output":"","ServiceID":"api","ServiceName":"api","ServiceTags":[],
			"Type":"","Interval":"","Timeout":"","ExposedPort":0,"Definition":{},"CreateIndex":6,"ModifyIndex":6}}],"Errors":null}`, 200, false},
		{`[{"Service": {"Verb": "delete-cas", "Node": "n3", "Service": {"ID": "api", "ModifyIndex": 6}}},
			{"Check": {"Verb": "get", "Check": {"Node": "n3", "CheckID": "c"}}}]`,
			`{"Results":null,"Errors":[{"OpIndex":1,"What":"check \"c\" doesn't exist"}]}`, 409, false},
		{`[{"Node": {"Verb": "delete", "Node": {"Node": "n3"}}}]`, `{"Results":[],"Errors":null}`, 200, false},
	} {
		before := f.consensus.applied()
		r := f.do("PUT", "/v1/txn", step.body)
		if r.status != step.status {
			t.Errorf("%s: status %d, want %d", step.body, r.status, step.status)
		}
		expectJSON(t, step.body, r.body, step.want)
		if got := f.consensus.applied() == before; got != step.read || got != (r.index() != "") {
			t.Errorf("%s: kept out of the log: %v, want %v; index %q", step.body, got, step.read, r.index())
		}
	}
}

func TestTxnLimits(t *testing.T) {
	f := newFixture(t, nil)
	op := `{"KV": {"Verb": "set", "Key": "k"}}`
	if r := f.do("PUT", "/v1/txn", "["+strings.Repeat(op+",", 63)+op+"]"); r.status != 200 {
		t.Errorf("64 operations: %d %s", r.status, r.body)
	}
	if r := f.do("PUT", "/v1/txn", "["+strings.Repeat(op+",", 64)+op+"]"); r.status != 413 {
		t.Errorf("65 operations: %d %s", r.status, r.body)
	}
	value := base64.StdEncoding.EncodeToString(make([]byte, 300<<10))
	if r := f.do("PUT", "/v1/txn", `[{"KV": {"Verb": "set", "Key": "k", "Value": "`+value+`"}}]`); r.status != 200 {
		t.Errorf("a large value: %d %s", r.status, r.body)
	}
}

func TestBadTxns(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	before := f.consensus.applied()
	for body, want := range map[string]struct {
		status int
		line   string
	}{
		``:         {400, "body: is missing; a transaction is a list of operations"},
		`nonsense`: {400, ""},
		`{}`:       {400, ""},
		`[7]`:      {400, ""},
		`[{}]`:     {400, "operation 0: wants one of KV, Node, Service, Check, has 0"},
		`[{"KV": {"Verb": "get", "Key": "a"}, "Node": {"Verb": "get"}}]`:                           {400, "operation 0: wants one of KV, Node, Service, Check, has 2"},
		`[{"KV": {"Verb": "grab", "Key": "a"}}]`:                                                   {400, `operation 0: is of no kind, of several, or its verb "grab" is unknown`},
		`[{"KV": {"Verb": "get"}}]`:                                                                {400, "operation 0: KV.Key: is missing"},
		`[{"KV": {"Verb": "set", "Key": "a", "Value": "%"}}]`:                                      {400, "operation 0: KV.Value: is not base64"},
		`[{"KV": {"Verb": "set", "Key": "a", "Flags": -1}}]`:                                       {400, ""},
		`[{"KV": {"Verb": "lock", "Key": "a", "Session": "\n"}}]`:                                  {400, "operation 0: KV.Session: contains a control character"},
		`[{"KV": {"Verb": "get", "Key": "` + strings.Repeat("k", catalog.MaxKeyBytes+1) + `"}}]`:   {413, "operation 0: KV.Key: has 4097 bytes, the limit is 4096"},
		`[{"Node": {"Verb": "get", "Node": {}}}]`:                                                  {400, "operation 0: Node.Node: is missing"},
		`[{"Node": {"Verb": "lock", "Node": {"Node": "n1"}}}]`:                                     {400, `operation 0: is of no kind, of several, or its verb "lock" is unknown`},
		`[{"Node": {"Verb": "set", "Node": {"Node": "bad name", "Address": "a"}}}]`:                {400, ""},
		`[{"Node": {"Verb": "set", "Node": {"Node": "n"}}}]`:                                       {400, "operation 0: Address: is missing"},
		`[{"Node": {"Verb": "delete", "Node": {"Node": "n1\u0000web"}}}]`:                          {400, "operation 0: Node.Node: contains a control character"},
		`[{"Service": {"Verb": "delete", "Node": "n1", "Service": {}}}]`:                           {400, "operation 0: Service.ID: is missing"},
		`[{"Service": {"Verb": "delete", "Service": {"ID": "web"}}}]`:                              {400, "operation 0: Service.Node: is missing"},
		`[{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "s", "Port": 70000}}}]`: {400, "operation 0: Service.port: port 70000 is outside 0..65535"},
		`[{"Check": {"Verb": "delete", "Check": {"Node": "n1"}}}]`:                                 {400, "operation 0: Check: needs a CheckID or a Name"},
		`[{"Check": {"Verb": "delete", "Check": {"CheckID": "c"}}}]`:                               {400, "operation 0: Check.Node: is missing"},
		`[{"Check": {"Verb": "set", "Check": {"Node": "n1", "Name": "c", "Status": "sick"}}}]`:     {400, `operation 0: Check.Status: "sick" is none of passing, warning, critical`},
		strings.Repeat("[", 100_000):                                                               {400, ""},
	} {
		r := f.do("PUT", "/v1/txn", body)
		if r.status != want.status || want.line != "" && r.body != want.line || strings.Contains(r.body, "\n") {
			t.Errorf("%.80s\n got %d %s\nwant %d %s", body, r.status, r.body, want.status, want.line)
		}
	}
	if r := f.do("POST", "/v1/txn", "[]"); r.status != 405 {
		t.Errorf("POST: %d", r.status)
	}
	if f.consensus.applied() != before {
		t.Error("a bad transaction reached the log")
	}
}
