package compat

import (
	"testing"

	"github.com/hashicorp/consul/api"
)

// TestRefused: what muster does not have fails with a clear status, and nothing of it happens.
func TestRefused(t *testing.T) {
	flows(t, map[string]func(*flow){
		"ACL":      noACL,
		"mesh":     noMesh,
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
		"catalog connect": func() error { _, _, err := f.Catalog().Connect("web", "", nil); return err },
		"health connect":  func() error { _, _, err := f.Health().Connect("web", "", true, nil); return err },
		"ingress":         func() error { _, _, err := f.Health().Ingress("web", true, nil); return err },
		"gateways":        func() error { _, _, err := f.Catalog().GatewayServices("web", nil); return err },
		"chain":           func() error { _, _, err := f.DiscoveryChain().Get("web", nil, nil); return err },
		"peerings":        func() error { _, _, err := f.Peerings().List(f.Context(), nil); return err },
	} {
		f.fails(what, call(), 404, noEndpoint)
	}
	err := f.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: f.key("p"), Kind: api.ServiceKindConnectProxy, Port: 1,
		Proxy: &api.AgentServiceConnectProxyConfig{DestinationServiceName: "web"}})
	f.fails("a proxy", err, 400, "")
	err = f.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: f.key("p"), Connect: &api.AgentServiceConnect{Native: true}})
	f.fails("a native service", err, 400, "")
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
