package agent

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAnyAgentServesSessions: each agent makes, renews and ends its own, and locks what the one before let go.
func TestAnyAgentServesSessions(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3, 1)
	says := func(a *testAgent, method, path, body string, status int, part string) {
		t.Helper()
		if code, got := a.call(method, path, body); code != status || !strings.Contains(got, part) {
			t.Errorf("%s: %s %s: %d %s, want %d and %q", a.name, method, path, code, got, status, part)
		}
	}
	for _, a := range c.running() {
		status, body := a.call("PUT", "/v1/session/create", `{"TTL": "10s", "LockDelay": "0s"}`)
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(body), &made); err != nil || status != 200 {
			t.Fatalf("create: %d %s", status, body)
		}
		says(a, "PUT", "/v1/session/renew/"+made.ID, "", 200, made.ID)
		a.want("PUT", "/v1/kv/lead?acquire="+made.ID, "", 200, "true")
		says(a, "PUT", "/v1/txn", `[{"KV": {"Verb": "check-session", "Key": "lead", "Session": "`+made.ID+`"}}, {"KV": {"Verb": "set", "Key": "done"}}]`, 200, made.ID)
		says(a, "PUT", "/v1/txn", `[{"KV": {"Verb": "get", "Key": "done"}}, {"KV": {"Verb": "check-not-exists", "Key": "done"}}]`, 409, "exists")
		a.want("PUT", "/v1/session/destroy/"+made.ID, "", 200, "true")
		says(a, "PUT", "/v1/session/renew/"+made.ID, "", 404, "not found")
	}
	if _, body := c.leader().call("GET", "/v1/kv/lead", ""); !strings.Contains(body, `"LockIndex":4`) {
		t.Errorf("after four holders: %s", body)
	}
}
