package httpapi

import (
	"strings"
	"testing"
)

// twoWebs registers, at indexes 1 to 3, two instances of web on two nodes, one of them critical.
func twoWebs(f *fixture) {
	f.put("/v1/catalog/register", `{"node": "n1", "Address": "10.0.0.1", "ID": "40e4a748-2192-161a-0510-9bf59fe950b5",
		"TaggedAddresses": {"lan": "10.0.0.1"}, "NodeMeta": {"rack": "a"},
		"Service": {"Service": "web", "Tags": ["v1", "Blue"], "Port": 80, "Meta": {"version": "2"}, "Weights": {"Passing": 5, "Warning": 2}},
		"Check": {"Name": "ping", "ServiceID": "web", "Status": "passing", "Output": "ok", "Type": "http", "Interval": "10s"}}`)
	f.put("/v1/catalog/register", `{"Node": "n2", "Address": "10.0.0.2",
		"Service": {"ID": "web-2", "Service": "web", "Address": "10.0.1.2", "Tags": ["v1"],
			"TaggedAddresses": {"lan_ipv6": {"Address": "2001:db8::2", "Port": 8080}}},
		"Checks": [{"CheckID": "serfHealth", "Name": "alive", "Status": "passing"}, {"CheckID": "c2", "ServiceID": "web-2"}]}`)
	f.put("/v1/catalog/register", `{"Node": "N2", "SkipNodeUpdate": true, "Service": {"Service": "db"}}`)
}

const (
	jsonNode1 = `{"ID":"40e4a748-2192-161a-0510-9bf59fe950b5","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1",
		"TaggedAddresses":{"lan":"10.0.0.1"},"Meta":{"rack":"a"},"CreateIndex":1,"ModifyIndex":1}`
	jsonNode2 = `{"ID":"","Node":"n2","Address":"10.0.0.2","Datacenter":"dc1","TaggedAddresses":{},"Meta":{},"CreateIndex":2,"ModifyIndex":2}`

	jsonWeb1 = `{"ID":"web","Service":"web","Tags":["v1","Blue"],"Address":"","TaggedAddresses":{},"Meta":{"version":"2"},"Port":80,
		"Weights":{"Passing":5,"Warning":2},"EnableTagOverride":false,"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},
		"PeerName":"","CreateIndex":1,"ModifyIndex":1}`
	jsonWeb2 = `{"ID":"web-2","Service":"web","Tags":["v1"],"Address":"10.0.1.2",
		"TaggedAddresses":{"lan_ipv6":{"Address":"2001:db8::2","Port":8080}},"Meta":{},"Port":0,
		"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},
		"PeerName":"","CreateIndex":2,"ModifyIndex":2}`
	jsonDB = `{"ID":"db","Service":"db","Tags":[],"Address":"","TaggedAddresses":{},"Meta":{},"Port":0,
		"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"Mode":"","MeshGateway":{},"Expose":{}},"Connect":{},
		"PeerName":"","CreateIndex":3,"ModifyIndex":3}`

	jsonPing = `{"Node":"n1","CheckID":"ping","Name":"ping","Status":"passing","Notes":"","Output":"ok","ServiceID":"web",
		"ServiceName":"web","ServiceTags":["v1","Blue"],"Type":"http","Interval":"10s","Timeout":"","ExposedPort":0,"Definition":{},
		"CreateIndex":1,"ModifyIndex":1}`
	jsonSerf = `{"Node":"n2","CheckID":"serfHealth","Name":"alive","Status":"passing","Notes":"","Output":"","ServiceID":"",
		"ServiceName":"","ServiceTags":[],"Type":"","Interval":"","Timeout":"","ExposedPort":0,"Definition":{},
		"CreateIndex":2,"ModifyIndex":2}`
	jsonC2 = `{"Node":"n2","CheckID":"c2","Name":"c2","Status":"critical","Notes":"","Output":"","ServiceID":"web-2",
		"ServiceName":"web","ServiceTags":["v1"],"Type":"","Interval":"","Timeout":"","ExposedPort":0,"Definition":{},
		"CreateIndex":2,"ModifyIndex":2}`

	jsonFlat1 = `{"ID":"40e4a748-2192-161a-0510-9bf59fe950b5","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1",
		"TaggedAddresses":{"lan":"10.0.0.1"},"NodeMeta":{"rack":"a"},"ServiceKind":"","ServiceID":"web","ServiceName":"web",
		"ServiceTags":["v1","Blue"],"ServiceAddress":"","ServiceTaggedAddresses":{},"ServiceWeights":{"Passing":5,"Warning":2},
		"ServiceMeta":{"version":"2"},"ServicePort":80,"ServiceSocketPath":"","ServiceEnableTagOverride":false,
		"ServiceProxy":{"Mode":"","MeshGateway":{},"Expose":{}},"ServiceConnect":{},"CreateIndex":1,"ModifyIndex":1}`
	jsonFlat2 = `{"ID":"","Node":"n2","Address":"10.0.0.2","Datacenter":"dc1",
		"TaggedAddresses":{},"NodeMeta":{},"ServiceKind":"","ServiceID":"web-2","ServiceName":"web",
		"ServiceTags":["v1"],"ServiceAddress":"10.0.1.2","ServiceTaggedAddresses":{"lan_ipv6":{"Address":"2001:db8::2","Port":8080}},
		"ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{},"ServicePort":0,"ServiceSocketPath":"","ServiceEnableTagOverride":false,
		"ServiceProxy":{"Mode":"","MeshGateway":{},"Expose":{}},"ServiceConnect":{},"CreateIndex":2,"ModifyIndex":2}`

	jsonEntry1 = `{"Node":` + jsonNode1 + `,"Service":` + jsonWeb1 + `,"Checks":[` + jsonPing + `]}`
	jsonEntry2 = `{"Node":` + jsonNode2 + `,"Service":` + jsonWeb2 + `,"Checks":[` + jsonSerf + `,` + jsonC2 + `]}`
)

func list(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

func TestReads(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	for path, want := range map[string]string{
		"status/leader": `"127.0.0.1:8300"`,
		"status/peers":  `[]`,

		"catalog/datacenters":                        `["dc1"]`,
		"catalog/nodes":                              list(jsonNode1, jsonNode2),
		"catalog/nodes?near=n2":                      list(jsonNode2, jsonNode1),
		"catalog/nodes?near=_agent":                  list(jsonNode1, jsonNode2),
		"catalog/nodes?near=elsewhere":               list(jsonNode1, jsonNode2),
		"catalog/nodes?node-meta=rack:a":             list(jsonNode1),
		"catalog/nodes?node-meta=rack:b":             `[]`,
		"catalog/nodes?node-meta=rack":               `[]`,
		"catalog/nodes?dc=DC1":                       list(jsonNode1, jsonNode2),
		"catalog/services":                           `{"db":[],"web":["Blue","v1"]}`,
		"catalog/services?node-meta=rack:a":          `{"web":["Blue","v1"]}`,
		"catalog/services?filter=ServicePort==0":     `{"db":[],"web":["v1"]}`,
		"catalog/service/web":                        list(jsonFlat1, jsonFlat2),
		"catalog/service/WEB?tag=V1":                 list(jsonFlat1, jsonFlat2),
		"catalog/service/web?tag=v1&tag=blue":        list(jsonFlat1),
		"catalog/service/web?tag=gone":               `[]`,
		"catalog/service/web?near=n2":                list(jsonFlat2, jsonFlat1),
		"catalog/service/web?node-meta=rack:a":       list(jsonFlat1),
		"catalog/service/unknown":                    `[]`,
		"catalog/node/n2":                            `{"Node":` + jsonNode2 + `,"Services":{"db":` + jsonDB + `,"web-2":` + jsonWeb2 + `}}`,
		"catalog/node/unknown":                       `null`,
		"catalog/node-services/n2":                   `{"Node":` + jsonNode2 + `,"Services":` + list(jsonDB, jsonWeb2) + `}`,
		"catalog/node-services/unknown":              `{"Node":null,"Services":[]}`,
		"catalog/node-services/n2?filter=ID==`db`":   `{"Node":` + jsonNode2 + `,"Services":` + list(jsonDB) + `}`,
		"health/node/n2":                             list(jsonC2, jsonSerf),
		"health/node/unknown":                        `[]`,
		"health/checks/web":                          list(jsonPing, jsonC2),
		"health/checks/web?near=n2":                  list(jsonC2, jsonPing),
		"health/checks/db":                           `[]`,
		"health/state/any":                           list(jsonPing, jsonC2, jsonSerf),
		"health/state/critical":                      list(jsonC2),
		"health/state/warning":                       `[]`,
		"health/state/any?node-meta=rack:a":          list(jsonPing),
		"health/service/web":                         list(jsonEntry1, jsonEntry2),
		"health/service/web?passing":                 list(jsonEntry1),
		"health/service/web?passing=1":               list(jsonEntry1),
		"health/service/web?passing=false":           list(jsonEntry1, jsonEntry2),
		"health/service/web?tag=v1&tag=blue":         list(jsonEntry1),
		"health/service/web?near=n2":                 list(jsonEntry2, jsonEntry1),
		"health/service/web?node-meta=rack:a":        list(jsonEntry1),
		"health/service/web?filter=Node.Node==`n2`":  list(jsonEntry2),
		"health/service/unknown":                     `[]`,
		"health/service/web?stale":                   list(jsonEntry1, jsonEntry2),
		"health/service/web?token=secret&consistent": list(jsonEntry1, jsonEntry2),
	} {
		expectJSON(t, path, f.get("/v1/"+path), want)
	}
}

func TestIndexesAreTheResources(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.do("GET", "/v1/catalog/nodes", "").index(); got != "1" {
		t.Errorf("index of an empty catalog is %s", got)
	}
	twoWebs(f)
	f.put("/v1/kv/noise", "")
	for path, want := range map[string]string{
		"catalog/nodes":                     "2",
		"catalog/services":                  "3",
		"catalog/services?node-meta=rack:a": "3",
		"catalog/service/db":                "3",
		"catalog/service/web":               "2",
		"catalog/node/n1":                   "1",
		"catalog/node-services/n1":          "1",
		"health/node/n1":                    "1",
		"health/checks/web":                 "2",
		"health/service/web":                "2",
		"health/state/any":                  "2",
	} {
		if got := f.do("GET", "/v1/"+path, "").index(); got != want {
			t.Errorf("%s: index %s, want %s", path, got, want)
		}
	}
}

func TestDeregister(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	for _, step := range []struct{ body, path, want string }{
		{`{"Node": "n2", "CheckID": "c2"}`, "/v1/health/node/n2", list(jsonSerf)},
		{`{"Node": "n2", "ServiceID": "web-2"}`, "/v1/catalog/node-services/n2", `{"Node":` + jsonNode2 + `,"Services":` + list(jsonDB) + `}`},
		{`{"Node": "n2", "ServiceID": "never was"}`, "/v1/catalog/service/web", list(jsonFlat1)},
		{`{"Node": "n2"}`, "/v1/catalog/nodes", list(jsonNode1)},
	} {
		f.put("/v1/catalog/deregister", step.body)
		expectJSON(t, step.body, f.get(step.path), step.want)
	}
}

func TestRegisterFillsIn(t *testing.T) {
	f := newFixture(t, nil)
	long := strings.Repeat("x", 4095) + "€"
	f.put("/v1/catalog/register", `{"Node": "n", "Address": "host.example", "Datacenter": "dc1",
		"Service": {"Service": "s", "Weights": {}, "Unknown": [1]}, "Check": {"Name": "c", "Output": "`+long+`"}}`)
	snap := f.state.Snapshot()
	if i := snap.Instance("n", "s"); i == nil || i.Weights.Passing != 1 || i.Weights.Warning != 1 {
		t.Errorf("instance is %+v", i)
	}
	if n := snap.Node("n"); n.Datacenter != "dc1" {
		t.Errorf("node is %+v", n)
	}
	if c := snap.Check("n", "c"); c == nil || c.Status != "critical" || c.Output != long[:4095] {
		t.Errorf("check is %+v", c)
	}
}
