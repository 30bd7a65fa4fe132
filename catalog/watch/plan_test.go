package watch

import (
	"fmt"
	"strings"
	"testing"
)

func TestPlans(t *testing.T) {
	for _, tc := range []struct {
		plan Plan
		asks string // the path and query; empty: the plan is refused
		says string // each problem
	}{
		{Plan{Type: "key", Key: "a/b", Datacenter: "dc2"}, "/v1/kv/||a/b?dc=dc2", ""},
		{Plan{Type: "keyprefix", Prefix: "a/", Stale: true}, "/v1/kv/||a/?recurse=&stale=", ""},
		{Plan{Type: "services", Filter: "x"}, "/v1/catalog/services||?filter=x", ""},
		{Plan{Type: "nodes"}, "/v1/catalog/nodes||?", ""},
		{Plan{Type: "service", Service: "web", Tags: []string{"a", "b"}, PassingOnly: true}, "/v1/health/service/|web|?passing=&tag=a&tag=b", ""},
		{Plan{Type: "checks"}, "/v1/health/state/|any|?", ""},
		{Plan{Type: "checks", State: "critical"}, "/v1/health/state/|critical|?", ""},
		{Plan{Type: "checks", Service: "web"}, "/v1/health/checks/|web|?", ""},
		{Plan{Type: "event"}, "/v1/event/list||?", ""},
		{Plan{Type: "event", Name: "deploy"}, "/v1/event/list||?name=deploy", ""},
		{Plan{}, "", "type: is missing"},
		{Plan{Type: "keys"}, "", `type: "keys" is none of checks, event, key, keyprefix, nodes, service, services`},
		{Plan{Type: "key"}, "", "key: is missing"},
		{Plan{Type: "keyprefix"}, "", "prefix: is missing"},
		{Plan{Type: "service", Tags: []string{"a"}}, "", "service: is missing"},
		{Plan{Type: "nodes", Service: "web", PassingOnly: true}, "", "service: means nothing to a watch of type nodes; passingonly: means nothing to a watch of type nodes"},
		{Plan{Type: "event", Stale: true, Datacenter: "x"}, "", "stale: means nothing to a watch of type event; datacenter: means nothing to a watch of type event"},
		{Plan{Type: "checks", Service: "web", State: "any"}, "", "state: and service exclude each other"},
		{Plan{Type: "checks", State: "ill"}, "", `state: "ill" is none of any, passing, warning, critical`},
	} {
		var said []string
		for _, p := range tc.plan.Validate() {
			said = append(said, p.Field+": "+p.Message)
		}
		if got := strings.Join(said, "; "); got != tc.says {
			t.Errorf("%+v: %s, want %s", tc.plan, got, tc.says)
		}
		if tc.says != "" {
			continue
		}
		r := tc.plan.Request()
		if got := fmt.Sprintf("%s|%s|%s?%s", r.Path, r.Name, r.Key, r.Query.Encode()); got != tc.asks {
			t.Errorf("%+v asks %s, want %s", tc.plan, got, tc.asks)
		}
	}
}

func TestShape(t *testing.T) {
	for _, tc := range []struct{ kind, body, want string }{
		{"key", `[{"Key":"a"}]`, `{"Key":"a"}`},
		{"key", "", "null"},
		{"key", "[]", "error"},
		{"keyprefix", "", "null"},
		{"nodes", "[]", "[]"},
		{"nodes", "<html>", "error"},
	} {
		var body []byte
		if tc.body != "" {
			body = []byte(tc.body)
		}
		p := Plan{Type: tc.kind}
		got, err := p.shape(body)
		if err != nil {
			got = []byte("error")
		}
		if string(got) != tc.want {
			t.Errorf("%s %s became %s, want %s", tc.kind, tc.body, got, tc.want)
		}
	}
}
