package compat

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestHealth(t *testing.T) {
	flows(t, map[string]func(*flow){
		"service":       healthService,
		"node, checks":  healthReads,
		"state":         healthState,
		"near":          healthNear,
		"servers":       healthServers,
		"nothing there": healthMissing,
	})
}

func entryIDs(list []*api.ServiceEntry) []string {
	return pick(list, func(e *api.ServiceEntry) string { return e.Service.ID })
}

func healthService(f *flow) {
	f.register(f.key("n1"), f.web("web1", "a"), "passing", map[string]string{"rack": "1"})
	f.register(f.key("n2"), f.web("web2", "b"), "warning", map[string]string{"rack": "2"})
	f.register(f.key("n3"), f.web("web3", "a", "b"), "critical", map[string]string{"rack": "2"})
	for _, c := range []struct {
		what    string
		tags    []string
		passing bool
		q       api.QueryOptions
		want    []string
	}{
		{"all", nil, false, api.QueryOptions{}, []string{"web1", "web2", "web3"}},
		{"passing", nil, true, api.QueryOptions{}, []string{"web1"}},
		{"tag", []string{"b"}, false, api.QueryOptions{}, []string{"web2", "web3"}},
		{"tags", []string{"a", "b"}, false, api.QueryOptions{}, []string{"web3"}},
		{"node meta", nil, false, api.QueryOptions{NodeMeta: map[string]string{"rack": "2"}}, []string{"web2", "web3"}},
		{"filter of node", nil, false, api.QueryOptions{Filter: `Node.Meta.rack == "1"`}, []string{"web1"}},
		{"filter of service", nil, false, api.QueryOptions{Filter: `"b" in Service.Tags and Service.Port == 80`}, []string{"web2", "web3"}},
		{"filter of checks", nil, false, api.QueryOptions{Filter: `Checks.Status == "critical"`}, []string{"web3"}},
		{"consistent", nil, true, api.QueryOptions{RequireConsistent: true}, []string{"web1"}},
	} {
		list, meta, err := f.Health().ServiceMultipleTags(f.key("web"), c.tags, c.passing, &c.q)
		f.ok(err)
		f.is(c.what, entryIDs(list), pick(c.want, f.key))
		f.is("leader", meta.KnownLeader, true)
	}
	list, _, err := f.Health().Service(f.key("web"), "b", false, &api.QueryOptions{Filter: `Checks.Status != "critical"`})
	f.ok(err)
	e := list[0]
	f.is("node", *e.Node, api.Node{Node: f.key("n2"), Address: "192.0.2.9", Datacenter: "dc1", Meta: map[string]string{"rack": "2"},
		TaggedAddresses: map[string]string{}, CreateIndex: e.Node.CreateIndex, ModifyIndex: e.Node.ModifyIndex})
	f.is("service", *e.Service, api.AgentService{ID: f.key("web2"), Service: f.key("web"), Port: 80, Tags: []string{"b"}, Meta: map[string]string{},
		TaggedAddresses: map[string]api.ServiceAddress{}, Weights: api.AgentWeights{Passing: 1, Warning: 1},
		Proxy: &api.AgentServiceConnectProxyConfig{}, Connect: &api.AgentServiceConnect{}, CreateIndex: e.Service.CreateIndex, ModifyIndex: e.Service.ModifyIndex})
	f.is("checks", *e.Checks[0], api.HealthCheck{Node: f.key("n2"), CheckID: "c:" + f.key("web2"), Name: "probe", Status: "warning", Output: "said",
		ServiceID: f.key("web2"), ServiceName: f.key("web"), ServiceTags: []string{"b"}, CreateIndex: e.Checks[0].CreateIndex, ModifyIndex: e.Checks[0].ModifyIndex})
	f.is("aggregated", e.Checks.AggregatedStatus(), "warning")
}

func healthReads(f *flow) {
	f.register(f.key("n1"), f.web("web1", "a"), "passing", map[string]string{"rack": "1"})
	f.register(f.key("n2"), f.web("web2", "b"), "critical", map[string]string{"rack": "2"})
	statuses := func(list api.HealthChecks, _ *api.QueryMeta, err error) []string {
		f.Helper()
		f.ok(err)
		return pick(list, func(c *api.HealthCheck) string { return c.CheckID + " " + c.Status })
	}
	one, two := "c:"+f.key("web1")+" passing", "c:"+f.key("web2")+" critical"
	f.is("node", statuses(f.Health().Node(f.key("n1"), nil)), []string{one})
	f.is("checks", statuses(f.Health().Checks(f.key("web"), nil)), []string{one, two})
	f.is("checks by meta", statuses(f.Health().Checks(f.key("web"), &api.QueryOptions{NodeMeta: map[string]string{"rack": "2"}})), []string{two})
	f.is("checks by filter", statuses(f.Health().Checks(f.key("web"), &api.QueryOptions{Filter: `Status == "passing"`})), []string{one})
}

func healthState(f *flow) {
	f.register(f.key("n1"), f.web("web1"), "warning", nil)
	f.register(f.key("n2"), f.web("web2"), "critical", nil)
	for state, want := range map[string]int{api.HealthAny: 2, api.HealthWarning: 1, api.HealthCritical: 1, api.HealthPassing: 0} {
		list, _, err := f.Health().State(state, &api.QueryOptions{Filter: `ServiceName == "` + f.key("web") + `"`})
		f.ok(err)
		f.is(state, len(list), want)
	}
	_, _, err := f.Health().State("unknown", nil)
	if err == nil {
		f.Error("the client itself was to refuse an unknown state")
	}
}

func healthNear(f *flow) {
	f.register(f.key("n1"), f.web("web1"), "passing", nil)
	f.register(f.key("n2"), f.web("web2"), "passing", nil)
	for _, near := range []string{"n1", "n2"} {
		list, _, err := f.Health().Service(f.key("web"), "", true, &api.QueryOptions{Near: f.key(near)})
		f.ok(err)
		f.is("nearest", list[0].Node.Node, f.key(near))
	}
	_, _, err := f.Health().Service(f.key("web"), "", true, &api.QueryOptions{Near: "_agent"})
	f.ok(err)
}

// healthServers: the servers are the service "consul", their nodes carry serfHealth.
func healthServers(f *flow) {
	list, _, err := f.Health().Service("consul", "", true, nil)
	f.ok(err)
	want := 1
	if f.agent.name != "single" {
		want = 3
	}
	f.is("servers", len(list), want)
	for _, e := range list {
		f.is("port", e.Service.Port, 8300)
		f.is("checks", pick(e.Checks, func(c *api.HealthCheck) string { return c.CheckID + " " + c.Name + " " + c.Output })[0],
			"serfHealth Serf Health Status Agent alive and reachable")
		if e.Node.TaggedAddresses["lan"] != e.Node.Address || e.Node.ID == "" || e.Node.Meta["consul-version"] == "" && e.Node.Meta["rack"] != "r1" {
			f.Errorf("%+v", e.Node)
		}
	}
}

func healthMissing(f *flow) {
	list, meta, err := f.Health().Service(f.key("none"), "", false, nil)
	f.ok(err)
	f.is("service", list, []*api.ServiceEntry{})
	f.is("an index there is", meta.LastIndex > 0, true)
	for what, read := range map[string]func(string, *api.QueryOptions) (api.HealthChecks, *api.QueryMeta, error){
		"checks": f.Health().Checks, "node": f.Health().Node,
	} {
		checks, _, err := read(f.key("none"), nil)
		f.ok(err)
		f.is(what, checks, api.HealthChecks{})
	}
}
