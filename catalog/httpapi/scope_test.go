package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// TestNoScopes: a request for a namespace, partition or peer is not one for the only catalog there is.
func TestNoScopes(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ method, path, header, says string }{
		{"PUT", "/v1/kv/a?ns=team", "", "ns: there are no namespaces"},
		{"GET", "/v1/kv/a?namespace=team", "", "namespace: there are no namespaces"},
		{"GET", "/v1/kv/a?ns=default", "", "ns: there are no namespaces"}, // as Consul without them
		{"GET", "/v1/catalog/nodes?partition=p", "", "partition: there are no partitions"},
		{"GET", "/v1/catalog/nodes?ap=p", "", "ap: there are no partitions"},
		{"GET", "/v1/health/service/web?peer=east", "", "peer: there are no peers"},
		{"GET", "/v1/health/service/web?sameness-group=all", "", "sameness-group: there are no sameness groups"},
		{"GET", "/v1/health/service/web?sg=all", "", "sg: there are no sameness groups"},
		{"PUT", "/v1/kv/a", "X-Consul-Namespace: team", "X-Consul-Namespace: there are no namespaces"},
		{"PUT", "/v1/kv/a", "X-Consul-Partition: p", "X-Consul-Partition: there are no partitions"},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{c.header}
		}
		if r := f.do(c.method, c.path, "", headers...); r.status != http.StatusBadRequest || r.body != c.says {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.header, r.status, r.body)
		}
	}
	if n := f.consensus.applied(); n != 0 {
		t.Errorf("%d commands were applied", n)
	}
	if r := f.do("PUT", "/v1/kv/a?ns=&partition=", "v", "X-Consul-Namespace: "); r.status != http.StatusOK {
		t.Errorf("no scope at all: %d %s", r.status, r.body)
	}
}

// TestForeignRows: rows that belong to a mesh or to a part of the catalog are not taken for plain ones. What a client
// read here and sends back is.
func TestForeignRows(t *testing.T) {
	f := newFixture(t, nil)
	const node = `"Node": "n1", "Address": "10.0.0.1"`
	for _, c := range []struct{ path, body, key string }{
		{"/v1/catalog/register", `{` + node + `, "Service": {"Service": "web-proxy", "Kind": "connect-proxy"}}`, "Service.Kind"},
		{"/v1/catalog/register", `{` + node + `, "Service": {"Service": "web", "Connect": {"Native": true}}}`, "Service.Connect"},
		{"/v1/catalog/register", `{` + node + `, "Service": {"Service": "web", "Namespace": "team"}}`, "Service.Namespace"},
		{"/v1/catalog/register", `{` + node + `, "Partition": "p"}`, "Partition"},
		{"/v1/catalog/register", `{` + node + `, "Checks": [{"Name": "c", "PeerName": "east"}]}`, "Checks[0].PeerName"},
		{"/v1/catalog/deregister", `{"Node": "n1", "Namespace": "team"}`, "Namespace"},
		{"/v1/session/create", `{"Namespace": "team"}`, "Namespace"},
		{"/v1/coordinate/update", `{"Node": "n1", "Partition": "p"}`, "Partition"},
		{"/v1/txn", `[{"KV": {"Verb": "set", "Key": "a", "Namespace": "team"}}]`, "[0].KV.Namespace"},
		{"/v1/txn", `[{"Service": {"Verb": "set", "Node": "n1", "Service": {"Service": "web", "Kind": "mesh-gateway"}}}]`, "[0].Service.Service.Kind"},
	} {
		r := f.do("PUT", c.path, c.body)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, " "+c.key+": "+foreignServiceText) {
			t.Errorf("%s %s: %d %s", c.path, c.body, r.status, r.body)
		}
	}
	if n := f.consensus.applied(); n != 0 {
		t.Errorf("%d commands were applied", n)
	}
	idle := `{` + node + `, "Partition": "", "Service": {"Kind": "", "Service": "web", "PeerName": "", "Namespace": "", "SocketPath": "",
		"Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}}, "Connect": {}}, "Check": {"Name": "c", "Status": "passing", "Namespace": "", "ExposedPort": 0}}`
	if r := f.do("PUT", "/v1/catalog/register", idle); r.status != http.StatusOK {
		t.Errorf("what asks for nothing: %d %s", r.status, r.body)
	}
}
