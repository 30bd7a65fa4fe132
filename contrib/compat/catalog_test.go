package compat

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestCatalog(t *testing.T) {
	flows(t, map[string]func(*flow){
		"register, read, deregister": catalogUse,
		"defaults filled in":         catalogDefaults,
		"nodes":                      catalogNodes,
		"tags and filters":           catalogFilters,
		"what is not there":          catalogMissing,
		"skip node update":           catalogSkipNode,
		"cached reads":               catalogCached,
		"refused":                    catalogRefused,
	})
}

// register puts a node with an instance and a check on it into the catalog, until the test ends.
func (f *flow) register(node string, service *api.AgentService, status string, meta map[string]string) {
	f.Helper()
	reg := &api.CatalogRegistration{Node: node, Address: "192.0.2.9", NodeMeta: meta, Service: service}
	if status != "" {
		reg.Check = &api.AgentCheck{Node: node, CheckID: "c:" + service.ID, Name: "probe", Status: status, ServiceID: service.ID, Output: "said"}
	}
	_, err := f.Catalog().Register(reg, nil)
	f.ok(err)
	f.Cleanup(func() { _, _ = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node}, nil) })
}

// web is an instance of a service of this flow.
func (f *flow) web(id string, tags ...string) *api.AgentService {
	return &api.AgentService{ID: f.key(id), Service: f.key("web"), Port: 80, Tags: tags}
}

func catalogUse(f *flow) {
	node := f.key("n")
	f.register(node, &api.AgentService{
		ID: f.key("web1"), Service: f.key("web"), Port: 80, Tags: []string{"a", "b"}, Address: "192.0.2.10", Meta: map[string]string{"v": "2"},
		Weights:         api.AgentWeights{Passing: 10, Warning: 2},
		TaggedAddresses: map[string]api.ServiceAddress{"wan": {Address: "198.51.100.1", Port: 8080}},
	}, "passing", map[string]string{"rack": "r9"})
	list, meta, err := f.Catalog().Service(f.key("web"), "", nil)
	f.ok(err)
	if len(list) != 1 || meta.LastIndex == 0 || !meta.KnownLeader {
		f.Fatalf("%+v %+v", list, meta)
	}
	s := list[0]
	f.is("instance", *s, api.CatalogService{
		Node: node, Address: "192.0.2.9", Datacenter: "dc1", TaggedAddresses: map[string]string{}, NodeMeta: map[string]string{"rack": "r9"},
		ServiceID: f.key("web1"), ServiceName: f.key("web"), ServiceAddress: "192.0.2.10", ServicePort: 80, ServiceTags: []string{"a", "b"},
		ServiceTaggedAddresses: map[string]api.ServiceAddress{"wan": {Address: "198.51.100.1", Port: 8080}},
		ServiceMeta:            map[string]string{"v": "2"}, ServiceWeights: api.Weights{Passing: 10, Warning: 2},
		ServiceProxy: &api.AgentServiceConnectProxyConfig{}, CreateIndex: s.CreateIndex, ModifyIndex: s.CreateIndex,
	})
	one, _, err := f.Catalog().Node(node, nil)
	f.ok(err)
	f.is("node's instances", one.Services[f.key("web1")].Service, f.key("web"))
	f.is("node", *one.Node, api.Node{Node: node, Address: "192.0.2.9", Datacenter: "dc1", TaggedAddresses: map[string]string{},
		Meta: map[string]string{"rack": "r9"}, CreateIndex: one.Node.CreateIndex, ModifyIndex: one.Node.ModifyIndex})
	ls, _, err := f.Catalog().NodeServiceList(node, nil)
	f.ok(err)
	f.is("list of instances", pick(ls.Services, func(s *api.AgentService) string { return s.ID }), []string{f.key("web1")})
	all, _, err := f.Catalog().Services(nil)
	f.ok(err)
	f.is("services", all[f.key("web")], []string{"a", "b"})

	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node, CheckID: "c:" + f.key("web1")}, nil)
	f.ok(err)
	checks, _, err := f.Health().Checks(f.key("web"), nil)
	f.ok(err)
	f.is("checks", len(checks), 0)
	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node, ServiceID: f.key("web1")}, nil)
	f.ok(err)
	list, _, err = f.Catalog().Service(f.key("web"), "", nil)
	f.ok(err)
	f.is("instances", list, []*api.CatalogService{})
	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node}, nil)
	f.ok(err)
	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node}, nil)
	f.ok(err) // again is no error
}

func catalogDefaults(f *flow) {
	node := f.key("n")
	f.register(node, &api.AgentService{Service: f.key("plain")}, "", nil)
	_, err := f.Catalog().Register(&api.CatalogRegistration{Node: node, Address: "192.0.2.9", Check: &api.AgentCheck{Node: node, Name: "bare"}}, nil)
	f.ok(err)
	list, _, err := f.Catalog().Service(f.key("plain"), "", nil)
	f.ok(err)
	s := list[0]
	f.is("instance", *s, api.CatalogService{
		Node: node, Address: "192.0.2.9", Datacenter: "dc1", TaggedAddresses: map[string]string{}, NodeMeta: map[string]string{},
		ServiceID: f.key("plain"), ServiceName: f.key("plain"), ServiceTags: []string{}, ServiceMeta: map[string]string{},
		ServiceTaggedAddresses: map[string]api.ServiceAddress{}, ServiceWeights: api.Weights{Passing: 1, Warning: 1},
		ServiceProxy: &api.AgentServiceConnectProxyConfig{}, CreateIndex: s.CreateIndex, ModifyIndex: s.ModifyIndex,
	})
	checks, _, err := f.Health().Node(node, nil)
	f.ok(err)
	f.is("check", *checks[0], api.HealthCheck{Node: node, CheckID: "bare", Name: "bare", Status: "critical", ServiceTags: []string{},
		CreateIndex: checks[0].CreateIndex, ModifyIndex: checks[0].ModifyIndex})
}

func catalogNodes(f *flow) {
	for _, n := range []string{"n1", "n2"} {
		f.register(f.key(n), f.web("web-"+n), "", map[string]string{"flow": f.prefix, "name": n})
	}
	names := func(q *api.QueryOptions) []string {
		f.Helper()
		nodes, _, err := f.Catalog().Nodes(q)
		f.ok(err)
		return pick(nodes, func(n *api.Node) string { return n.Node })
	}
	mine := map[string]string{"flow": f.prefix}
	f.is("by meta", names(&api.QueryOptions{NodeMeta: mine}), []string{f.key("n1"), f.key("n2")})
	f.is("by both", names(&api.QueryOptions{NodeMeta: map[string]string{"flow": f.prefix, "name": "n2"}}), []string{f.key("n2")})
	f.is("by filter", names(&api.QueryOptions{Filter: `Meta.flow == "` + f.prefix + `" and Meta.name != "n2"`}), []string{f.key("n1")})
	f.is("near", names(&api.QueryOptions{Near: f.key("n2"), NodeMeta: mine})[0], f.key("n2"))
	f.is("stale", len(names(&api.QueryOptions{AllowStale: true})) > 0, true)
	dcs, err := f.Catalog().Datacenters()
	f.ok(err)
	f.is("datacenters", dcs, []string{"dc1"})
	services, _, err := f.Catalog().Services(&api.QueryOptions{NodeMeta: mine})
	f.ok(err)
	f.is("services by meta", services, map[string][]string{f.key("web"): {}})
}

func catalogFilters(f *flow) {
	f.register(f.key("n1"), f.web("web1", "a", "blue"), "passing", map[string]string{"flow": f.prefix})
	f.register(f.key("n2"), f.web("web2", "b", "blue"), "critical", map[string]string{"flow": f.prefix})
	ids := func(tags []string, q *api.QueryOptions) []string {
		f.Helper()
		list, _, err := f.Catalog().ServiceMultipleTags(f.key("web"), tags, q)
		f.ok(err)
		return pick(list, func(s *api.CatalogService) string { return s.ServiceID })
	}
	f.is("one tag", ids([]string{"a"}, nil), []string{f.key("web1")})
	f.is("two tags", ids([]string{"b", "blue"}, nil), []string{f.key("web2")})
	f.is("a tag no one has", ids([]string{"a", "b"}, nil), []string{})
	for filter, want := range map[string][]string{
		`"a" in ServiceTags`:                          {f.key("web1")},
		`ServiceTags contains "b"`:                    {f.key("web2")},
		`NodeMeta.flow == "` + f.prefix + `"`:         {f.key("web1"), f.key("web2")},
		`ServiceID matches ".*web2$"`:                 {f.key("web2")},
		`ServicePort == 81`:                           {},
		`ServiceMeta is empty and "a" in ServiceTags`: {f.key("web1")},
	} {
		f.is(filter, ids(nil, &api.QueryOptions{Filter: filter}), want)
	}
	_, _, err := f.Catalog().Service(f.key("web"), "", &api.QueryOptions{Filter: "Nothing == 1"})
	f.fails("unknown selector", err, 400, "")
	node, _, err := f.Catalog().Node(f.key("n1"), &api.QueryOptions{Filter: `Service == "other"`})
	f.ok(err)
	f.is("filtered node", len(node.Services), 0)
}

func catalogMissing(f *flow) {
	list, meta, err := f.Catalog().Service(f.key("none"), "", nil)
	f.ok(err)
	f.is("instances", list, []*api.CatalogService{})
	f.is("an index there is", meta.LastIndex > 0, true)
	node, _, err := f.Catalog().Node(f.key("none"), nil)
	f.ok(err)
	f.is("node", node, (*api.CatalogNode)(nil))
	ls, _, err := f.Catalog().NodeServiceList(f.key("none"), nil)
	f.ok(err)
	f.is("list", ls, &api.CatalogNodeServiceList{Services: []*api.AgentService{}})
}

func catalogSkipNode(f *flow) {
	node := f.key("n")
	f.register(node, f.web("web"), "", map[string]string{"k": "v"})
	_, err := f.Catalog().Register(&api.CatalogRegistration{Node: node, SkipNodeUpdate: true, Service: f.web("other")}, nil)
	f.ok(err)
	got, _, err := f.Catalog().Node(node, nil)
	f.ok(err)
	f.is("address and meta stay", []any{got.Node.Address, got.Node.Meta, len(got.Services)}, []any{"192.0.2.9", map[string]string{"k": "v"}, 2})
}

func catalogCached(f *flow) {
	f.register(f.key("n"), f.web("web"), "passing", nil)
	f.until("in the agent's own copy", func() bool {
		list, meta, err := f.Health().Service(f.key("web"), "", false, &api.QueryOptions{UseCache: true})
		f.ok(err)
		if !meta.CacheHit || meta.CacheAge.Seconds() > 60 || !meta.KnownLeader {
			f.Fatalf("%+v", meta)
		}
		return len(list) == 1
	})
	_, meta, err := f.Catalog().Service(f.key("web"), "", nil)
	f.ok(err)
	f.is("not cached unless asked for", meta.CacheHit, false)
	f.is("policy", meta.DefaultACLPolicy, "allow")
	f.is("backend", meta.QueryBackend, api.QueryBackendBlockingQuery)
}

func catalogRefused(f *flow) {
	for what, reg := range map[string]*api.CatalogRegistration{
		"no node":           {Address: "192.0.2.1"},
		"no address":        {Node: f.key("n")},
		"node id":           {Node: f.key("n"), Address: "192.0.2.1", ID: "x"},
		"check of another":  {Node: f.key("n"), Address: "192.0.2.1", Check: &api.AgentCheck{Node: "m", Name: "c"}},
		"status":            {Node: f.key("n"), Address: "192.0.2.1", Check: &api.AgentCheck{Name: "c", Status: "odd"}},
		"service no name":   {Node: f.key("n"), Address: "192.0.2.1", Service: &api.AgentService{ID: "x"}},
		"unknown elsewhere": {Node: f.key("n"), Address: "192.0.2.1", Datacenter: "elsewhere"},
	} {
		_, err := f.Catalog().Register(reg, nil)
		status := 400
		if reg.Datacenter != "" {
			status = 500
		}
		f.fails(what, err, status, "")
	}
	_, err := f.Catalog().Deregister(&api.CatalogDeregistration{}, nil)
	f.fails("deregister nothing", err, 400, "")
}
