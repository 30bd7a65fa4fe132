package httpapi

import (
	"net/http"
	"testing"
)

// TestNoMesh: the lists of who takes part in a mesh are empty, even of a service that is there, and nothing wakes who waits for them.
func TestNoMesh(t *testing.T) {
	f := newFixture(t, nil)
	if r := f.do("PUT", "/v1/catalog/register", `{"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "web"}}`); r.status != http.StatusOK {
		t.Fatal(r.body)
	}
	for _, path := range []string{
		"/v1/health/connect/web?passing", "/v1/health/ingress/web", "/v1/catalog/connect/web?tag=a", "/v1/catalog/gateway-services/web",
		"/v1/health/connect/web?filter=Service.Port==80", "/v1/catalog/gateway-services/web?filter=Protocol==http", "/v1/health/connect/web?index=1&wait=1ms",
	} {
		r := f.do("GET", path, "")
		if r.status != http.StatusOK || r.body != "[]" || r.index() != "1" || r.header.Get("X-Consul-KnownLeader") != "true" {
			t.Errorf("%s: %d %s %v", path, r.status, r.body, r.header)
		}
	}
	for _, path := range []string{"/v1/connect/ca/roots", "/v1/connect/intentions", "/v1/config/service-defaults", "/v1/discovery-chain/web", "/v1/peerings"} {
		if r := f.do("GET", path, ""); r.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}
