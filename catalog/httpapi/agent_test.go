package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"muster/catalog"
)

func TestAgentSelf(t *testing.T) {
	f, _ := newAgentFixture(t)
	expectJSON(t, "self", f.get("/v1/agent/self"), `{
		"Config":{"Datacenter":"dc1","PrimaryDatacenter":"dc1","NodeName":"n1","NodeID":"6a5b7c1e-0000-4000-8000-000000000001","Revision":"abc","Server":true,"Version":"v1.2.3","BuildDate":"2026-11-01T00:00:00Z"},
		"DebugConfig":{"DNSDomain":"consul.","EnableDebug":false},
		"Member":{"Name":"n1","Addr":"127.0.0.1","Port":8301,"Tags":{"dc":"dc1","role":"consul"},"Status":1,"ProtocolMin":1,"ProtocolMax":5,"ProtocolCur":2,"DelegateMin":2,"DelegateMax":5,"DelegateCur":4},
		"Meta":{"rack":"r1"},
		"Stats":{"raft":{"term":"2"}}}`)
	expectJSON(t, "version", f.get("/v1/agent/version"), `{"SHA":"abc","BuildDate":"2026-11-01T00:00:00Z","HumanVersion":"1.2.3","FIPS":""}`)

	// This is how Consul's Go client decodes it.
	var loose map[string]map[string]any
	if err := json.Unmarshal([]byte(f.get("/v1/agent/self")), &loose); err != nil {
		t.Error(err)
	}
}

// Clients that want Consul to be of some age are told what the operator says, of agents whose version is known.
func TestToldVersion(t *testing.T) {
	o := &fakeOperator{health: threeServers(true)}
	f := newFixture(t, func(c *Config, d *Deps) { c.ConsulVersion, d.Agent, d.Operator = "1.21.0", &o.fakeAgent, o })
	for path, want := range map[string]string{
		"/v1/agent/self":                `"Version":"1.21.0"`,
		"/v1/agent/version":             `"HumanVersion":"1.21.0"`,
		"/v1/operator/autopilot/health": `"Version":"1.21.0"`,
		"/v1/operator/autopilot/state":  `"Version":"1.21.0"`,
	} {
		body := f.get(path)
		if !strings.Contains(body, want) || strings.Contains(body, "0.4.0") || strings.Contains(path, "operator") && !strings.Contains(body, `"Version":""`) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if o.health[0].Version != "0.4.0" {
		t.Errorf("what was handed out was changed: %+v", o.health[0])
	}
}

func TestAgentMembers(t *testing.T) {
	f, _ := newAgentFixture(t)
	for path, want := range map[string]string{
		"/v1/agent/members":                       "n1:1 c1:4",
		"/v1/agent/members?wan=1":                 "n1.dc1:1",
		"/v1/agent/members?wan":                   "n1.dc1:1",
		"/v1/agent/members?filter=Name+==+%22c1":  "",
		"/v1/agent/members?filter=Name==%22c1%22": "c1:4",
	} {
		r := f.do("GET", path, "")
		var got []string
		var members []AgentMember
		if r.status == 200 {
			if err := json.Unmarshal([]byte(r.body), &members); err != nil {
				t.Fatal(err)
			}
		} else if want != "" {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
		for _, m := range members {
			got = append(got, m.Name+":"+string(rune('0'+m.Status)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %q", path, got, want)
		}
	}
}

func TestAgentHost(t *testing.T) {
	f, _ := newAgentFixture(t)
	var h struct {
		Memory         map[string]any
		CPU            []map[string]any
		Host           map[string]any
		Disk           map[string]any
		CollectionTime int64
		Errors         []string
	}
	if err := json.Unmarshal([]byte(f.get("/v1/agent/host")), &h); err != nil {
		t.Fatal(err)
	}
	if len(h.Errors) > 0 {
		t.Logf("this machine hides: %v", h.Errors)
	}
	if h.CollectionTime == 0 || h.Memory["total"] == 0.0 && len(h.Errors) == 0 {
		t.Errorf("host %+v", h)
	}
}

func TestAgentMetrics(t *testing.T) {
	f, _ := newAgentFixture(t)
	var m AgentMetrics
	if err := json.Unmarshal([]byte(f.get("/v1/agent/metrics")), &m); err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		for _, g := range m.Gauges {
			if g.Name == name {
				return true
			}
		}
		for _, c := range append(m.Counters, m.Samples...) {
			if c.Name == name {
				return true
			}
		}
		return false
	}
	for _, name := range []string{"muster_build_info", "muster_dns_queries_total", "muster_raft_commit_seconds"} {
		if !has(name) {
			t.Errorf("no %s", name)
		}
	}
	if m.Points == nil || !strings.HasSuffix(m.Timestamp, "+0000 UTC") {
		t.Errorf("points %v, timestamp %q", m.Points, m.Timestamp)
	}
	if text := f.get("/v1/agent/metrics?format=prometheus"); !strings.Contains(text, "# TYPE muster_build_info gauge") {
		t.Errorf("prometheus: %.200s", text)
	}
}

func TestAgentLists(t *testing.T) {
	f, a := newAgentFixture(t)
	for _, path := range []string{"/v1/agent/services", "/v1/agent/checks"} {
		expectJSON(t, path, f.get(path), "{}")
	}
	a.set(twoInstances())
	const web1 = `{"ID":"web-1","Service":"web","Tags":["a"],"Meta":{},"Port":80,"Address":"","TaggedAddresses":{},"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,`
	expectJSON(t, "services", f.get("/v1/agent/services?filter=Port==80"), `{"web-1":`+web1+`"Datacenter":"dc1"}}`)
	expectJSON(t, "service", f.get("/v1/agent/service/web-1"), web1+`"ContentHash":"`+f.do("GET", "/v1/agent/service/web-1", "").header.Get("X-Consul-ContentHash")+`","Datacenter":"dc1"}`)
	var checks map[string]HealthCheck
	if err := json.Unmarshal([]byte(f.get("/v1/agent/checks?filter=Status+!=+passing")), &checks); err != nil {
		t.Fatal(err)
	}
	if len(checks) != 2 || checks["c2"].ServiceID != "web-2" || checks["disk"].Status != "warning" {
		t.Errorf("checks %+v", checks)
	}
}

func TestAgentServiceWaits(t *testing.T) {
	f, a := newAgentFixture(t)
	instances, checks := twoInstances()
	a.set(instances, checks)
	hash := f.do("GET", "/v1/agent/service/web-1", "").header.Get("X-Consul-ContentHash")
	if r := f.do("GET", "/v1/agent/service/web-1?hash=other&wait=5m", ""); r.status != 200 {
		t.Errorf("with another hash: %d %s", r.status, r.body)
	}
	if r := f.do("GET", "/v1/agent/service/web-1?wait=5ms&hash="+hash, ""); r.status != 200 || r.header.Get("X-Consul-ContentHash") != hash {
		t.Errorf("after the wait: %d %s", r.status, r.body)
	}
	answers := make(chan response, 1)
	go func() {
		r, err := f.try(t.Context(), "GET", "/v1/agent/service/web-1?wait=5m&hash="+hash, "")
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}()
	a.set(instances, nil) // checks are no part of the service
	edited := *instances[0]
	edited.Port = 8080
	a.set([]*catalog.Instance{&edited}, nil)
	if r := <-answers; r.header.Get("X-Consul-ContentHash") == hash || !strings.Contains(r.body, `"Port":8080`) {
		t.Errorf("after a change: %d %s", r.status, r.body)
	}
	go func() {
		hash := f.do("GET", "/v1/agent/service/web-1", "").header.Get("X-Consul-ContentHash")
		r, err := f.try(t.Context(), "GET", "/v1/agent/service/web-1?wait=5m&hash="+hash, "")
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}()
	a.set(nil, nil)
	if r := <-answers; r.status != 404 {
		t.Errorf("after its end: %d %s", r.status, r.body)
	}
}

func TestAgentHealth(t *testing.T) {
	f, a := newAgentFixture(t)
	instances, checks := twoInstances()
	maintained := append([]*catalog.Check{{ID: catalog.NodeMaintenance, Status: catalog.Critical}}, checks...)
	tests := []struct {
		path   string
		checks []*catalog.Check
		code   int
		text   string
		shows  int // checks in the JSON form
	}{
		{"id/web-1", checks[:1], 200, "passing", 1},
		{"id/web-1", checks, 429, "warning", 2},
		{"id/web-2", checks, 503, "critical", 2},
		{"id/web-1", maintained, 503, "maintenance", 3},
		{"id/web-1", nil, 200, "passing", 0},
		{"id/nope", checks, 404, "ServiceId nope not found", 0},
		{"name/web", checks, 503, "critical", 4},
		{"name/WEB", checks[:1], 200, "passing", 1},
		{"name/web", maintained, 503, "maintenance", 6},
		{"name/nope", checks, 404, "ServiceName nope Not Found", 0},
	}
	for _, tt := range tests {
		a.set(instances, tt.checks)
		path := "/v1/agent/health/service/" + tt.path
		if r := f.do("GET", path+"?format=text", ""); r.status != tt.code || r.body != tt.text {
			t.Errorf("%s: %d %q, want %d %q", path, r.status, r.body, tt.code, tt.text)
		}
		r := f.do("GET", path, "")
		if got := strings.Count(r.body, `"CheckID"`); r.status != tt.code || got != tt.shows {
			t.Errorf("%s: %d with %d checks, want %d with %d: %s", path, r.status, got, tt.code, tt.shows, r.body)
		}
		if strings.HasPrefix(tt.path, "name") != strings.HasPrefix(r.body, "[") {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

func TestAgentMonitor(t *testing.T) {
	f, a := newAgentFixture(t)
	for query, want := range map[string]string{
		"": "INFO false", "?loglevel=trace": "DEBUG-4 false", "?loglevel=Warn": "WARN false", "?loglevel=err&logjson": "ERROR true",
	} {
		res, err := f.client.Get("http://" + f.Addrs()[0].String() + "/v1/agent/monitor" + query)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"one\n", "two\n"} {
			a.lines <- []byte(line)
			got := make([]byte, len(line))
			if _, err := res.Body.Read(got); err != nil || string(got) != line {
				t.Errorf("%s: read %q, %v", query, got, err)
			}
		}
		if a.asked() != want {
			t.Errorf("%s: asked for %q, want %q", query, a.asked(), want)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		// The handler ends with its client; otherwise it would take the next one's lines.
		eventually(t, "the stream ends", func() bool { return strings.Contains(f.get("/metrics"), "muster_http_requests_in_flight 1\n") })
	}
	if r := f.do("HEAD", "/v1/agent/monitor", ""); r.status != http.StatusOK {
		t.Errorf("HEAD: %d", r.status)
	}
}

func TestMonitorEndsWithTheServer(t *testing.T) {
	f, _ := newAgentFixture(t)
	res, err := f.client.Get("http://" + f.Addrs()[0].String() + "/v1/agent/monitor")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if n, err := res.Body.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d, %v after the end", n, err)
	}
}
