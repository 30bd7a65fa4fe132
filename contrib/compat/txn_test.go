package compat

import (
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestTxn(t *testing.T) {
	flows(t, map[string]func(*flow){
		"all KV verbs":           txnKV,
		"rolled back":            txnRolledBack,
		"errors by index":        txnErrors,
		"locks":                  txnLocks,
		"node service and check": txnCatalog,
		"only reads":             txnReads,
		"too many":               txnTooMany,
		"the old form":           txnOld,
	})
}

func (f *flow) txn(ops ...*api.TxnOp) (bool, *api.TxnResponse) {
	f.Helper()
	done, res, _, err := f.Txn().Txn(ops, nil)
	f.ok(err)
	return done, res
}

func (f *flow) kvOp(verb api.KVOp, key, value string) *api.TxnOp {
	op := &api.KVTxnOp{Verb: verb, Key: f.key(key)}
	if value != "" {
		op.Value = []byte(value)
	}
	return &api.TxnOp{KV: op}
}

func txnKV(f *flow) {
	done, res := f.txn(f.kvOp(api.KVSet, "a", "1"), f.kvOp(api.KVSet, "b", "2"), f.kvOp(api.KVGet, "a", ""),
		f.kvOp(api.KVGetTree, "", ""), f.kvOp(api.KVCheckNotExists, "c", ""), f.kvOp(api.KVDelete, "b", ""), f.kvOp(api.KVGetOrEmpty, "b", ""))
	f.is("done", done, true)
	f.is("errors", len(res.Errors), 0)
	a := func(value string) *api.TxnResult {
		index := res.Results[0].KV.ModifyIndex
		r := &api.TxnResult{KV: &api.KVPair{Key: f.key("a"), CreateIndex: index, ModifyIndex: index}}
		if value != "" {
			r.KV.Value = []byte(value)
		}
		return r
	}
	f.is("set answers without the value", res.Results[0], a(""))
	f.is("get answers with it", res.Results[2], a("1"))
	f.is("keys", pick(res.Results, func(r *api.TxnResult) string { return strings.TrimPrefix(r.KV.Key, f.prefix+"-") }),
		[]string{"a", "b", "a", "a", "b", "b"})
	done, res = f.txn(
		&api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVCheckIndex, Key: f.key("a"), Index: res.Results[0].KV.ModifyIndex}},
		&api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVCAS, Key: f.key("a"), Index: res.Results[0].KV.ModifyIndex, Value: []byte("2"), Flags: 5}},
		f.kvOp(api.KVGet, "a", ""))
	f.is("done", done, true)
	f.is("flags", res.Results[len(res.Results)-1].KV.Flags, uint64(5))
	done, res = f.txn(
		&api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVDeleteCAS, Key: f.key("a"), Index: res.Results[0].KV.ModifyIndex}},
		f.kvOp(api.KVDeleteTree, "", ""))
	f.is("delete-cas by the index before", done, false)
	f.is("error", res.Errors[0].OpIndex, 0)
}

func txnRolledBack(f *flow) {
	done, res := f.txn(f.kvOp(api.KVSet, "a", "1"), f.kvOp(api.KVGet, "missing", ""), f.kvOp(api.KVSet, "b", "1"))
	f.is("done", done, false)
	f.is("results", res.Results, api.TxnResults(nil))
	f.is("errors", res.Errors, api.TxnErrors{{OpIndex: 1, What: `key "` + f.key("missing") + `" doesn't exist`}})
	keys, _, err := f.KV().Keys(f.prefix, "", nil)
	f.ok(err)
	f.is("keys", keys, []string(nil))
}

func txnErrors(f *flow) {
	f.txn(f.kvOp(api.KVSet, "a", "1"))
	done, res := f.txn(
		&api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVCAS, Key: f.key("a"), Index: 1, Value: []byte("x")}},
		f.kvOp(api.KVCheckNotExists, "a", ""),
		&api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVCheckSession, Key: f.key("a"), Session: "s"}},
		f.kvOp(api.KVGet, "a", ""))
	f.is("done", done, false)
	f.is("indexes", pick(res.Errors, func(e *api.TxnError) string { return string(rune('0' + e.OpIndex)) }), []string{"0", "1", "2"})
}

func txnLocks(f *flow) {
	id := f.session(nil)
	lock := func(verb api.KVOp) (bool, *api.TxnResponse) {
		return f.txn(&api.TxnOp{KV: &api.KVTxnOp{Verb: verb, Key: f.key("l"), Session: id, Value: []byte("v")}})
	}
	done, res := lock(api.KVLock)
	f.is("lock", []any{done, res.Results[0].KV.Session, res.Results[0].KV.LockIndex}, []any{true, id, uint64(1)})
	done, _ = lock(api.KVCheckSession)
	f.is("check-session", done, true)
	done, res = lock(api.KVUnlock)
	f.is("unlock", []any{done, res.Results[0].KV.Session}, []any{true, ""})
	done, _ = lock(api.KVUnlock)
	f.is("unlock what is free", done, false)
}

func txnCatalog(f *flow) {
	node, service := f.key("n"), f.key("web")
	done, res := f.txn(
		&api.TxnOp{Node: &api.NodeTxnOp{Verb: api.NodeSet, Node: api.Node{Node: node, Address: "192.0.2.7", Meta: map[string]string{"k": "v"}}}},
		&api.TxnOp{Service: &api.ServiceTxnOp{Verb: api.ServiceSet, Node: node, Service: api.AgentService{ID: service, Service: service, Port: 80}}},
		&api.TxnOp{Check: &api.CheckTxnOp{Verb: api.CheckSet, Check: api.HealthCheck{Node: node, CheckID: "c", Name: "c", Status: "passing", ServiceID: service}}},
	)
	if !done || len(res.Results) != 3 {
		f.Fatalf("%v %+v", done, res)
	}
	f.is("node", []string{res.Results[0].Node.Node, res.Results[0].Node.Datacenter}, []string{node, "dc1"})
	f.is("weights are filled in", res.Results[1].Service.Weights, api.AgentWeights{Passing: 1, Warning: 1})
	f.is("the check knows its service", res.Results[2].Check.ServiceName, service)
	entries, _, err := f.Health().Service(service, "", true, nil)
	f.ok(err)
	f.is("healthy", len(entries), 1)
	stale := *res.Results[2].Check
	stale.ModifyIndex, stale.Status = 1, "critical"
	done, _ = f.txn(&api.TxnOp{Check: &api.CheckTxnOp{Verb: api.CheckCAS, Check: stale}})
	f.is("cas of a check by a wrong index", done, false)
	done, res = f.txn(
		&api.TxnOp{Node: &api.NodeTxnOp{Verb: api.NodeGet, Node: api.Node{Node: node}}},
		&api.TxnOp{Service: &api.ServiceTxnOp{Verb: api.ServiceGet, Node: node, Service: api.AgentService{ID: service}}},
		&api.TxnOp{Check: &api.CheckTxnOp{Verb: api.CheckGet, Check: api.HealthCheck{Node: node, CheckID: "c"}}},
		&api.TxnOp{Check: &api.CheckTxnOp{Verb: api.CheckDelete, Check: api.HealthCheck{Node: node, CheckID: "c"}}},
		&api.TxnOp{Service: &api.ServiceTxnOp{Verb: api.ServiceDelete, Node: node, Service: api.AgentService{ID: service}}},
		&api.TxnOp{Node: &api.NodeTxnOp{Verb: api.NodeDelete, Node: api.Node{Node: node}}})
	f.is("deleted", []any{done, len(res.Results)}, []any{true, 3})
	gone, _, err := f.Catalog().Node(node, nil)
	f.ok(err)
	f.is("node", gone, (*api.CatalogNode)(nil))
}

func txnReads(f *flow) {
	f.txn(f.kvOp(api.KVSet, "a", "1"))
	for _, q := range []*api.QueryOptions{nil, {RequireConsistent: true}} {
		done, res, meta, err := f.Txn().Txn(api.TxnOps{f.kvOp(api.KVGet, "a", "")}, q)
		f.ok(err)
		if !done || string(res.Results[0].KV.Value) != "1" || f.agent.name == "single" && !meta.KnownLeader {
			f.Errorf("%v %+v %+v", done, res, meta)
		}
	}
}

func txnTooMany(f *flow) {
	var ops api.TxnOps
	for range 65 {
		ops = append(ops, f.kvOp(api.KVSet, "a", "1"))
	}
	_, _, _, err := f.Txn().Txn(ops, nil)
	f.says("65 operations", err, "Transaction contains too many operations (65 > 64)")
	_, _, _, err = f.Txn().Txn(api.TxnOps{{KV: &api.KVTxnOp{Verb: "bend", Key: "a"}}}, nil)
	f.says("unknown verb", err, `"bend"`)
}

func txnOld(f *flow) {
	done, res, _, err := f.KV().Txn(api.KVTxnOps{{Verb: api.KVSet, Key: f.key("a"), Value: []byte("1")}, {Verb: api.KVGet, Key: f.key("a")}}, nil)
	f.ok(err)
	f.is("done", []any{done, string(res.Results[1].Value)}, []any{true, "1"})
}
