package compat

import (
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// TestRefused: what muster does not have fails with a clear status, and nothing of it happens.
func TestRefused(t *testing.T) {
	flows(t, map[string]func(*flow){
		"ACL":      noACL,
		"mesh":     noMesh,
		"empty":    emptyMesh,
		"scopes":   noScopes,
		"the rest": noEnterprise,
	})
}

func noACL(f *flow) {
	acl := f.ACL()
	for what, call := range map[string]func() error{
		"bootstrap":   func() error { _, _, err := acl.Bootstrap(); return err },
		"token self":  func() error { _, _, err := acl.TokenReadSelf(nil); return err },
		"token list":  func() error { _, _, err := acl.TokenList(nil); return err },
		"token":       func() error { _, _, err := acl.TokenCreate(&api.ACLToken{Description: "d"}, nil); return err },
		"delete":      func() error { _, err := acl.TokenDelete("0b7bb1d4-0000-0000-0000-000000000000", nil); return err },
		"policy list": func() error { _, _, err := acl.PolicyList(nil); return err },
		"policy":      func() error { _, _, err := acl.PolicyCreate(&api.ACLPolicy{Name: "p"}, nil); return err },
		"by name":     func() error { _, _, err := acl.PolicyReadByName("p", nil); return err },
		"roles":       func() error { _, _, err := acl.RoleList(nil); return err },
		"methods":     func() error { _, _, err := acl.AuthMethodList(nil); return err },
		"rules":       func() error { _, _, err := acl.BindingRuleList("", nil); return err },
		"login":       func() error { _, _, err := acl.Login(&api.ACLLoginParams{AuthMethod: "m"}, nil); return err },
		"logout":      func() error { _, err := acl.Logout(nil); return err },
		"replication": func() error { _, _, err := acl.Replication(nil); return err },
		"agent token": func() error { _, err := f.Agent().UpdateDefaultACLToken("t", nil); return err },
	} {
		f.fails(what, call(), 401, "ACL support disabled")
	}
	// A token that clients send all the same is no hindrance.
	_, _, err := f.KV().Get(f.key("k"), &api.QueryOptions{Token: "any"})
	f.ok(err)
}

const noEndpoint = "no such endpoint"

func noMesh(f *flow) {
	for what, call := range map[string]func() error{
		"roots":       func() error { _, _, err := f.Connect().CARoots(nil); return err },
		"CA":          func() error { _, _, err := f.Connect().CAGetConfig(nil); return err },
		"intentions":  func() error { _, _, err := f.Connect().Intentions(nil); return err },
		"agent roots": func() error { _, _, err := f.Agent().ConnectCARoots(nil); return err },
		"leaf":        func() error { _, _, err := f.Agent().ConnectCALeaf("web", nil); return err },
		"authorize": func() error {
			_, err := f.Agent().ConnectAuthorize(&api.AgentAuthorizeParams{Target: "web"})
			return err
		},
		"config entries": func() error { _, _, err := f.ConfigEntries().List(api.ServiceDefaults, nil); return err },
		"config entry":   func() error { _, _, err := f.ConfigEntries().Get(api.ProxyDefaults, "global", nil); return err },
		"set": func() error {
			_, _, err := f.ConfigEntries().Set(&api.ServiceConfigEntry{Kind: api.ServiceDefaults, Name: "web"}, nil)
			return err
		},
		"chain":    func() error { _, _, err := f.DiscoveryChain().Get("web", nil, nil); return err },
		"peerings": func() error { _, _, err := f.Peerings().List(f.Context(), nil); return err },
	} {
		f.fails(what, call(), 404, noEndpoint)
	}
	err := f.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: f.key("p"), Kind: api.ServiceKindConnectProxy, Port: 1,
		Proxy: &api.AgentServiceConnectProxyConfig{DestinationServiceName: "web"}})
	f.fails("a proxy", err, 400, "")
	err = f.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: f.key("p"), Connect: &api.AgentServiceConnect{Native: true}})
	f.fails("a native service", err, 400, "")
}

// emptyMesh: who looks beside the plain instances for those of a mesh finds none, and is not woken.
func emptyMesh(f *flow) {
	f.newService()
	q := &api.QueryOptions{WaitIndex: 1, WaitTime: 50 * time.Millisecond}
	entries, meta, err := f.Health().Connect(f.key("web"), "", true, q)
	f.ok(err)
	f.is("connect", []any{len(entries), meta.LastIndex, meta.KnownLeader}, []any{0, uint64(1), true})
	entries, _, err = f.Health().Ingress(f.key("web"), true, nil)
	f.ok(err)
	f.is("ingress", len(entries), 0)
	list, _, err := f.Catalog().Connect(f.key("web"), "", nil)
	f.ok(err)
	f.is("catalog", len(list), 0)
	gateways, _, err := f.Catalog().GatewayServices(f.key("web"), nil)
	f.ok(err)
	f.is("gateways", len(gateways), 0)
}

// noScopes: what names a part of a catalog other than this one is refused, as by a Consul without them, and not
// passed over.
func noScopes(f *flow) {
	key := f.key("k")
	_, err := f.KV().Put(&api.KVPair{Key: key}, &api.WriteOptions{Namespace: "team"})
	f.fails("namespace", err, 400, "ns: ")
	_, err = f.KV().Put(&api.KVPair{Key: key}, &api.WriteOptions{Partition: "p"})
	f.fails("partition", err, 400, "partition: ")
	pair, _, err := f.KV().Get(key, nil)
	f.ok(err)
	f.is("written all the same", pair, (*api.KVPair)(nil))
	_, _, err = f.Health().Service("consul", "", false, &api.QueryOptions{Peer: "east"})
	f.fails("peer", err, 400, "peer: ")
	_, _, err = f.Health().Service("consul", "", false, &api.QueryOptions{SamenessGroup: "all"})
	f.fails("sameness group", err, 400, "sameness-group: ")
	_, err = f.Catalog().Register(&api.CatalogRegistration{Node: f.key("n"), Address: "192.0.2.1",
		Service: &api.AgentService{Service: "gw", Kind: api.ServiceKindMeshGateway}}, nil)
	f.fails("a gateway in the catalog", err, 400, "")
}

func noEnterprise(f *flow) {
	for what, call := range map[string]func() error{
		"namespaces": func() error { _, _, err := f.Namespaces().List(nil); return err },
		"partitions": func() error { _, _, err := f.Partitions().List(f.Context(), nil); return err },
		"license":    func() error { _, err := f.Operator().LicenseGet(nil); return err },
		"areas":      func() error { _, err := areas(f); return err },
		"segments":   func() error { _, _, err := f.Operator().SegmentList(nil); return err },
	} {
		f.fails(what, call(), 404, noEndpoint)
	}
}

func areas(f *flow) ([]*api.Area, error) {
	list, _, err := f.Operator().AreaList(nil)
	return list, err
}
