package compat

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

func TestAgent(t *testing.T) {
	flows(t, map[string]func(*flow){
		"self":             agentSelf,
		"members":          agentMembers,
		"version, host":    agentVersion,
		"metrics":          agentMetrics,
		"monitor":          agentMonitor,
		"reload":           func(f *flow) { f.ok(f.Agent().Reload()) },
		"service":          agentService,
		"service defaults": agentServiceDefaults,
		"service replaced": agentServiceReplaced,
		"hash blocking":    agentHash,
		"hash of lists":    agentHashOfLists,
		"metrics stream":   agentMetricsStream,
		"debug":            agentDebug,
		"tag override":     agentTagOverride,
		"filters":          agentFilters,
		"join":             agentJoin,
	})
}

func agentSelf(f *flow) {
	self, err := f.Agent().Self()
	f.ok(err)
	f.is("config", []any{self["Config"]["NodeName"], self["Config"]["Datacenter"], self["Config"]["Server"]},
		[]any{f.agent.name, "dc1", f.agent.name == "single"})
	for _, part := range []string{"Config", "DebugConfig", "Member", "Meta", "Stats"} {
		if self[part] == nil {
			f.Errorf("%s is missing", part)
		}
	}
	if v, _ := self["Config"]["Version"].(string); v == "" {
		f.Errorf("version: %v", self["Config"])
	}
	f.is("member", []any{self["Member"]["Name"], self["Member"]["Addr"], self["Member"]["Port"], self["Member"]["Status"]},
		[]any{f.agent.name, f.agent.address, 8301.0, 1.0})
	f.is("meta", self["Meta"]["rack"], "r1")
	stats, _ := self["Stats"]["raft"].(map[string]any)
	if f.agent.name == "single" && stats["state"] != "Leader" {
		f.Errorf("raft stats: %v", stats)
	}
	f.is("debug config", []any{self["DebugConfig"]["EnableDebug"], self["DebugConfig"]["ConnectEnabled"], self["DebugConfig"]["DNSDomain"], self["DebugConfig"]["GRPCPort"]},
		[]any{true, false, "consul.", -1.0})
	name, err := f.Agent().NodeName()
	f.ok(err)
	f.is("node name", name, f.agent.name)
}

func agentMembers(f *flow) {
	members, err := f.Agent().Members(false)
	f.ok(err)
	roles := map[string]int{}
	for _, m := range members {
		if m.Status != int(1) || m.Port != 8301 || m.Tags["dc"] != "dc1" || m.Tags["build"] == "" || m.Tags["id"] == "" {
			f.Errorf("member %+v", m)
		}
		f.is("ACL mode", m.ACLMode(), api.ACLModeDisabled)
		roles[m.Tags[api.MemberTagKeyRole]]++
	}
	want := map[string]int{"consul": 1}
	if f.agent.name != "single" {
		want = map[string]int{"consul": 3, "node": 1}
	}
	f.is("roles", roles, want)
	members, err = f.Agent().MembersOpts(api.MembersOpts{Filter: `Tags.role == "consul"`, Segment: api.AllSegments})
	f.ok(err)
	f.is("servers", len(members), want["consul"])
	f.is("server", members[0].IsConsulServer(), true)
	if f.agent.name == "single" {
		members, err = f.Agent().Members(true)
		f.ok(err)
		f.is("WAN", pick(members, func(m *api.AgentMember) string { return m.Name }), []string{"single.dc1"})
	}
}

func agentVersion(f *flow) {
	v, err := f.Agent().Version()
	f.ok(err)
	if v["HumanVersion"] == "" || v["HumanVersion"] == nil {
		f.Errorf("version %v", v)
	}
	host, err := f.Agent().Host()
	f.ok(err)
	for _, part := range []string{"Memory", "CPU", "Host", "Disk", "CollectionTime"} {
		if host[part] == nil {
			f.Errorf("host: %s is missing", part)
		}
	}
}

func agentMetrics(f *flow) {
	m, err := f.Agent().Metrics()
	f.ok(err)
	if len(m.Gauges) == 0 || len(m.Counters) == 0 || len(m.Samples) == 0 || !strings.HasSuffix(m.Timestamp, "+0000 UTC") {
		f.Errorf("%d gauges, %d counters, %d samples, at %q", len(m.Gauges), len(m.Counters), len(m.Samples), m.Timestamp)
	}
}

func agentMonitor(f *flow) {
	for _, monitor := range []func(string, <-chan struct{}, *api.QueryOptions) (chan string, error){f.Agent().Monitor, f.Agent().MonitorJSON} {
		ctx, cancel := context.WithCancel(f.Context())
		lines, err := monitor("debug", ctx.Done(), (&api.QueryOptions{}).WithContext(ctx))
		f.ok(err)
		_, _, err = f.Health().State("any", nil) // which is logged
		f.ok(err)
		if line := soon(f, "a line of the log", lines); line == "" {
			f.Error("an empty line")
		}
		cancel()
	}
	_, err := f.Agent().Monitor("loud", nil, nil)
	f.fails("unknown level", err, 400, "")
}

// hold registers a service with the agent until the flow ends.
func (f *flow) hold(reg *api.AgentServiceRegistration) {
	f.Helper()
	f.ok(f.Agent().ServiceRegister(reg))
	id := reg.ID
	if id == "" {
		id = reg.Name
	}
	f.Cleanup(func() { _ = f.Agent().ServiceDeregister(id) })
}

func agentService(f *flow) {
	reg := &api.AgentServiceRegistration{
		ID: f.key("web1"), Name: f.key("web"), Tags: []string{"a", "b"}, Port: 8080, Address: "192.0.2.20", Meta: map[string]string{"v": "1"},
		Weights: &api.AgentWeights{Passing: 5, Warning: 2}, EnableTagOverride: true,
		TaggedAddresses: map[string]api.ServiceAddress{"lan": {Address: "192.0.2.21", Port: 81}},
	}
	f.hold(reg)
	want := &api.AgentService{
		ID: reg.ID, Service: reg.Name, Tags: reg.Tags, Meta: reg.Meta, Port: 8080, Address: "192.0.2.20",
		Weights: *reg.Weights, EnableTagOverride: true, TaggedAddresses: reg.TaggedAddresses, Datacenter: "dc1",
	}
	all, err := f.Agent().Services()
	f.ok(err)
	f.is("services", all[reg.ID], want)
	one, meta, err := f.Agent().Service(reg.ID, nil)
	f.ok(err)
	want.ContentHash = one.ContentHash
	f.is("service", one, want)
	if one.ContentHash == "" || meta.LastContentHash != one.ContentHash {
		f.Errorf("content hash %q, in the header %q", one.ContentHash, meta.LastContentHash)
	}
	f.until("in the catalog", func() bool {
		list, _, err := f.Catalog().Service(reg.Name, "b", nil)
		f.ok(err)
		return len(list) == 1 && list[0].Node == f.agent.name && list[0].ServicePort == 8080 && list[0].ServiceWeights == (api.Weights{Passing: 5, Warning: 2})
	})
	f.ok(f.Agent().ServiceDeregister(reg.ID))
	_, _, err = f.Agent().Service(reg.ID, nil)
	f.fails("gone", err, 404, "unknown service ID: "+reg.ID)
	f.fails("deregistered twice", f.Agent().ServiceDeregister(reg.ID), 404, `Unknown service ID "`+reg.ID+`"`)
	f.until("gone from the catalog", func() bool {
		list, _, err := f.Catalog().Service(reg.Name, "", nil)
		f.ok(err)
		return len(list) == 0
	})
}

func agentServiceDefaults(f *flow) {
	name := f.key("plain")
	f.hold(&api.AgentServiceRegistration{Name: name, Check: &api.AgentServiceCheck{TTL: "1h"}})
	all, err := f.Agent().Services()
	f.ok(err)
	f.is("service", all[name], &api.AgentService{ID: name, Service: name, Tags: []string{}, Meta: map[string]string{},
		Weights: api.AgentWeights{Passing: 1, Warning: 1}, TaggedAddresses: all[name].TaggedAddresses, Datacenter: "dc1"})
	checks, err := f.Agent().Checks()
	f.ok(err)
	f.is("its check", checks["service:"+name], &api.AgentCheck{Node: f.agent.name, CheckID: "service:" + name, Name: "Service '" + name + "' check",
		Status: "critical", ServiceID: name, ServiceName: name, Type: "ttl"})
	two := f.key("two")
	f.hold(&api.AgentServiceRegistration{Name: two, Checks: api.AgentServiceChecks{{TTL: "1h", Status: "passing", Notes: "n"}, {TTL: "1h", Name: "mine", CheckID: f.key("c")}}})
	checks, err = f.Agent().Checks()
	f.ok(err)
	f.is("the first of two", checks["service:"+two+":1"], &api.AgentCheck{Node: f.agent.name, CheckID: "service:" + two + ":1", Name: "Service '" + two + "' check",
		Status: "passing", Notes: "n", ServiceID: two, ServiceName: two, Type: "ttl"})
	f.is("the named one", checks[f.key("c")].Name, "mine")
	f.fails("no name", f.Agent().ServiceRegister(&api.AgentServiceRegistration{ID: "x"}), 400, "")
}

func agentServiceReplaced(f *flow) {
	name := f.key("web")
	reg := &api.AgentServiceRegistration{Name: name, Checks: api.AgentServiceChecks{{TTL: "1h", CheckID: f.key("a")}, {TTL: "1h", CheckID: f.key("b")}}}
	f.hold(reg)
	count := func() (n int) {
		checks, err := f.Agent().ChecksWithFilter(`ServiceID == "` + name + `"`)
		f.ok(err)
		return len(checks)
	}
	f.is("checks", count(), 2)
	reg.Checks = reg.Checks[:1]
	f.ok(f.Agent().ServiceRegister(reg))
	f.is("without replacing", count(), 2)
	f.ok(f.Agent().ServiceRegisterOpts(reg, api.ServiceRegisterOpts{ReplaceExistingChecks: true}))
	f.is("replacing", count(), 1)
}

func agentHash(f *flow) {
	reg := &api.AgentServiceRegistration{Name: f.key("web"), Port: 1}
	f.hold(reg)
	first, _, err := f.Agent().Service(reg.Name, nil)
	f.ok(err)
	began := time.Now()
	same, _, err := f.Agent().Service(reg.Name, &api.QueryOptions{WaitHash: first.ContentHash, WaitTime: 200 * time.Millisecond})
	f.ok(err)
	f.is("the wait passed", same, first)
	if time.Since(began) < 200*time.Millisecond {
		f.Error("did not wait")
	}
	woken := make(chan *api.AgentService, 1)
	go func() {
		s, _, err := f.Agent().Service(reg.Name, &api.QueryOptions{WaitHash: first.ContentHash, WaitTime: time.Minute})
		if err != nil {
			f.Error(err)
		}
		woken <- s
	}()
	reg.Port = 2
	f.ok(f.Agent().ServiceRegister(reg))
	second := soon(f, "woken by the change", woken)
	if second == nil || second.Port != 2 || second.ContentHash == first.ContentHash {
		f.Errorf("%+v after %+v", second, first)
	}
}

func agentFilters(f *flow) {
	f.hold(&api.AgentServiceRegistration{ID: f.key("1"), Name: f.key("web"), Tags: []string{"a"}, Check: &api.AgentServiceCheck{TTL: "1h", Status: "passing"}})
	f.hold(&api.AgentServiceRegistration{ID: f.key("2"), Name: f.key("web"), Tags: []string{"b"}, Check: &api.AgentServiceCheck{TTL: "1h"}})
	services, err := f.Agent().ServicesWithFilter(`Service == "` + f.key("web") + `" and "b" in Tags`)
	f.ok(err)
	if len(services) != 1 || services[f.key("2")] == nil {
		f.Errorf("services: %v", services)
	}
	checks, err := f.Agent().ChecksWithFilter(`ServiceName == "` + f.key("web") + `" and Status == "passing"`)
	f.ok(err)
	if len(checks) != 1 || checks["service:"+f.key("1")] == nil {
		f.Errorf("checks: %v", checks)
	}
	_, err = f.Agent().ServicesWithFilter("]")
	f.fails("bad filter", err, 400, "")
}

func agentServiceMaintenance(f *flow) {
	name := f.key("web")
	f.hold(&api.AgentServiceRegistration{Name: name})
	f.ok(f.Agent().EnableServiceMaintenance(name, "for the test"))
	checks, err := f.Agent().Checks()
	f.ok(err)
	c := checks[api.ServiceMaintPrefix+name]
	f.is("check", c, &api.AgentCheck{Node: f.agent.name, CheckID: api.ServiceMaintPrefix + name, Name: "Service Maintenance Mode", Status: "critical",
		Notes: "for the test", ServiceID: name, ServiceName: name, Type: "maintenance"})
	status, info, err := f.Agent().AgentHealthServiceByID(name)
	f.ok(err)
	f.is("health", []string{status, info.AggregatedStatus}, []string{"critical", "maintenance"})
	f.until("out of the healthy", func() bool {
		list, _, err := f.Health().Service(name, "", false, nil)
		f.ok(err)
		return len(list) == 1 && list[0].Checks.AggregatedStatus() == api.HealthMaint
	})
	f.ok(f.Agent().DisableServiceMaintenance(name))
	f.ok(f.Agent().DisableServiceMaintenance(name)) // again is no error
	f.until("back", func() bool {
		list, _, err := f.Health().Service(name, "", true, nil)
		f.ok(err)
		return len(list) == 1
	})
	f.fails("unknown", f.Agent().EnableServiceMaintenance(f.key("none"), ""), 404, `Unknown service ID "`)
}

func agentJoin(f *flow) {
	f.ok(f.Agent().Join(f.agent.address, false)) // itself, or one it has met, is no error
	if f.agent.name != "single" {
		f.ok(f.Agent().Join(theWorld.servers[2].address, false))
	}
	f.fails("nobody there", f.Agent().Join(theWorld.net+".99", false), 503, "join "+theWorld.net+".99")
}

// agentTagOverride: tags that others changed in the catalog stay until the owner
// registers others, as Patroni does when it becomes the leader.
func agentTagOverride(f *flow) {
	reg := &api.AgentServiceRegistration{Name: f.key("db"), Tags: []string{"replica"}, EnableTagOverride: true}
	f.hold(reg)
	var row *api.CatalogService
	tagged := func(tag string) {
		f.Helper()
		f.until("tag "+tag, func() bool {
			list, _, err := f.Catalog().Service(reg.Name, tag, nil)
			f.ok(err)
			if len(list) == 1 {
				row = list[0]
			}
			return len(list) == 1
		})
	}
	tagged("replica")
	_, err := f.Catalog().Register(&api.CatalogRegistration{Node: row.Node, SkipNodeUpdate: true,
		Service: &api.AgentService{ID: reg.Name, Service: reg.Name, Tags: []string{"theirs"}, EnableTagOverride: true}}, nil)
	f.ok(err)
	tagged("theirs")
	reg.Tags = []string{"master"}
	f.ok(f.Agent().ServiceRegister(reg))
	tagged("master")
}
