package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"muster/catalog"
)

// prepare makes a query and returns its id.
func prepare(t *testing.T, f *fixture, body string) string {
	t.Helper()
	r := f.do("POST", "/v1/query", body)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(r.body), &made); err != nil || r.status != 200 || len(made.ID) != 36 {
		t.Fatalf("%s: %d %s", body, r.status, r.body)
	}
	return made.ID
}

// execute runs a query and returns what it found, as "DATACENTER/SERVICE FAILOVERS: NODES", the nodes
// in their order, or sorted.
func execute(t *testing.T, f *fixture, path string, sorted bool, headers ...string) string {
	t.Helper()
	r := f.do("GET", "/v1/query/"+path, "", headers...)
	var got QueryResult
	if r.status != 200 {
		return fmt.Sprint(r.status, " ", r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Nodes == nil {
		t.Fatalf("%s: %s", path, r.body)
	}
	var nodes []string
	for _, e := range got.Nodes {
		nodes = append(nodes, e.Node.Node)
	}
	if sorted {
		slices.Sort(nodes)
	}
	return fmt.Sprintf("%s/%s %d: %s", got.Datacenter, got.Service, got.Failovers, strings.Join(nodes, " "))
}

func TestPreparedQueriesAreKept(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.get("/v1/query"); got != "[]" {
		t.Errorf("no queries are %s", got)
	}
	id := prepare(t, f, `{"Name": "q", "Token": "secret", "Service": {"Service": "web", "Tags": ["a", "!b"], "Failover": {"NearestN": 2, "Datacenters": ["dc2"]},
		"NodeMeta": {"k": "v"}}, "DNS": {"TTL": "10s"}}`)
	want := func(name string, created, modified int) string {
		return fmt.Sprintf(`[{"ID":"%s","Name":"%s","Session":"","Token":"","Template":{"Type":"","Regexp":"","RemoveEmptyTags":false},
			"Service":{"Service":"web","Near":"","Failover":{"NearestN":2,"Datacenters":["dc2"],"Targets":[]},"IgnoreCheckIDs":[],"OnlyPassing":false,
			"Tags":["a","!b"],"NodeMeta":{"k":"v"},"ServiceMeta":{},"Connect":false},"DNS":{"TTL":"10s"},"CreateIndex":%d,"ModifyIndex":%d}]`, id, name, created, modified)
	}
	r := f.do("GET", "/v1/query/"+id, "")
	expectJSON(t, "the query", r.body, want("q", 1, 1))
	if r.index() != "1" {
		t.Errorf("its index is %s", r.index())
	}
	// What is read can be sent back.
	body := strings.Replace(strings.Trim(f.get("/v1/query"), "[]"), `"q"`, `"other"`, 1)
	if r := f.do("PUT", "/v1/query/"+id, body); r.status != 200 || r.body != "" {
		t.Errorf("update: %d %s", r.status, r.body)
	}
	expectJSON(t, "the list", f.get("/v1/query?stale"), want("other", 1, 2))
	if r := f.do("DELETE", "/v1/query/"+id, ""); r.status != 200 || r.body != "" {
		t.Errorf("delete: %d %s", r.status, r.body)
	}
	if r := f.do("GET", "/v1/query/"+id, ""); r.status != 404 || r.body != "Query not found" {
		t.Errorf("deleted: %d %s", r.status, r.body)
	}
}

func TestExecute(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) {
		far := catalog.New()
		if _, err := far.Apply(1, &catalog.Register{Node: catalog.Node{Name: "far", Address: "10.2.0.1"}, Instance: &catalog.Instance{ID: "cache", Name: "cache"}}); err != nil {
			t.Fatal(err)
		}
		d.Abroad = func(dc string) (*catalog.Snapshot, error) {
			switch dc {
			case "dc2":
				return far.Snapshot(), nil
			case "dc3":
				return nil, catalog.Errorf(catalog.Unavailable, "nothing is known of dc3 yet")
			}
			return nil, catalog.Errorf(catalog.NotFound, "no datacenter")
		}
		d.Datacenters = func() []string { return []string{"dc1", "dc2"} }
	})
	twoWebs(f)
	f.put("/v1/catalog/register", `{"Node": "n2", "SkipNodeUpdate": true, "Check": {"CheckID": "c2", "ServiceID": "web-2", "Status": "passing"}}`)
	id := prepare(t, f, `{"Name": "all", "Service": {"Service": "web"}}`)
	prepare(t, f, `{"Name": "blue", "Service": {"Service": "web", "Tags": ["blue"]}}`)
	prepare(t, f, `{"Name": "not-blue", "Service": {"Service": "web", "Tags": ["!blue"], "OnlyPassing": true}}`)
	prepare(t, f, `{"Name": "near-n2", "Service": {"Service": "web", "Near": "n2"}}`)
	prepare(t, f, `{"Name": "near-agent", "Service": {"Service": "web", "Near": "_agent"}}`)
	prepare(t, f, `{"Name": "near-me", "Service": {"Service": "web", "Near": "_ip"}}`)
	prepare(t, f, `{"Name": "far", "Service": {"Service": "cache", "Failover": {"NearestN": 1}}}`)
	prepare(t, f, `{"Name": "farther", "Service": {"Service": "cache", "Failover": {"Datacenters": ["dc9", "dc3", "dc2"]}}}`)
	prepare(t, f, `{"Name": "unknown", "Service": {"Service": "cache", "Failover": {"Datacenters": ["dc3"]}}}`)
	prepare(t, f, `{"Name": "next", "Service": {"Service": "cache", "Failover": {"Targets": [{"Datacenter": "dc9"}, {"Service": "db"}]}}}`)
	prepare(t, f, `{"Name": "tag-", "Template": {"Type": "name_prefix_match", "Regexp": "^tag-(.*)$"}, "Service": {"Service": "web", "Tags": ["${match(1)}"]}}`)
	for path, want := range map[string]string{
		"all/execute":                  "dc1/web 0: n1 n2",
		"ALL/execute?dc=DC1":           "dc1/web 0: n1 n2",
		id + "/execute":                "dc1/web 0: n1 n2",
		"blue/execute":                 "dc1/web 0: n1",
		"not-blue/execute":             "dc1/web 0: n2",
		"tag-Blue/execute":             "dc1/web 0: n1",
		"tag-none/execute":             "dc1/web 0: ",
		"far/execute":                  "dc2/cache 1: far",
		"farther/execute":              "dc2/cache 2: far",
		"unknown/execute":              "503 nothing is known of dc3 yet",
		"next/execute":                 "dc1/db 1: n2",
		"none/execute":                 "404 Query not found",
		"none/explain":                 "404 Query not found",
		"all/execute?limit=x":          `400 limit: "x" is not a number in 0..18446744073709551615`,
		"all/execute?connect":          "400 connect: there is no service mesh",
		"all/execute?dc=dc2":           "500 No path to datacenter",
		"all/execute?stale&consistent": "400 stale and consistent exclude each other",
		"a%00/execute":                 "400 id: contains a control character",
	} {
		if got := execute(t, f, path, true); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for range 20 { // so many times by chance would be a wonder
		for path, want := range map[string]string{
			"near-n2/execute":             "dc1/web 0: n2 n1",
			"near-n2/execute?near=n1":     "dc1/web 0: n2 n1", // the query's own goes first
			"near-agent/execute":          "dc1/web 0: n1 n2",
			"all/execute?near=n2":         "dc1/web 0: n2 n1",
			"all/execute?near=n2&limit=1": "dc1/web 0: n2",
		} {
			if got := execute(t, f, path, false); got != want {
				t.Errorf("%s: %s, want %s", path, got, want)
			}
		}
		if got := execute(t, f, "near-me/execute", false, "X-Forwarded-For: 10.0.0.2, 10.0.0.1"); got != "dc1/web 0: n2 n1" {
			t.Errorf("near the client: %s", got)
		}
	}
	seen := map[string]bool{}
	for range 200 {
		seen[execute(t, f, "all/execute", false)] = true
	}
	if len(seen) != 2 {
		t.Errorf("without a node to be near the order is always %v", seen)
	}
	if got := f.get("/v1/query/tag-x/explain"); !strings.Contains(got, `"Tags":["x"]`) || !strings.HasPrefix(got, `{"Query":{"ID":`) {
		t.Errorf("explained: %s", got)
	}
}

// TestExecuteOnAClient: a client agent runs queries itself, from its own view.
func TestExecuteOnAClient(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) { d.Elsewhere = http.NotFoundHandler() })
	for i, c := range []catalog.Command{
		&catalog.Register{Node: catalog.Node{Name: "n1", Address: "10.0.0.1"}, Instance: &catalog.Instance{ID: "web", Name: "web"}},
		&catalog.SetPreparedQuery{Query: catalog.PreparedQuery{ID: "8f246b77-f3e1-4f88-9b48-8ec93abf3e05", Name: "q", Service: catalog.ServiceQuery{Service: "web"}}},
	} {
		if _, err := f.state.Apply(uint64(i+1), c); err != nil {
			t.Fatal(err)
		}
	}
	if got := execute(t, f, "q/execute", false); got != "dc1/web 0: n1" {
		t.Error(got)
	}
	if r := f.do("GET", "/v1/query/q/execute?dc=dc2", ""); r.status != 404 {
		t.Errorf("of another datacenter: %d %s", r.status, r.body)
	}
}

func TestBadPreparedRequests(t *testing.T) {
	f := newFixture(t, nil)
	prepare(t, f, `{"Name": "q", "Service": {"Service": "web"}}`)
	before := f.consensus.applied()
	const id = "8f246b77-f3e1-4f88-9b48-8ec93abf3e05"
	for _, c := range []struct {
		method, path, body string
		status             int
		line               string
	}{
		{"PUT", "/v1/query", "{}", 405, `method "PUT" is not allowed here, only GET, HEAD, POST`},
		{"POST", "/v1/query/" + id, "{}", 405, `method "POST" is not allowed here, only DELETE, GET, HEAD, PUT`},
		{"POST", "/v1/query/q/execute", "{}", 405, `method "POST" is not allowed here, only GET, HEAD`},
		{"DELETE", "/v1/query/", "", 400, "id is missing from the path"},
		{"GET", "/v1/query/a%00", "", 400, "id: contains a control character"},
		{"GET", "/v1/query/" + id + "/", "", 404, "Query not found"},
		{"GET", "/v1/query?index=x", "", 400, `index: "x" is not a number in 0..18446744073709551615`},
		{"POST", "/v1/query", "", 400, "body: is missing; a query is an object with a Service"},
		{"POST", "/v1/query", "nonsense", 400, ""},
		{"POST", "/v1/query", "[]", 400, "body:1:1: wants an object, has a list"},
		{"POST", "/v1/query", strings.Repeat(`{"Service":`, 20_000), 400, ""},
		{"POST", "/v1/query", `{"Name": "` + strings.Repeat("x", maxJSONBytes) + `"}`, 413, ""},
		{"POST", "/v1/query", `{"ID": "` + id + `", "Service": {"Service": "web"}}`, 400, "ID: must be empty; a new query is given one"},
		{"POST", "/v1/query", `{"Name": "x"}`, 400, "Service.Service: is missing"},
		{"POST", "/v1/query", `{"Service": "web"}`, 400, "body:1:13: Service: wants an object, has a string"},
		{"POST", "/v1/query", `{"Service": {"Service": "web", "Connect": true}}`, 400, "Service.Connect: there is no service mesh"},
		{"POST", "/v1/query", `{"Service": {"Service": "web", "SamenessGroup": "x"}}`, 400, "Service: there are no peers and sameness groups, only datacenters"},
		{"POST", "/v1/query", `{"Service": {"Service": "web", "Failover": {"Targets": [{"Peer": "x"}]}}}`, 400, "Service: there are no peers and sameness groups, only datacenters"},
		{"POST", "/v1/query", `{"Service": {"Service": "web"}, "DNS": {"TTL": "x"}}`, 400, `DNS.TTL: "x" is not a TTL such as "10s"`},
		{"POST", "/v1/query", `{"Service": {"Service": "web"}, "Template": {"Regexp": "x"}}`, 400, `Template.Type: "" is not name_prefix_match`},
		{"POST", "/v1/query", `{"Service": {"Service": "${x}"}, "Template": {"Type": "name_prefix_match"}}`, 400,
			"${x}: is none of ${name.full}, ${name.prefix}, ${name.suffix}, ${match(N)}, ${agent.segment}"},
		{"POST", "/v1/query?dc=dc2", `{"Service": {"Service": "web"}}`, 500, "No path to datacenter"},
		{"PUT", "/v1/query/x", `{"Service": {"Service": "web"}}`, 400, `ID: "x" is not a UUID`},
		{"PUT", "/v1/query/" + id, `{"ID": "x", "Service": {"Service": "web"}}`, 400, `ID: "x" is not the "` + id + `" of the path`},
	} {
		r := f.do(c.method, c.path, c.body)
		if r.status != c.status || c.line != "" && r.body != c.line {
			t.Errorf("%s %.60s %.60s: %d %s, want %d %s", c.method, c.path, c.body, r.status, r.body, c.status, c.line)
		}
	}
	if got := f.consensus.applied(); got != before {
		t.Errorf("%d bad requests reached the log", got-before)
	}
	for body, line := range map[string]string{ // what only the state can tell
		`{"Name": "Q", "Service": {"Service": "web"}}`:       `Name: "Q" is that of query`,
		`{"Session": "none", "Service": {"Service": "web"}}`: `invalid session "none"`,
	} {
		if r := f.do("POST", "/v1/query", body); r.status != 500 || !strings.HasPrefix(r.body, line) {
			t.Errorf("%s: %d %s, want %s", body, r.status, r.body, line)
		}
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if r := f.do(method, "/v1/query/"+id, `{"Service": {"Service": "web"}}`); r.status != 500 || r.body != "Cannot modify non-existent prepared query: '"+id+"'" {
			t.Errorf("%s of none: %d %s", method, r.status, r.body)
		}
	}
}
