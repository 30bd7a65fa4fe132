package httpapi

import (
	"net/http"
	"testing"

	"muster/catalog"
)

// TestHowReadsAreTold: what a read's headers say of how it was served. In the
// fixture a stale read is 1.5 s behind the leader.
func TestHowReadsAreTold(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		path, control string
		mode          catalog.Consistency
		want          [4]string // consistency, last contact, X-Cache, Age
	}{
		{"/v1/catalog/nodes", "", catalog.Default, [4]string{"leader", "0", "", ""}},
		{"/v1/catalog/nodes?consistent", "", catalog.Consistent, [4]string{"consistent", "0", "", ""}},
		{"/v1/catalog/nodes?stale", "", catalog.Stale, [4]string{"stale", "1500", "", ""}},
		{"/v1/catalog/nodes?cached", "", catalog.Stale, [4]string{"stale", "1500", "HIT", "1"}},
		{"/v1/catalog/nodes?cached", "stale-if-error=10, max-age=2", catalog.Stale, [4]string{"stale", "1500", "HIT", "1"}},
		{"/v1/catalog/nodes?cached", "max-age=1", catalog.Default, [4]string{"leader", "0", "", ""}},
		{"/v1/catalog/nodes?cached", "Max-Age=60, must-revalidate", catalog.Default, [4]string{"leader", "0", "", ""}},
		{"/v1/catalog/nodes?cached", "max-age=soon", catalog.Stale, [4]string{"stale", "1500", "HIT", "1"}},
		{"/v1/health/service/web?cached&passing", "", catalog.Stale, [4]string{"stale", "1500", "HIT", "1"}},
		{"/v1/kv/?keys&cached", "", catalog.Default, [4]string{"leader", "0", "", ""}},
	} {
		r := f.do("GET", c.path, "", "Cache-Control: "+c.control)
		h := r.header
		got := [4]string{h.Get("X-Consul-Effective-Consistency"), h.Get("X-Consul-LastContact"), h.Get("X-Cache"), h.Get("Age")}
		if r.status != http.StatusOK || got != c.want || h.Get("X-Consul-Query-Backend") != "blocking-query" || h.Get("X-Consul-Default-ACL-Policy") != "allow" {
			t.Errorf("%s %q: %d %v", c.path, c.control, r.status, h)
		}
		f.consensus.mu.Lock()
		if last := f.consensus.reads[len(f.consensus.reads)-1]; last != c.mode {
			t.Errorf("%s %q: read as %v, want %v", c.path, c.control, last, c.mode)
		}
		f.consensus.mu.Unlock()
	}
	if r := f.do("GET", "/v1/catalog/nodes?cached&consistent", ""); r.status != http.StatusBadRequest || r.body != "cached and consistent exclude each other" {
		t.Errorf("%d %s", r.status, r.body)
	}
}
