package httpapi

import (
	"strconv"
	"strings"
	"testing"

	"muster/catalog"
)

// TestBadRequests: each is refused with one line and changes nothing.
func TestBadRequests(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	before := f.consensus.applied()
	const (
		register = "/v1/catalog/register"
		create   = "/v1/session/create"
		noRoute  = "no such endpoint: muster does not serve this path of Consul's API"
		number   = "is not a number in 0..18446744073709551615"
	)
	for _, c := range []struct {
		method, path, body string
		status             int
		line               string
	}{
		{"GET", "/", "", 404, "the UI is off; the API is under /v1/"},
		{"GET", "/ui/", "", 404, "the UI is off; start the agent with -ui"},
		{"GET", "/v1/connect/ca/roots", "", 404, noRoute},
		{"GET", "/v1/catalog", "", 404, noRoute},
		{"GET", "/v1/catalog/nodes/", "", 404, noRoute},
		{"GET", "/v1//catalog/nodes", "", 404, noRoute},
		{"GET", "/v1/kv/../catalog/nodes", "", 404, ""}, // a key, which is not there
		{"GET", "/v1/%2e%2e/v1/catalog/nodes", "", 404, noRoute},
		{"GET", "/v1/catalog%2fnodes", "", 404, noRoute},
		{"GET", "/v1/catalog/nodes%00", "", 404, noRoute},

		{"POST", "/v1/kv/a", "x", 405, `method "POST" is not allowed here, only DELETE, GET, HEAD, PUT`},
		{"GET", register, "", 405, `method "GET" is not allowed here, only PUT`},
		{"DELETE", "/v1/catalog/nodes", "", 405, `method "DELETE" is not allowed here, only GET, HEAD`},
		{"PUT", "/v1/status/leader", "", 405, `method "PUT" is not allowed here, only GET, HEAD`},
		{"GET", "/v1/operator/raft/peer", "", 405, `method "GET" is not allowed here, only DELETE`},
		{"DELETE", "/v1/operator/raft/transfer-leader", "", 405, `method "DELETE" is not allowed here, only POST, PUT`},
		{"PATCH", "/v1/operator/keyring", "", 405, `method "PATCH" is not allowed here, only DELETE, GET, HEAD, POST, PUT`},
		{"GET", "/v1/operator/area", "", 404, noRoute},

		{"GET", "/v1/kv/a?recurse;b", "", 400, "the query string is malformed"},
		{"GET", "/v1/kv/a?stale&consistent", "", 400, "stale and consistent exclude each other"},
		{"GET", "/v1/kv/a?index=-1", "", 400, `index: "-1" ` + number},
		{"GET", "/v1/kv/a?index=", "", 400, `index: "" ` + number},
		{"GET", "/v1/kv/a?wait=soon", "", 400, `wait: "soon" is not a duration such as "10s"`},
		{"GET", "/v1/kv/a?wait=-1s", "", 400, `wait: "-1s" is not a duration such as "10s"`},
		{"GET", "/v1/kv/a?dc=dc2", "", 500, "No path to datacenter"},
		{"PUT", "/v1/kv/a?dc=dc2", "", 500, "No path to datacenter"},
		{"DELETE", "/v1/kv/a?dc=dc2", "", 500, "No path to datacenter"},
		{"GET", "/v1/status/leader?dc=dc2", "", 500, "No path to datacenter"},
		{"GET", "/v1/catalog/nodes?dc=dc2", "", 500, "No path to datacenter"},
		{"GET", "/v1/operator/raft/configuration?dc=dc2", "", 500, "No path to datacenter"},
		{"PUT", "/v1/operator/keyring?dc=dc2", "", 500, "No path to datacenter"},

		{"GET", "/v1/kv/", "", 400, "key is missing from the path"},
		{"PUT", "/v1/kv/", "x", 400, "key is missing from the path"},
		{"DELETE", "/v1/kv/", "", 400, "key is missing from the path"},
		{"PUT", "/v1/kv/a?flags=-1", "", 400, `flags: "-1" ` + number},
		{"PUT", "/v1/kv/a?flags=18446744073709551616", "", 400, `flags: "18446744073709551616" ` + number},
		{"PUT", "/v1/kv/a?cas", "", 400, `cas: "" ` + number},
		{"PUT", "/v1/kv/a?cas=x", "", 400, `cas: "x" ` + number},
		{"PUT", "/v1/kv/a?acquire=", "", 400, "acquire: the id of a session is missing"},
		{"PUT", "/v1/kv/a?release", "", 400, "release: the id of a session is missing"},
		{"PUT", "/v1/kv/a?acquire=a%00b", "", 400, "acquire: contains a control character"},
		{"PUT", "/v1/kv/a?acquire=x&release=x", "", 400, "acquire and release exclude each other"},
		{"PUT", "/v1/kv/a?acquire=x&cas=0", "", 400, "cas and acquire exclude each other"},

		{"GET", "/v1/session", "", 404, noRoute},
		{"GET", "/v1/session/create", "", 405, `method "GET" is not allowed here, only PUT`},
		{"POST", "/v1/session/list", "", 405, `method "POST" is not allowed here, only GET, HEAD`},
		{"GET", "/v1/session/renew/x", "", 405, `method "GET" is not allowed here, only PUT`},
		{"PUT", create, "nonsense", 400, ""},
		{"PUT", create, "[]", 400, "body:1:1: wants an object, has a list"},
		{"PUT", create, strings.Repeat(`{"Name":`, 100_000/8), 400, ""},
		{"PUT", create, `{"Name": "` + strings.Repeat("x", maxJSONBytes) + `"}`, 413, "JSON body has 262156 bytes, the limit is 262144"},
		{"PUT", create, `{"TTL": 10}`, 400, "body:1:9: TTL: wants a string, has a number"},
		{"PUT", create, `{"TTL": "soon"}`, 400, `TTL: "soon" is not a duration such as "30s"`},
		{"PUT", create, `{"TTL": "9s"}`, 500, "Invalid Session TTL '9000000000', must be between [10s=24h0m0s]"},
		{"PUT", create, `{"TTL": "25h"}`, 500, "Invalid Session TTL '90000000000000', must be between [10s=24h0m0s]"},
		{"PUT", create, `{"TTL": "-10s"}`, 500, "Invalid Session TTL '-10000000000', must be between [10s=24h0m0s]"},
		{"PUT", create, `{"LockDelay": "61s"}`, 400, "LockDelay: 1m1s is outside 0s..1m0s"},
		{"PUT", create, `{"LockDelay": 61}`, 400, "LockDelay: 1m1s is outside 0s..1m0s"},
		{"PUT", create, `{"LockDelay": -1}`, 400, "LockDelay: -1s is outside 0s..1m0s"},
		{"PUT", create, `{"Behavior": "keep"}`, 400, `Behavior: "keep" is neither release nor delete`},
		{"PUT", create, `{"Node": "a\u0000b"}`, 400, "Node: contains a control character"},
		{"PUT", create, `{"Checks": "serfHealth"}`, 400, ""},
		{"PUT", create, `{"ServiceChecks": ["web"]}`, 400, ""},
		{"PUT", create, `{"NodeChecks": [` + manyChecks() + `]}`, 400, "Checks: 65 of them, the limit is 64"},
		{"PUT", create, `{"Datacenter": "dc2"}`, 500, "No path to datacenter"},
		{"PUT", create + "?dc=dc2", `{}`, 500, "No path to datacenter"},
		{"PUT", "/v1/session/destroy/", "", 400, "id is missing from the path"},
		{"PUT", "/v1/session/destroy/a%00b", "", 400, "id: contains a control character"},
		{"PUT", "/v1/session/renew", "", 400, "id is missing from the path"},
		{"GET", "/v1/session/info/", "", 400, "id is missing from the path"},
		{"GET", "/v1/session/node/", "", 400, "node is missing from the path"},
		{"GET", "/v1/session/node/%0a", "", 400, "node: contains a control character"},
		{"GET", "/v1/session/list?index=x", "", 400, `index: "x" ` + number},
		{"DELETE", "/v1/kv/a?cas=x", "", 400, `cas: "x" ` + number},
		{"DELETE", "/v1/kv/a?recurse&cas=1", "", 400, "recurse and cas exclude each other"},

		{"GET", "/v1/catalog/service/", "", 400, "service is missing from the path"},
		{"GET", "/v1/catalog/node/n1%00web", "", 400, "node: contains a control character"},
		{"GET", "/v1/health/node/n1%00ping", "", 400, "node: contains a control character"},
		{"GET", "/v1/health/service", "", 400, "service is missing from the path"},
		{"GET", "/v1/health/service/web?passing=maybe", "", 400, `passing: "maybe" is neither true nor false`},
		{"GET", "/v1/health/state/sick", "", 400, `state "sick" is none of any, passing, warning, critical`},
		{"GET", "/v1/health/state/", "", 400, `state "" is none of any, passing, warning, critical`},

		{"PUT", register, "", 400, "Node: node name is missing"},
		{"PUT", register, "nonsense", 400, ""},
		{"PUT", register, "[]", 400, "body:1:1: wants an object, has a list"},
		{"PUT", register, strings.Repeat(`{"Service":`, 100_000/11), 400, ""},
		{"PUT", register, `{"Node": 7}`, 400, "body:1:10: Node: wants a string, has a number"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {"Service": "s", "Port": "80"}}`, 400,
			"body:1:73: Service.Port: wants a number, has a string"},
		{"PUT", register, `{"Node": "bad name", "Address": "1.2.3.4"}`, 400,
			`Node: node name "bad name": character ' ' cannot stand in a DNS name (use letters, digits, '-' and '_')`},
		{"PUT", register, `{"Node": "n"}`, 400, "Address: is missing"},
		{"PUT", register, `{"Node": "n", "Address": "0.0.0.0"}`, 400, "Address: 0.0.0.0 is not an address that others can reach"},
		{"PUT", register, `{"Node": "n", "Address": "foo bar"}`, 400, `Address: "foo bar" is neither an IP address nor a host name`},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "TaggedAddresses": {"wan": "::"}}`, 400,
			"TaggedAddresses.wan: :: is not an address that others can reach"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "ID": "7"}`, 400, `ID: "7" is not a UUID`},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Datacenter": "dc2"}`, 500, "No path to datacenter"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {}}`, 400, "Service.name: service name is missing or has an empty label"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {"Service": "s", "Port": 70000}}`, 400,
			"Service.port: port 70000 is outside 0..65535"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {"Service": "s", "ID": "a\u0000b"}}`, 400,
			"Service.id: contains a control character"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {"Service": "s", "Weights": {"Passing": -1}}}`, 400,
			"Service.weights.passing: weight -1 is outside 0..65535"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Service": {"Service": "s", "DNS": {"TTL": "1500ms"}}}`, 400,
			"Service.dns.ttl: 1.5s is not in whole seconds"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Check": {}}`, 400, "Check: needs a CheckID or a Name"},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Check": {"Name": "c", "Status": "sick"}}`, 400,
			`Check.Status: "sick" is none of passing, warning, critical`},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Check": {"Name": "c", "Node": "m"}}`, 400,
			`Check.Node: "m" is not the node that is being registered, "n"`},
		{"PUT", register, `{"Node": "n", "Address": "1.2.3.4", "Check": {"CheckID": "a\u0000b"}}`, 400, "Check.CheckID: contains a control character"},
		{"PUT", register, `{"Note": "` + strings.Repeat("x", maxJSONBytes) + `"}`, 413, "JSON body has 262156 bytes, the limit is 262144"},

		{"PUT", "/v1/catalog/deregister", `{}`, 400, "Node: is missing"},
		{"PUT", "/v1/catalog/deregister", `{"Node": "n1\u0000web"}`, 400, "Node: contains a control character"},
		{"PUT", "/v1/catalog/deregister", `{"Node": "n1", "Datacenter": "dc2"}`, 500, "No path to datacenter"},
		{"PUT", "/v1/catalog/deregister?dc=dc1", `{"Node": "n1", "Datacenter": "dc2"}`, 400, `Datacenter: "dc2" is not the "dc1" of ?dc`},
	} {
		r := f.do(c.method, c.path, c.body)
		if r.status != c.status || (c.line != "" && r.body != c.line) || strings.ContainsAny(r.body, "\r\n") {
			t.Errorf("%s %s %.60s\n got %d %s\nwant %d %s", c.method, c.path, c.body, r.status, r.body, c.status, c.line)
		}
		if r.body != "" && r.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s %s: content type %q", c.method, c.path, r.header.Get("Content-Type"))
		}
		if got := r.header.Get("Allow"); (c.status == 405) != (got != "") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, got)
		}
	}
	if got := f.consensus.applied(); got != before {
		t.Errorf("%d bad requests reached the log", got-before)
	}
}

// TestErrorsOfTheState are those that only the state can tell.
func TestErrorsOfTheState(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	for body, want := range map[string]struct {
		status int
		line   string
	}{
		`{"Node": "n1", "Address": "10.0.0.9", "ID": "40e4a748-2192-161a-0510-9bf59fe950b6"}`: {409,
			`node name "n1" belongs to node id 40e4a748-2192-161a-0510-9bf59fe950b5; deregister that node or choose another name`},
		`{"Node": "n1", "Address": "10.0.0.1", "Check": {"Name": "c", "ServiceID": "gone"}}`: {404,
			`check "c": node "n1" has no service with id "gone"`},
	} {
		if r := f.do("PUT", "/v1/catalog/register", body); r.status != want.status || r.body != want.line {
			t.Errorf("%s\n got %d %s\nwant %d %s", body, r.status, r.body, want.status, want.line)
		}
	}
	if r := f.do("PUT", "/v1/kv/"+strings.Repeat("k", catalog.MaxKeyBytes+1), ""); r.status != 413 {
		t.Errorf("long key: %d %s", r.status, r.body)
	}
}

func TestFailures(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Ready = func() bool { return false } })
	for _, c := range []struct {
		failure error
		status  int
		line    string
	}{
		{catalog.Errorf(catalog.Unavailable, "no leader"), 503, "no leader"},
		{catalog.Errorf(catalog.Denied, "not you"), 403, "not you"},
		{catalog.Errorf(catalog.Internal, "disk /secret/path is broken"), 500, internalText},
	} {
		f.consensus.fail(c.failure)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if r := f.do(method, "/v1/kv/a", ""); r.status != c.status || r.body != c.line {
				t.Errorf("%s: %d %s, want %d %s", method, r.status, r.body, c.status, c.line)
			}
		}
	}
	if !strings.Contains(f.log.String(), "/secret/path") {
		t.Error("an internal error is not in the log")
	}
	if r := f.do("GET", "/v1/kv/a?stale", ""); r.status != 404 {
		t.Errorf("a stale read needs no leader, got %d %s", r.status, r.body)
	}
	if r := f.do("GET", "/v1/health/ready", ""); r.status != 503 {
		t.Errorf("ready: %d", r.status)
	}
	if r := f.do("GET", "/v1/health/live", ""); r.status != 200 {
		t.Errorf("live: %d", r.status)
	}
}

// manyChecks is one check more than a session may need.
func manyChecks() string {
	ids := make([]string, maxSessionChecks+1)
	for i := range ids {
		ids[i] = strconv.Quote("c" + strconv.Itoa(i))
	}
	return strings.Join(ids, ",")
}
