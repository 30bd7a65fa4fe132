package compat

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestPreparedQuery(t *testing.T) {
	flows(t, map[string]func(*flow){"create, read, execute, update, delete": preparedQuery, "template": queryTemplate})
}

func preparedQuery(f *flow) {
	f.register(f.key("n1"), f.web("web1", "a"), "passing", nil)
	f.register(f.key("n2"), f.web("web2", "b"), "critical", nil)
	f.register(f.key("n3"), f.web("web3", "a"), "warning", nil)
	def := &api.PreparedQueryDefinition{Name: f.key("q"), Service: api.ServiceQuery{Service: f.key("web"), Tags: []string{"a"}}, DNS: api.QueryDNSOptions{TTL: "10s"}}
	id, _, err := f.PreparedQuery().Create(def, nil)
	f.ok(err)
	f.Cleanup(func() { _, _ = f.PreparedQuery().Delete(id, nil) })
	list, _, err := f.PreparedQuery().Get(id, nil)
	f.ok(err)
	f.is("read back", []any{len(list), list[0].ID, list[0].Name, list[0].Service.Service, list[0].DNS.TTL}, []any{1, id, def.Name, f.key("web"), "10s"})
	for _, name := range []string{id, def.Name} {
		res, meta, err := f.PreparedQuery().Execute(name, nil)
		f.ok(err)
		f.is("answer", []any{res.Service, res.Datacenter, res.Failovers, res.DNS.TTL, len(res.Nodes)}, []any{f.key("web"), "dc1", 0, "10s", 2})
		f.is("leader", meta.KnownLeader, true)
	}
	def.ID, def.Service.OnlyPassing, def.Service.Tags = id, true, []string{"!b"}
	_, err = f.PreparedQuery().Update(def, nil)
	f.ok(err)
	res, _, err := f.PreparedQuery().Execute(id, nil)
	f.ok(err)
	if len(res.Nodes) != 1 || res.Nodes[0].Service.ID != f.key("web1") {
		f.Errorf("only passing without b: %+v", res.Nodes)
	}
	all, _, err := f.PreparedQuery().List(nil)
	f.ok(err)
	found := 0
	for _, q := range all {
		if q.ID == id {
			found++
		}
	}
	f.is("listed", found, 1)
	_, err = f.PreparedQuery().Delete(id, nil)
	f.ok(err)
	_, _, err = f.PreparedQuery().Execute(id, nil)
	f.fails("deleted", err, 404, "")
	_, _, err = f.PreparedQuery().Create(&api.PreparedQueryDefinition{Name: f.key("x")}, nil)
	f.fails("no service", err, 400, "")
}

func queryTemplate(f *flow) {
	f.register(f.key("n1"), f.web("web1"), "passing", nil)
	id, _, err := f.PreparedQuery().Create(&api.PreparedQueryDefinition{Name: f.key("t") + "-",
		Template: api.QueryTemplate{Type: "name_prefix_match"}, Service: api.ServiceQuery{Service: f.prefix + "-${name.suffix}"}}, nil)
	f.ok(err)
	f.Cleanup(func() { _, _ = f.PreparedQuery().Delete(id, nil) })
	res, _, err := f.PreparedQuery().Execute(f.key("t")+"-web", nil)
	f.ok(err)
	f.is("answer", []any{res.Service, len(res.Nodes)}, []any{f.key("web"), 1})
}
