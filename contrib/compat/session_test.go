package compat

import (
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

func TestSession(t *testing.T) {
	flows(t, map[string]func(*flow){
		"defaults":          sessionDefaults,
		"all fields":        sessionFields,
		"list, node, info":  sessionReads,
		"renew":             sessionRenew,
		"renew periodic":    sessionRenewPeriodic,
		"behaviors":         sessionBehaviors,
		"ended by a check":  sessionEndedByCheck,
		"ended by node":     sessionEndedByNode,
		"refused":           sessionRefused,
		"without any check": sessionNoChecks,
	})
}

// session makes a session that ends with the test at the latest.
func (f *flow) session(s *api.SessionEntry) string {
	f.Helper()
	id, _, err := f.Session().Create(s, nil)
	f.ok(err)
	f.Cleanup(func() { _, _ = f.Session().Destroy(id, nil) })
	return id
}

func (f *flow) info(id string) *api.SessionEntry {
	f.Helper()
	s, _, err := f.Session().Info(id, nil)
	f.ok(err)
	return s
}

func sessionDefaults(f *flow) {
	id := f.session(nil)
	got := f.info(id)
	f.is("session", got, &api.SessionEntry{
		ID: id, Node: f.agent.name, LockDelay: 15 * time.Second, Behavior: "release", CreateIndex: got.CreateIndex,
		NodeChecks: []string{"serfHealth"}, Checks: nil,
	})
	_, err := f.Session().Destroy(id, nil)
	f.ok(err)
	f.is("destroyed", f.info(id), (*api.SessionEntry)(nil))
	_, err = f.Session().Destroy(id, nil)
	f.ok(err) // once more is no error
}

func sessionFields(f *flow) {
	id := f.session(&api.SessionEntry{Name: f.key("s"), TTL: "30s", LockDelay: time.Second, Behavior: api.SessionBehaviorDelete})
	got := f.info(id)
	f.is("session", got, &api.SessionEntry{
		ID: id, Name: f.key("s"), Node: f.agent.name, LockDelay: time.Second, Behavior: "delete", TTL: "30s",
		CreateIndex: got.CreateIndex, NodeChecks: []string{"serfHealth"},
	})
	other := f.session(&api.SessionEntry{TTL: "90s"})
	f.is("TTL", f.info(other).TTL, "90s")
}

func sessionReads(f *flow) {
	id := f.session(&api.SessionEntry{Name: f.key("s")})
	want := f.info(id)
	for what, read := range map[string]func() ([]*api.SessionEntry, *api.QueryMeta, error){
		"list": func() ([]*api.SessionEntry, *api.QueryMeta, error) { return f.Session().List(nil) },
		"node": func() ([]*api.SessionEntry, *api.QueryMeta, error) { return f.Session().Node(f.agent.name, nil) },
	} {
		all, meta, err := read()
		f.ok(err)
		var found *api.SessionEntry
		for _, s := range all {
			if s.ID == id {
				found = s
			}
		}
		f.is(what, found, want)
		if meta.LastIndex < want.CreateIndex || !meta.KnownLeader {
			f.Errorf("%s: %+v", what, meta)
		}
	}
	none, _, err := f.Session().Node(f.key("nobody"), nil)
	f.ok(err)
	f.is("of an unknown node", none, []*api.SessionEntry{})
}

func sessionRenew(f *flow) {
	id := f.session(&api.SessionEntry{TTL: "10s"})
	s, _, err := f.Session().Renew(id, nil)
	f.ok(err)
	f.is("renewed", s, f.info(id))
	_, err = f.Session().Destroy(id, nil)
	f.ok(err)
	s, _, err = f.Session().Renew(id, nil)
	f.ok(err) // the client makes nil of 404
	f.is("renewed, gone", s, (*api.SessionEntry)(nil))
}

func sessionRenewPeriodic(f *flow) {
	id := f.session(&api.SessionEntry{TTL: "10s"})
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- f.Session().RenewPeriodic("10s", id, nil, stop) }()
	f.until("session is there", func() bool { return f.info(id) != nil })
	close(stop) // which destroys it
	f.ok(<-ended)
	f.until("session is gone", func() bool { return f.info(id) == nil })

	gone := f.session(&api.SessionEntry{TTL: "10s"})
	_, err := f.Session().Destroy(gone, nil)
	f.ok(err)
	f.is("periodic renewal of a dead session", f.Session().RenewPeriodic("1s", gone, nil, make(chan struct{})), api.ErrSessionExpired)
}

func sessionBehaviors(f *flow) {
	for _, behavior := range []string{api.SessionBehaviorRelease, api.SessionBehaviorDelete} {
		id, key := f.session(&api.SessionEntry{Behavior: behavior}), f.key(behavior)
		held, _, err := f.KV().Acquire(&api.KVPair{Key: key, Session: id}, nil)
		f.ok(err)
		f.is("acquired", held, true)
		_, err = f.Session().Destroy(id, nil)
		f.ok(err)
		pair, _, err := f.KV().Get(key, nil)
		f.ok(err)
		f.is(behavior, pair == nil, behavior == api.SessionBehaviorDelete)
		if pair != nil && pair.Session != "" {
			f.Errorf("held by %s still", pair.Session)
		}
	}
}

func sessionEndedByCheck(f *flow) {
	check := f.key("ttl")
	f.ok(f.Agent().CheckRegister(&api.AgentCheckRegistration{ID: check, Name: check, AgentServiceCheck: api.AgentServiceCheck{TTL: "1h", Status: "passing"}}))
	f.Cleanup(func() { _ = f.Agent().CheckDeregister(check) })
	f.until("check is in the catalog", func() bool { return f.nodeCheck(check) == "passing" })
	id := f.session(&api.SessionEntry{NodeChecks: []string{"serfHealth", check}})
	f.is("checks", f.info(id).NodeChecks, []string{"serfHealth", check})
	f.ok(f.Agent().FailTTL(check, "gone"))
	f.until("session ends", func() bool { return f.info(id) == nil })
	_, _, err := f.Session().Create(&api.SessionEntry{NodeChecks: []string{check}}, nil)
	f.fails("critical check", err, 500, "Check '"+check+"' is in critical state")
}

// nodeCheck is the status in the catalog of a check of the agent's node.
func (f *flow) nodeCheck(id string) string {
	f.Helper()
	checks, _, err := f.Health().Node(f.agent.name, nil)
	f.ok(err)
	for _, c := range checks {
		if c.CheckID == id {
			return c.Status
		}
	}
	return ""
}

func sessionEndedByNode(f *flow) {
	node := f.key("n")
	_, err := f.Catalog().Register(&api.CatalogRegistration{Node: node, Address: "192.0.2.1"}, nil)
	f.ok(err)
	id, _, err := f.Session().CreateNoChecks(&api.SessionEntry{Node: node}, nil)
	f.ok(err)
	f.is("node", f.info(id).Node, node)
	_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: node}, nil)
	f.ok(err)
	f.is("after the node", f.info(id), (*api.SessionEntry)(nil))
}

func sessionRefused(f *flow) {
	for _, c := range []struct {
		what   string
		entry  api.SessionEntry
		status int
		text   string
	}{
		{"TTL", api.SessionEntry{TTL: "1s"}, 500, "Invalid Session TTL '1000000000', must be between [10s=24h0m0s]"},
		{"behavior", api.SessionEntry{Behavior: "burn"}, 400, ""},
		{"node", api.SessionEntry{Node: f.key("nobody")}, 500, "Missing node registration"},
		{"check", api.SessionEntry{NodeChecks: []string{"none"}}, 500, "Missing check 'none' registration"},
	} {
		_, _, err := f.Session().Create(&c.entry, nil)
		f.fails(c.what, err, c.status, c.text)
	}
}

func sessionNoChecks(f *flow) {
	id, _, err := f.Session().CreateNoChecks(&api.SessionEntry{Name: f.key("s")}, nil)
	f.ok(err)
	f.Cleanup(func() { _, _ = f.Session().Destroy(id, nil) })
	s := f.info(id)
	if len(s.NodeChecks)+len(s.ServiceChecks)+len(s.Checks) != 0 {
		f.Errorf("checks: %+v", s)
	}
}
