package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"muster/metrics"
)

func TestRouter(t *testing.T) {
	var table []route
	for _, template := range []string{
		"/", "/metrics", "/ui/{file}", "/v1/kv/{key}", "/v1/agent/service/{id}", "/v1/agent/service/register",
		"/v1/agent/service/deregister/{id}", "/v1/query/{id}/execute", "/v1/query/{id}", "/v1/query",
	} {
		table = append(table, route{template: template})
	}
	root := newRouter(table, metrics.New(metrics.Build{}).HTTP)
	for path, want := range map[string]string{
		"/":                       "/ map[]",
		"//":                      "",
		"/metrics":                "/metrics map[]",
		"/Metrics":                "",
		"/ui":                     "/ui/{file} map[file:]",
		"/ui/":                    "/ui/{file} map[file:]",
		"/ui/a/b":                 "/ui/{file} map[file:a/b]",
		"/uix":                    "",
		"/v1/kv":                  "/v1/kv/{key} map[key:]",
		"/v1/kv/":                 "/v1/kv/{key} map[key:]",
		"/v1/kv//":                "/v1/kv/{key} map[key:/]",
		"/v1/kv/a%2Fb/../c//d%25": "/v1/kv/{key} map[key:a/b/../c//d%]",
		"/v1/kv/a%zz":             "",
		"/v1/agent/service/web":   "/v1/agent/service/{id} map[id:web]",
		"/v1/agent/service/a/b":   "/v1/agent/service/{id} map[id:a/b]",

		"/v1/agent/service/register":       "/v1/agent/service/register map[]",
		"/v1/agent/service/register/x":     "/v1/agent/service/{id} map[id:register/x]",
		"/v1/agent/service/deregister/a/b": "/v1/agent/service/deregister/{id} map[id:a/b]",
		"/v1/query":                        "/v1/query map[]",
		"/v1/query/7":                      "/v1/query/{id} map[id:7]",
		"/v1/query/a%2Fb/execute":          "/v1/query/{id}/execute map[id:a/b]",
		"/v1/query/7/other":                "/v1/query/{id} map[id:7/other]",
		"/v1":                              "",
		"/v2/kv/a":                         "",
	} {
		args, got := map[string]string{}, ""
		if rt := root.match(strings.TrimPrefix(path, "/"), true, args); rt != nil {
			got = fmt.Sprint(rt.template, " ", args)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
