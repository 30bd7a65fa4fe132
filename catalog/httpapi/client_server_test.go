package httpapi

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"muster/catalog"
)

// ownClient returns a Client of the fixture's server.
func (f *fixture) ownClient() *Client {
	f.t.Helper()
	c, err := NewClient(ClientConfig{Addr: f.Addrs()[0].String()})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

// The two halves of this package understand each other.
func TestClientAgainstServerKeys(t *testing.T) {
	f := newFixture(t, nil)
	c, ctx := f.ownClient(), t.Context()
	if _, err := c.Key(ctx, "none", ClientQuery{}); !ClientNotFound(err) {
		t.Errorf("a key that is not there: %v", err)
	}
	keys := []string{"/lead", "a b%2F?x#y", "a//b", "a/../b", "a/./b", "web/", "web/a", "web/b/c", "ключ"}
	for i, key := range keys {
		if ok, err := c.SetKey(ctx, key, []byte{byte(i), 0xff}, uint64(i), ClientWrite{CAS: true}); err != nil || !ok {
			t.Fatalf("write %q: %v, %v", key, ok, err)
		}
	}
	for i, key := range keys {
		p, err := c.Key(ctx, key, ClientQuery{})
		if err != nil || p.Key != key || p.Flags != uint64(i) || !bytes.Equal(p.Value, []byte{byte(i), 0xff}) {
			t.Errorf("read %q: %+v, %v", key, p, err)
		}
		if ok, err := c.SetKey(ctx, key, nil, 0, ClientWrite{CAS: true}); err != nil || ok {
			t.Errorf("write %q only if absent: %v, %v", key, ok, err)
		}
	}
	if all, err := c.Keys(ctx, "", ClientQuery{}); err != nil || len(all) != len(keys) {
		t.Errorf("all: %v, %v", all, err)
	}
	if none, err := c.Keys(ctx, "zzz", ClientQuery{Stale: true}); err != nil || none == nil || len(none) != 0 {
		t.Errorf("none: %v, %v", none, err)
	}
	if names, err := c.KeyNames(ctx, "web/", "/", ClientQuery{}); err != nil || !slices.Equal(names, []string{"web/", "web/a", "web/b/"}) {
		t.Errorf("names: %v, %v", names, err)
	}
	p, err := c.Key(ctx, "a//b", ClientQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		index uint64
		want  bool
	}{{p.ModifyIndex + 1, false}, {p.ModifyIndex, true}} {
		if ok, err := c.DeleteKey(ctx, "a//b", ClientWrite{CAS: true, Index: tc.index}); err != nil || ok != tc.want {
			t.Errorf("delete at %d: %v, %v", tc.index, ok, err)
		}
	}
	if err := c.DeleteKeys(ctx, "", ""); err != nil {
		t.Error(err)
	}
	if all, err := c.Keys(ctx, "", ClientQuery{}); err != nil || len(all) != 0 {
		t.Errorf("after all were deleted: %v, %v", all, err)
	}
	if _, err := c.Keys(ctx, "", ClientQuery{Datacenter: "elsewhere"}); err == nil {
		t.Error("another datacenter answered")
	}
}

func TestClientAgainstServerCatalog(t *testing.T) {
	f := newFixture(t, nil)
	c, ctx := f.ownClient(), t.Context()
	for i, node := range []string{"n1", "n2"} {
		_, err := f.consensus.Apply(ctx, &catalog.Register{
			Node:     catalog.Node{Name: node, Address: fmt.Sprintf("10.0.0.%d", i+1), Datacenter: "dc1", Meta: map[string]string{"rack": node}},
			Instance: &catalog.Instance{ID: "w/1", Name: "web", Tags: []string{node}, Port: 80},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if nodes, err := c.Nodes(ctx, ClientQuery{NodeMeta: []string{"rack:n2"}}); err != nil || len(nodes) != 1 || nodes[0].Node != "n2" {
		t.Errorf("nodes: %v, %v", nodes, err)
	}
	if nodes, err := c.NodesOf(ctx, "web", ClientQuery{Filter: `ServicePort == 80`}); err != nil || len(nodes) != 2 || nodes[1].Meta["rack"] != "n2" {
		t.Errorf("nodes of web: %v, %v", nodes, err)
	}
	if services, err := c.Services(ctx, ClientQuery{}); err != nil || !slices.Equal(services["web"], []string{"n1", "n2"}) {
		t.Errorf("services: %v, %v", services, err)
	}
	if on, err := c.NodeServices(ctx, "n1", ClientQuery{}); err != nil || on == nil || on.Services["w/1"].Port != 80 {
		t.Errorf("services on n1: %v, %v", on, err)
	}
	if on, err := c.NodeServices(ctx, "none", ClientQuery{}); err != nil || on != nil {
		t.Errorf("services on a node that is not there: %v, %v", on, err)
	}
	if entries, err := c.Health(ctx, "web", true, ClientQuery{Near: "n2"}); err != nil || len(entries) != 2 || entries[0].Node.Node != "n2" {
		t.Errorf("health: %v, %v", entries, err)
	}
	if dcs, err := c.Datacenters(ctx, ClientQuery{}); err != nil || !slices.Equal(dcs, []string{"dc1"}) {
		t.Errorf("datacenters: %v, %v", dcs, err)
	}
	if leader, err := c.Leader(ctx); err != nil || leader != "127.0.0.1:8300" {
		t.Errorf("leader: %v, %v", leader, err)
	}
	if peers, err := c.Peers(ctx); err != nil || len(peers) != 0 {
		t.Errorf("peers: %v, %v", peers, err)
	}
	if _, err := c.Nodes(ctx, ClientQuery{Filter: "((("}); err == nil || ClientNotFound(err) {
		t.Errorf("a filter that is none: %v", err)
	}
}
