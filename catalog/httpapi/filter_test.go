package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"muster/catalog"
)

// filterRow is an entry with two checks, one of them critical.
func filterRow() *ServiceEntry {
	return &ServiceEntry{
		Node: &Node{Node: "n1", Meta: map[string]string{"rack": "a", "os/name": "linux"}},
		Service: &NodeService{
			Service: "web", Port: 80, Tags: []string{"v1", "blue"},
			TaggedAddresses: map[string]ServiceAddress{"lan": {Port: 8080}},
			Meta:            map[string]string{"version": "2", "path": "/api", "odd key": "a`b\"c"},
		},
		Checks: []*HealthCheck{
			{CheckID: "c1", Status: "passing", ServiceTags: []string{"v1"}},
			{CheckID: "c2", Status: "critical"},
		},
	}
}

func filterOf[T any](text string, sample func() T) (*filter[T], error) {
	return newFilter(&request{Request: &http.Request{}, query: url.Values{"filter": {text}}}, sample)
}

func TestFilter(t *testing.T) {
	for text, want := range map[string]bool{
		`Service.Meta.version == "2"`:                     true,
		`Service.Meta.version == 2`:                       true,
		`Service.Meta.version != "2"`:                     false,
		`Service.Meta.missing == "2"`:                     false,
		`Service.Meta.missing != "2"`:                     true,
		`Service.Meta.missing is empty`:                   true,
		`Service.Meta["path"] == "/api"`:                  true,
		`Service.Meta["odd key"] == "a` + "`" + `b\x22c"`: true,
		`Node.Meta["os/name"] == "linux"`:                 true,
		`Service.TaggedAddresses["lan"].Port == 8080`:     true,
		`Service.TaggedAddresses.lan.Port != 8080`:        false,
		`Service.TaggedAddresses.wan.Address == "a"`:      false,
		`Service.TaggedAddresses.wan.Address != "a"`:      true,
		`"rack" in Node.Meta`:                             true,
		`Node.Meta contains "rack"`:                       true,
		`Node.Node == "n1"`:                               true,
		`Node.Node == ""`:                                 false,
		`Node.ID == ""`:                                   true,
		`Node.ID is empty`:                                true,
		`Service.Port == 80`:                              true,
		`Service.Tags contains "blue"`:                    true,
		`"green" in Service.Tags`:                         false,
		`"green" not in Service.Tags`:                     true,
		`Service.Tags not contains "blue"`:                false,
		`Service.Tags is not empty`:                       true,
		`Service.Service matches "^w.b$"`:                 true,
		`Service.Service not matches "^w.b$"`:             false,
		`Service.EnableTagOverride == false`:              true,
		`Service.Weights.Passing == 0`:                    true,
		`Checks.Status == "critical"`:                     true,
		`Checks.Status == "warning"`:                      false,
		`Checks.Status != "warning"`:                      true,
		`Checks.Status != "critical"`:                     false,
		`Checks.Status matches "pass"`:                    true,
		`Checks.CheckID is not empty`:                     true,
		`Checks.ServiceTags contains "v1"`:                true,
		`Checks is empty`:                                 false,
		`any Checks as c { c.Status == "critical" }`:      true,
		`all Checks as c { c.Status == "critical" }`:      false,
		`all Checks as i, c { c.CheckID != "" and (c.Status == "passing" or not i == 0) }`: true,
		`any Service.Tags as t { t == "v1" }`:                                              true,
		`all Node.Meta as _, v { v != "x" }`:                                               true,
		`any Node.Meta as k, _ { k == "rack" }`:                                            true,
		`not (Node.Node == "n2" or Node.Node == "n3")`:                                     true,
		`Node.Node == "n2" and Node.Node == "n1" or Service.Port == 80`:                    true,
		`any Checks as c { any c.ServiceTags as t { t == "v1" } }`:                         true,
		`((((((Node.Node == "n1"))))))`:                                                    true,
		`(any Checks as c { c.Status == "critical" }) and not Node.Node == n2`:             true,
		strings.Repeat(`Node.Node == n1 and `, 50) + `Service.Port == 80`:                  true,
	} {
		f, err := filterOf(text, sampleEntry)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		rows, err := f.only([]*ServiceEntry{filterRow()})
		if err != nil || (len(rows) == 1) != want {
			t.Errorf("%s: kept %d rows, error %v; want kept to be %v", text, len(rows), err, want)
		}
	}
}

// TestBadFilter: refused although there are no rows to try it on.
func TestBadFilter(t *testing.T) {
	for _, text := range []string{
		`nonsense`,
		`Node ==`,
		`Node.Node = "a"`,
		`"open`,
		`Nod.Node == "a"`,
		`Node.Nod == "a"`,
		`node.node == "a"`,
		`Checks.Stat == "critical"`,
		`Node.Node == "a" and Nod.Node == "a"`,
		`Service.Port == "many"`,
		`Service.Port == 80.5`,
		`Service.Service matches "("`,
		`Service.Port is empty`,
		`Service.DNS.Priority == 1`, // absent from most rows
		`any Checks as c { c.Stat == "critical" }`,
		`any Service.Port as c { c == 1 }`,
		strings.Repeat("any Checks as c { ", 4) + `Node.Node == "a"` + strings.Repeat(" }", 4),
		strings.Repeat("(", 200) + `Node.Node == "a"` + strings.Repeat(")", 200),
	} {
		f, err := filterOf(text, sampleEntry)
		if err == nil {
			t.Errorf("%.80s was accepted: %v", text, f)
		} else if status := statusOf(catalog.CodeOf(err)); status != 400 || !strings.HasPrefix(err.Error(), "filter: ") {
			t.Errorf("%.80s: %d %v", text, status, err)
		}
	}
}

// TestFilterSamples tries the samples of all shapes: a selector is as good without rows as with them.
func TestFilterSamples(t *testing.T) {
	_, node := filterOf(`Meta.rack == a and Node == n1`, sampleNode)
	_, flat := filterOf(`ServiceTags contains "a" and NodeMeta.rack == b and ServiceProxy.Mode == ""`, sampleCatalogService)
	_, service := filterOf(`Tags contains "a" and Meta.x == b and TaggedAddresses["lan"].Port == 80`, sampleNodeService)
	_, check := filterOf(`ServiceTags contains "a" and Status == "passing"`, sampleCheck)
	for name, err := range map[string]error{"node": node, "flat": flat, "service": service, "check": check} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
