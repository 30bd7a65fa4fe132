package httpapi

import (
	"strings"
	"testing"

	"muster/catalog"
)

// Locality is taken with a node and an instance, and shown wherever they are.
func TestShapeOfLocality(t *testing.T) {
	f, a := newAgentFixture(t)
	f.put("/v1/catalog/register", `{"Node": "n1", "Address": "10.0.0.1", "Locality": {"Region": "eu", "Zone": "a"},
		"Service": {"Service": "web", "Locality": {"Region": "eu", "Zone": "b"}}}`)
	a.set([]*catalog.Instance{f.state.Snapshot().Instance("n1", "web")}, nil)
	const node, instance = `"Locality":{"Region":"eu","Zone":"a"}`, `"Locality":{"Region":"eu","Zone":"b"}`
	for path, want := range map[string][]string{
		"catalog/nodes": {node}, "catalog/node/n1": {node, instance}, "catalog/node-services/n1": {node, instance},
		"health/service/web": {node, instance}, "catalog/service/web": {`"Service` + instance[1:]},
		"agent/service/web": {instance}, "agent/services": {instance},
	} {
		for _, w := range want {
			if got := f.get("/v1/" + path); !strings.Contains(got, w) {
				t.Errorf("%s: no %s in %s", path, w, got)
			}
		}
	}
	for body, want := range map[string]string{
		`{"Node": "n1", "Address": "10.0.0.1", "Locality": {"Zone": "a"}}`:                                       "Locality.zone: is set without a region",
		`{"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web", "Locality": {"Region": "\u0001"}}}`: "Service.locality.region: ",
	} {
		if r := f.do("PUT", "/v1/catalog/register", body); r.status != 400 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	if r := f.do("PUT", "/v1/agent/service/register", `{"Name": "web", "Locality": {"Region": "eu"}}`); r.status != 200 {
		t.Errorf("at the agent: %d %s", r.status, r.body)
	}
}
