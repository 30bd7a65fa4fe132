package httpapi

import (
	"strings"
	"testing"
)

func TestPrometheusSD(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.get("/v1/prometheus/sd"); strings.TrimSpace(got) != "[]" {
		t.Errorf("of nothing: %s", got)
	}
	twoWebs(f)
	const web1 = `{"targets":["10.0.0.1:80"],"labels":{"__meta_consul_address":"10.0.0.1","__meta_consul_dc":"dc1",
		"__meta_consul_health":"passing","__meta_consul_metadata_rack":"a","__meta_consul_node":"n1","__meta_consul_service":"web",
		"__meta_consul_service_address":"","__meta_consul_service_id":"web","__meta_consul_service_metadata_version":"2",
		"__meta_consul_service_port":"80","__meta_consul_tagged_address_lan":"10.0.0.1","__meta_consul_tags":",v1,Blue,"}}`
	const web2 = `{"targets":["10.0.1.2:0"],"labels":{"__meta_consul_address":"10.0.0.2","__meta_consul_dc":"dc1",
		"__meta_consul_health":"critical","__meta_consul_node":"n2","__meta_consul_service":"web","__meta_consul_service_address":"10.0.1.2",
		"__meta_consul_service_id":"web-2","__meta_consul_service_port":"0","__meta_consul_tags":",v1,"}}`
	const db = `{"targets":["10.0.0.2:0"],"labels":{"__meta_consul_address":"10.0.0.2","__meta_consul_dc":"dc1",
		"__meta_consul_health":"passing","__meta_consul_node":"n2","__meta_consul_service":"db","__meta_consul_service_address":"",
		"__meta_consul_service_id":"db","__meta_consul_service_port":"0","__meta_consul_tags":",,"}}`
	for _, tt := range []struct{ query, want string }{
		{"", "[" + web1 + "," + db + "," + web2 + "]"},
		{"?service=WEB", "[" + web1 + "," + web2 + "]"},
		{"?service=db&service=web&tag=blue", "[" + web1 + "]"},
		{"?passing", "[" + web1 + "," + db + "]"},
		{"?node-meta=rack:a", "[" + web1 + "]"},
		{"?filter=Service.Port==80", "[" + web1 + "]"},
		{"?service=none", "[]"},
	} {
		r := f.do("GET", "/v1/prometheus/sd"+tt.query, "")
		if r.status != 200 || r.header.Get("Content-Type") != "application/json" || r.index() != "3" {
			t.Errorf("%s: %d %v", tt.query, r.status, r.header)
		}
		expectJSON(t, tt.query, r.body, tt.want)
	}
	for _, bad := range []string{"?filter=Nothing==1", "?passing=maybe", "?index=x"} {
		if r := f.do("GET", "/v1/prometheus/sd"+bad, ""); r.status != 400 {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
}
