package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// clock is a leader's clock of sessions that answers as it is told.
type clock struct {
	err     error
	late    int // how many times it is not ready yet
	renewed []string
}

func (c *clock) Renew(id string) error {
	c.renewed = append(c.renewed, id)
	if c.late > 0 {
		c.late--
		return catalog.Errorf(catalog.Unavailable, "not yet")
	}
	return c.err
}

// create makes a session and returns its id.
func (f *fixture) create(body string) string {
	f.t.Helper()
	r := f.do("PUT", "/v1/session/create", body)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(r.body), &made); err != nil || r.status != 200 || len(made.ID) != 36 {
		f.t.Fatalf("create %s: %d %s", body, r.status, r.body)
	}
	return made.ID
}

func TestSessionShapes(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	f.put("/v1/catalog/register", `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "serfHealth", "Name": "alive", "Status": "passing"}}`)
	for _, c := range []struct{ body, want string }{
		{"", `"Name":"","Node":"n1","LockDelay":15000000000,"Behavior":"release","TTL":"","NodeChecks":["serfHealth"],"ServiceChecks":null`},
		{`{}`, `"Name":"","Node":"n1","LockDelay":15000000000,"Behavior":"release","TTL":"","NodeChecks":["serfHealth"],"ServiceChecks":null`},
		{`{"name": "x", "node": "N2", "lockdelay": "15000ms", "behavior": "delete", "ttl": "90s", "Checks": []}`,
			`"Name":"x","Node":"n2","LockDelay":15000000000,"Behavior":"delete","TTL":"90s","NodeChecks":[],"ServiceChecks":null`},
		{`{"LockDelay": 20, "TTL": "10500ms", "Checks": ["serfHealth", "ping"]}`,
			`"Name":"","Node":"n1","LockDelay":20000000000,"Behavior":"release","TTL":"10.5s","NodeChecks":["serfHealth","ping"],"ServiceChecks":null`},
		{`{"LockDelay": 1000000000, "TTL": "0s", "NodeChecks": [], "ServiceChecks": [{"ID": "ping", "Namespace": ""}]}`,
			`"Name":"","Node":"n1","LockDelay":1000000000,"Behavior":"release","TTL":"","NodeChecks":[],"ServiceChecks":[{"ID":"ping","Namespace":""}]`},
		{`{"LockDelay": 0, "NodeChecks": [""]}`,
			`"Name":"","Node":"n1","LockDelay":0,"Behavior":"release","TTL":"","NodeChecks":[],"ServiceChecks":null`},
	} {
		id := f.create(c.body)
		index := f.state.Applied()
		expectJSON(t, c.body, f.get("/v1/session/info/"+id), fmt.Sprintf(`[{"ID":"%s",%s,"CreateIndex":%d,"ModifyIndex":%d}]`, id, c.want, index, index))
	}
	var all []Session
	if err := json.Unmarshal([]byte(f.get("/v1/session/list")), &all); err != nil || len(all) != 6 {
		t.Errorf("list: %d sessions, %v", len(all), err)
	}
	if err := json.Unmarshal([]byte(f.get("/v1/session/node/N2")), &all); err != nil || len(all) != 1 || all[0].Name != "x" {
		t.Errorf("node n2: %+v, %v", all, err)
	}
}

func TestLocksOverHTTP(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	a, b := f.create(`{"Node": "n2", "LockDelay": "10s"}`), f.create(`{"Node": "n2"}`)
	for _, step := range []struct {
		method, path, want string
		status             int
	}{
		{"GET", "/v1/session/info/unknown", "[]", 200},
		{"GET", "/v1/session/node/nowhere", "[]", 200},
		{"PUT", "/v1/kv/k?acquire=" + a + "&flags=7", "true", 200},
		{"PUT", "/v1/kv/k?acquire=" + b, "false", 200},
		{"PUT", "/v1/kv/k?release=" + b, "false", 200},
		{"GET", "/v1/kv/k", `[{"LockIndex":1,"Key":"k","Flags":7,"Value":null,"Session":"` + a + `","CreateIndex":6,"ModifyIndex":6}]`, 200},
		{"PUT", "/v1/kv/k?release=" + a, "true", 200},
		{"GET", "/v1/kv/k", `[{"LockIndex":1,"Key":"k","Flags":0,"Value":null,"CreateIndex":6,"ModifyIndex":9}]`, 200},
		{"PUT", "/v1/kv/k?acquire=" + a, "true", 200},
		{"PUT", "/v1/session/destroy/" + a, "true", 200},
		{"PUT", "/v1/session/destroy/" + a, "true", 200},
		{"PUT", "/v1/kv/k?acquire=" + b, "false", 200}, // within the lock delay
		{"PUT", "/v1/kv/k?acquire=" + a, `invalid session "` + a + `"`, 500},
	} {
		if r := f.do(step.method, step.path, ""); r.status != step.status || r.body != step.want {
			t.Errorf("%s %s: %d %s, want %d %s", step.method, step.path, r.status, r.body, step.status, step.want)
		}
	}
}

func TestSessionsThatTheStateRefuses(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	for body, want := range map[string]string{
		`{"Node": "n9"}`: "Missing node registration",
		`{"Node": "n1"}`: "Missing check 'serfHealth' registration",
		`{"Node": "n2", "ServiceChecks": [{"ID": "c2"}]}`:    "Check 'c2' is in critical state",
		`{"Node": "n2", "Checks": ["c2"], "LockDelay": "0"}`: "Check 'c2' is in critical state",
	} {
		if r := f.do("PUT", "/v1/session/create", body); r.status != 500 || r.body != want {
			t.Errorf("%s: %d %s, want %s", body, r.status, r.body, want)
		}
	}
	if r := f.do("PUT", "/v1/session/create", `{}`, "X-Muster-Passed: 2"); r.status != 400 || !strings.HasPrefix(r.body, "Node: is missing") {
		t.Errorf("from another datacenter: %d %s", r.status, r.body)
	}
	f.consensus.fail(catalog.Errorf(catalog.Unavailable, "no leader"))
	if r := f.do("PUT", "/v1/session/create", `{}`); r.status != 503 {
		t.Errorf("without a leader: %d %s", r.status, r.body)
	}
}

func TestRenew(t *testing.T) {
	c := &clock{}
	f := newFixture(t, func(cfg *Config, d *Deps) { d.Sessions, cfg.HoldTimeout = c, time.Second })
	twoWebs(f)
	id := f.create(`{"Node": "n2", "TTL": "10s"}`)
	path := "/v1/session/renew/" + id
	if r := f.do("PUT", path, ""); r.status != 200 || r.body != f.get("/v1/session/info/"+id) {
		t.Errorf("renew: %d %s", r.status, r.body)
	}
	if len(c.renewed) != 1 || c.renewed[0] != id {
		t.Errorf("renewed %v", c.renewed)
	}
	c.late = 2 // a leader that was just elected
	if r := f.do("PUT", path, ""); r.status != 200 || len(c.renewed) != 4 {
		t.Errorf("a leader not ready yet: %d %s, renewed %v", r.status, r.body, c.renewed)
	}
	c.err = catalog.Errorf(catalog.NotFound, "its time was up")
	if r := f.do("PUT", path, ""); r.status != 404 || r.body != "Session id '"+id+"' not found" {
		t.Errorf("too late: %d %s", r.status, r.body)
	}
	c.late = 1 << 30
	if r := f.do("PUT", path, ""); r.status != 503 || r.body != "not yet" {
		t.Errorf("not leading: %d %s", r.status, r.body)
	}
	c.err, c.late = nil, 0
	f.put("/v1/session/destroy/"+id, "")
	if r := f.do("PUT", path, ""); r.status != 404 {
		t.Errorf("destroyed: %d %s", r.status, r.body)
	}
}

// TestSessionReadsBlock until their own result changes.
func TestSessionReadsBlock(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	f.put("/v1/catalog/register", `{"Node": "n1", "SkipNodeUpdate": true, "Check": {"CheckID": "serfHealth", "Name": "alive", "Status": "passing"}}`)
	other, id := f.create(`{"Node": "n1"}`), f.create(`{"Node": "n2"}`)
	f.put("/v1/kv/k?acquire="+id, "")
	var answers []<-chan response
	paths := []string{"/v1/session/info/" + id, "/v1/session/node/n2", "/v1/session/list", "/v1/kv/k"}
	for _, path := range paths {
		at := f.do("GET", path, "").index()
		answers = append(answers, f.blocked(context.Background(), path+"?wait=60s&index="+at))
	}
	still := f.blocked(context.Background(), "/v1/session/info/"+other+"?wait=60s&index="+f.do("GET", "/v1/session/info/"+other, "").index())
	f.put("/v1/catalog/deregister", `{"Node": "n2", "CheckID": "serfHealth"}`)
	for i, answer := range answers {
		if r := await(t, paths[i], answer); r.status != 200 || strings.Contains(r.body, id) {
			t.Errorf("%s: %d %s", paths[i], r.status, r.body)
		}
	}
	select {
	case r := <-still:
		t.Errorf("another session's read ended: %s", r.body)
	default:
	}
	f.put("/v1/session/destroy/"+other, "")
	if r := await(t, "the other", still); r.body != "[]" {
		t.Errorf("the other: %s", r.body)
	}
}
