package compat

import (
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
)

// TestLeaderKilled: through the client agent of a cluster, a lock is held and a
// blocking query waits on while the leader is killed and another is elected.
func TestLeaderKilled(t *testing.T) {
	f := newFlow(t, theWorld.client)
	holder, other := f.session(&api.SessionEntry{TTL: "60s"}), f.session(nil)
	held, _, err := f.KV().Acquire(&api.KVPair{Key: f.key("l"), Session: holder, Value: []byte("mine")}, nil)
	f.ok(err)
	f.is("held", held, true)
	leader, err := f.Status().Leader()
	f.ok(err)
	var dead *agent
	for _, s := range theWorld.servers {
		if s.address+":8300" == leader {
			dead = s
		}
	}
	if dead == nil {
		t.Fatalf("no server is at %q", leader)
	}
	dead.end(syscall.SIGKILL)
	began := time.Now()
	f.until("writes are taken again", func() bool {
		_, err := f.KV().Put(&api.KVPair{Key: f.key("k"), Value: []byte("after")}, nil)
		return err == nil
	})
	t.Logf("writes after the kill of %s: %v", dead.name, time.Since(began).Round(time.Millisecond))
	now, err := f.Status().Leader()
	f.ok(err)
	f.is("another leads", now != leader && now != "", true)
	won, _, err := f.KV().Acquire(&api.KVPair{Key: f.key("l"), Session: other}, nil)
	f.ok(err)
	f.is("taken from its holder", won, false)
	s, _, err := f.Session().Renew(holder, nil)
	f.ok(err)
	f.is("the session lives", s != nil && s.ID == holder, true)
	done, _, err := f.KV().Release(&api.KVPair{Key: f.key("l"), Session: holder}, nil)
	f.ok(err)
	f.is("released by its holder", done, true)
	if err := dead.start(); err != nil {
		t.Fatal(err)
	}
	for _, a := range append(theWorld.servers, theWorld.client) {
		if err := a.await(4); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryAgent: what one agent of the cluster writes, each of them reads at once.
func TestEveryAgent(t *testing.T) {
	writer := newFlow(t, theWorld.client)
	for _, a := range append(theWorld.servers, theWorld.client) {
		f := newFlow(t, a)
		key := f.key(a.name)
		_, err := writer.KV().Put(&api.KVPair{Key: key, Value: []byte("v")}, nil)
		f.ok(err)
		for _, q := range []*api.QueryOptions{nil, {RequireConsistent: true}} {
			pair, meta, err := f.KV().Get(key, q)
			f.ok(err)
			if pair == nil || string(pair.Value) != "v" || !meta.KnownLeader {
				t.Errorf("%s: %+v %+v", a.name, pair, meta)
			}
		}
		f.register(f.key("n-"+a.name), f.web(a.name), "passing", nil)
		for _, b := range theWorld.servers {
			list, _, err := newFlow(t, b).Health().Service(f.key("web"), "", true, nil)
			f.ok(err)
			f.is("read on "+b.name, entryIDs(list), []string{f.key(a.name)})
			f.is("written on "+a.name, len(list), 1)
		}
		_, err = f.Catalog().Deregister(&api.CatalogDeregistration{Node: f.key("n-" + a.name)}, nil)
		f.ok(err)
	}
}
