package main

import "testing"

func TestCatalogNodes(t *testing.T) {
	nodes := map[string]string{"GET /v1/catalog/nodes": `200 [
		{"ID":"0123456789ab","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":{"wan":"1.1.1.1","lan":"10.0.0.1"},"Meta":{"rack":"r1"}},
		{"Node":"longer-name","Address":"10.0.0.2","Datacenter":"dc1"}]`}
	for _, e := range []example{
		{args: "catalog nodes", answers: nodes, asks: "GET /v1/catalog/nodes", stdout: `
Node         ID        Address   DC
n1           01234567  10.0.0.1  dc1
longer-name            10.0.0.2  dc1
`},
		{args: "catalog nodes -detailed", answers: nodes, asks: "GET /v1/catalog/nodes", stdout: `
Node         ID            Address   DC   TaggedAddresses           Meta
n1           0123456789ab  10.0.0.1  dc1  lan=10.0.0.1,wan=1.1.1.1  rack=r1
longer-name                10.0.0.2  dc1
`},
		{args: "catalog nodes -near=_agent -filter=Meta.a==b -node-meta a=b -node-meta c=d,e",
			answers: map[string]string{"GET /v1/catalog/nodes?filter=Meta.a%3D%3Db&near=+agent&node-meta=a%3Ab&node-meta=c%3Ad%2Ce": "200 []"},
			asks:    "GET /v1/catalog/nodes?filter=Meta.a%3D%3Db&near=+agent&node-meta=a%3Ab&node-meta=c%3Ad%2Ce", stderr: "No nodes match"},
		{args: "catalog nodes -format json", answers: map[string]string{"GET /v1/catalog/nodes": "200 []"}, asks: "GET /v1/catalog/nodes", stdout: "[]\n"},
		{args: "catalog nodes -service web", answers: map[string]string{"GET /v1/catalog/service/web": `200 [
			{"ID":"i","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","ServiceID":"w1"},
			{"ID":"i","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","ServiceID":"w2"}]`},
			asks: "GET /v1/catalog/service/web", stdout: "Node  ID  Address   DC\nn1    i   10.0.0.1  dc1\n"},
		{args: "catalog nodes -node-meta rack", code: 2, stderr: "is not KEY=VALUE"},
	} {
		e.try(t)
	}
}

func TestCatalogServices(t *testing.T) {
	services := map[string]string{"GET /v1/catalog/services": `200 {"web":["v2","v1"],"consul":[]}`}
	node := `200 {"Node":{"Node":"n1"},"Services":{"w1":{"ID":"w1","Service":"web","Tags":["b","a"]},"w2":{"ID":"w2","Service":"web","Tags":["a"]}}}`
	for _, e := range []example{
		{args: "catalog services", answers: services, asks: "GET /v1/catalog/services", stdout: "consul\nweb\n"},
		{args: "catalog services -tags", answers: services, asks: "GET /v1/catalog/services", stdout: "consul\nweb     v2,v1\n"},
		{args: "catalog services -format json", answers: services, asks: "GET /v1/catalog/services", stdout: `
{
    "consul": [],
    "web": [
        "v2",
        "v1"
    ]
}
`},
		{args: "catalog services -node n1 -tags", answers: map[string]string{"GET /v1/catalog/node/n1": node}, asks: "GET /v1/catalog/node/n1", stdout: "web  a,b\n"},
		{args: "catalog services -node none", answers: map[string]string{"GET /v1/catalog/node/none": "200 null"}, asks: "GET /v1/catalog/node/none",
			code: 1, stderr: `there is no node "none"`},
		{args: "catalog services -stale", answers: map[string]string{"GET /v1/catalog/services?stale=": "200 {}"}, asks: "GET /v1/catalog/services?stale=", stderr: "No services match"},
	} {
		e.try(t)
	}
}

func TestCatalogDatacenters(t *testing.T) {
	answers := map[string]string{"GET /v1/catalog/datacenters": `200 ["dc1","dc2"]`}
	for _, e := range []example{
		{args: "catalog datacenters", answers: answers, asks: "GET /v1/catalog/datacenters", stdout: "dc1\ndc2\n"},
		{args: "catalog datacenters -format=json", answers: answers, asks: "GET /v1/catalog/datacenters", stdout: "[\n    \"dc1\",\n    \"dc2\"\n]\n"},
	} {
		e.try(t)
	}
}
