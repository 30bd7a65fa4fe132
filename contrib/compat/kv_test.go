package compat

import (
	"bytes"
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestKV(t *testing.T) {
	flows(t, map[string]func(*flow){
		"put get delete":    putGetDelete,
		"list and keys":     listAndKeys,
		"check and set":     checkAndSet,
		"acquire, release":  acquireRelease,
		"bytes and flags":   bytesAndFlags,
		"bad requests":      badKVRequests,
		"consistency modes": consistencyModes,
	})
}

func putGetDelete(f *flow) {
	key := f.key("a/b")
	pair, meta, err := f.KV().Get(key, nil)
	f.ok(err)
	f.is("missing", pair, (*api.KVPair)(nil))
	if meta.LastIndex == 0 || !meta.KnownLeader {
		f.Errorf("meta of a missing key: %+v", meta)
	}
	_, err = f.KV().Put(&api.KVPair{Key: key, Value: []byte("v1")}, nil)
	f.ok(err)
	pair, meta, err = f.KV().Get(key, nil)
	f.ok(err)
	f.is("found", pair, &api.KVPair{Key: key, Value: []byte("v1"), CreateIndex: pair.CreateIndex, ModifyIndex: pair.CreateIndex})
	f.is("index", meta.LastIndex, pair.ModifyIndex)
	_, err = f.KV().Put(&api.KVPair{Key: key, Value: []byte("v2")}, nil)
	f.ok(err)
	second, _, err := f.KV().Get(key, nil)
	f.ok(err)
	if second.CreateIndex != pair.CreateIndex || second.ModifyIndex <= pair.ModifyIndex {
		f.Errorf("indexes after the second put: %+v, after the first %+v", second, pair)
	}
	_, err = f.KV().Delete(key, nil)
	f.ok(err)
	pair, meta, err = f.KV().Get(key, nil)
	f.ok(err)
	f.is("deleted", pair, (*api.KVPair)(nil))
	if meta.LastIndex <= second.ModifyIndex {
		f.Errorf("index after the deletion: %d, before %d", meta.LastIndex, second.ModifyIndex)
	}
}

func listAndKeys(f *flow) {
	for _, name := range []string{"x/1", "x/2", "x/sub/3", "y"} {
		_, err := f.KV().Put(&api.KVPair{Key: f.key(name), Value: []byte(name)}, nil)
		f.ok(err)
	}
	pairs, _, err := f.KV().List(f.key("x/"), nil)
	f.ok(err)
	f.is("list", pick(pairs, func(p *api.KVPair) string { return p.Key + "=" + string(p.Value) }),
		[]string{f.key("x/1=x/1"), f.key("x/2=x/2"), f.key("x/sub/3=x/sub/3")})
	keys, _, err := f.KV().Keys(f.key("x/"), "/", nil)
	f.ok(err)
	f.is("keys", keys, []string{f.key("x/1"), f.key("x/2"), f.key("x/sub/")})
	keys, _, err = f.KV().Keys(f.key("x"), "", nil)
	f.ok(err)
	f.is("all keys", keys, []string{f.key("x/1"), f.key("x/2"), f.key("x/sub/3")})
	pairs, meta, err := f.KV().List(f.key("none/"), nil)
	f.ok(err)
	if pairs != nil || meta.LastIndex == 0 {
		f.Errorf("list of nothing: %v, %+v", pairs, meta)
	}
	keys, _, err = f.KV().Keys(f.key("none/"), "", nil)
	f.ok(err)
	f.is("keys of nothing", keys, []string(nil))
	_, err = f.KV().DeleteTree(f.key("x/"), nil)
	f.ok(err)
	keys, _, err = f.KV().Keys(f.prefix, "", nil)
	f.ok(err)
	f.is("left", keys, []string{f.key("y")})
}

func checkAndSet(f *flow) {
	key := f.key("cas")
	for _, c := range []struct {
		what  string
		index uint64
		want  bool
	}{
		{"only if absent, absent", 0, true},
		{"only if absent, there", 0, false},
		{"a stale index", 1, false},
	} {
		done, _, err := f.KV().CAS(&api.KVPair{Key: key, Value: []byte(c.what), ModifyIndex: c.index}, nil)
		f.ok(err)
		f.is(c.what, done, c.want)
	}
	pair, _, err := f.KV().Get(key, nil)
	f.ok(err)
	f.is("value", string(pair.Value), "only if absent, absent")
	stale := *pair
	done, _, err := f.KV().CAS(pair, nil)
	f.ok(err)
	f.is("the right index", done, true)
	done, _, err = f.KV().DeleteCAS(&stale, nil)
	f.ok(err)
	f.is("delete by a stale index", done, false)
	pair, _, err = f.KV().Get(key, nil)
	f.ok(err)
	done, _, err = f.KV().DeleteCAS(pair, nil)
	f.ok(err)
	f.is("delete by the right index", done, true)
	done, _, err = f.KV().DeleteCAS(&api.KVPair{Key: f.key("never"), ModifyIndex: 99}, nil)
	f.ok(err)
	f.is("delete of what is not there", done, true)
}

func acquireRelease(f *flow) {
	key := f.key("lock")
	mine, other := f.session(nil), f.session(nil)
	lock := func(what string, call func(*api.KVPair, *api.WriteOptions) (bool, *api.WriteMeta, error), id string, want bool) {
		f.Helper()
		done, _, err := call(&api.KVPair{Key: key, Session: id, Value: []byte(what)}, nil)
		f.ok(err)
		f.is(what, done, want)
	}
	at := func(what, holder string, lockIndex uint64, value string) {
		f.Helper()
		pair, _, err := f.KV().Get(key, nil)
		f.ok(err)
		f.is(what, *pair, api.KVPair{Key: key, CreateIndex: pair.CreateIndex, ModifyIndex: pair.ModifyIndex, LockIndex: lockIndex, Session: holder, Value: []byte(value)})
	}
	lock("acquire", f.KV().Acquire, mine, true)
	at("held", mine, 1, "acquire")
	lock("acquire again", f.KV().Acquire, mine, true)
	at("held still", mine, 1, "acquire again")
	lock("another acquires", f.KV().Acquire, other, false)
	lock("another releases", f.KV().Release, other, false)
	lock("release", f.KV().Release, mine, true)
	at("free", "", 1, "release")
	lock("another acquires", f.KV().Acquire, other, true)
	at("handed over", other, 2, "another acquires")
	_, err := f.Session().Destroy(other, nil)
	f.ok(err)
	at("session gone", "", 2, "another acquires")
	lock("within the lock delay", f.KV().Acquire, mine, false)
	_, _, err = f.KV().Acquire(&api.KVPair{Key: key, Session: "0b7bb1d4-0000-0000-0000-000000000000"}, nil)
	f.fails("unknown session", err, 500, "invalid session ")
}

func bytesAndFlags(f *flow) {
	for name, value := range map[string][]byte{
		"empty": nil, "nul": {0, 1, 255}, "big": bytes.Repeat([]byte("x"), 512<<10), "ü/ ?#%&+": []byte("odd key"),
	} {
		_, err := f.KV().Put(&api.KVPair{Key: f.key(name), Value: value, Flags: 1<<63 + 42}, nil)
		f.ok(err)
		pair, _, err := f.KV().Get(f.key(name), nil)
		f.ok(err)
		if pair == nil || pair.Flags != 1<<63+42 || !bytes.Equal(pair.Value, value) {
			f.Errorf("%q: got back %.80v", name, pair)
		}
	}
	pair, _, err := f.KV().Get(f.key("empty"), nil)
	f.ok(err)
	if pair.Value != nil {
		f.Errorf("an empty value is %v, not null", pair.Value)
	}
}

func badKVRequests(f *flow) {
	_, err := f.KV().Put(&api.KVPair{Key: f.key("big"), Value: make([]byte, 512<<10+1)}, nil)
	f.fails("too large", err, 413, "")
	_, err = f.Raw().Write("/v1/kv/", nil, nil, nil)
	f.fails("no key", err, 400, "")
	_, _, err = f.KV().Get(f.key("a"), &api.QueryOptions{Datacenter: "elsewhere"})
	f.fails("unknown datacenter", err, 500, "No path to datacenter")
}

func consistencyModes(f *flow) {
	_, err := f.KV().Put(&api.KVPair{Key: f.key("a"), Value: []byte("v")}, nil)
	f.ok(err)
	for _, q := range []*api.QueryOptions{{}, {RequireConsistent: true}, {AllowStale: true}, {Datacenter: "dc1"}} {
		f.until("read", func() bool {
			pair, meta, err := f.KV().Get(f.key("a"), q)
			f.ok(err)
			if !meta.KnownLeader || meta.LastIndex == 0 || meta.LastContact > q.MaxAge+10e9 {
				f.Errorf("%+v: %+v", q, meta)
			}
			return q.AllowStale && pair == nil || string(pair.Value) == "v"
		})
	}
}
