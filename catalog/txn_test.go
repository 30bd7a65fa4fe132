package catalog

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func kvOp(verb, key string, adjust func(*TxnKV)) TxnOp {
	o := &TxnKV{Verb: verb, Key: []byte(key)}
	if adjust != nil {
		adjust(o)
	}
	return TxnOp{KV: o}
}

// txn applies a transaction and renders what came of it.
func (s *script) txn(ops ...TxnOp) string {
	s.t.Helper()
	s.index++
	res, err := s.state.Apply(s.index, &Txn{Ops: ops})
	if err != nil {
		s.t.Fatal(err)
	}
	rows, errs, known := res.Txn()
	if !known || res.OK != (len(errs) == 0) || len(errs) > 0 && len(rows) > 0 {
		s.t.Fatalf("ok %v, rows %v, errors %v, known %v", res.OK, rows, errs, known)
	}
	return renderTxn(rows, errs)
}

func renderTxn(rows []TxnRow, errs []TxnError) string {
	out := ""
	for _, r := range rows {
		switch {
		case r.KV != nil:
			out += fmt.Sprintf("%s=%s@%d ", r.KV.Key, r.KV.Value, r.KV.ModifyIndex)
		case r.Node != nil:
			out += fmt.Sprintf("node %s@%d ", r.Node.Name, r.Node.ModifyIndex)
		case r.Service != nil:
			out += fmt.Sprintf("service %s@%d ", r.Service.ID, r.Service.ModifyIndex)
		case r.Check != nil:
			out += fmt.Sprintf("check %s %s@%d ", r.Check.ID, r.Check.Status, r.Check.ModifyIndex)
		}
	}
	for _, e := range errs {
		out += fmt.Sprintf("%d: %s; ", e.OpIndex, e.What)
	}
	return out
}

func TestTxnVerbs(t *testing.T) {
	at := func(n uint64) func(*TxnKV) { return func(o *TxnKV) { o.Index = n } }
	as := func(id string) func(*TxnKV) { return func(o *TxnKV) { o.Session = id } }
	to := func(v string) func(*TxnKV) { return func(o *TxnKV) { o.Value = []byte(v) } }
	node := func(verb string, n Node) TxnOp { return TxnOp{Node: &TxnNode{verb, n}} }
	service := func(verb string, i Instance) TxnOp { return TxnOp{Service: &TxnService{verb, i}} }
	check := func(verb string, c Check) TxnOp { return TxnOp{Check: &TxnCheck{verb, c}} }
	s := newScript(t, nodeWithChecks("n1"), session("a", nil), session("b", nil))
	for i, step := range []struct {
		ops  []TxnOp
		want string
	}{
		{[]TxnOp{kvOp("set", "k", to("v")), kvOp("get", "k", nil), kvOp("check-index", "k", at(4))}, "k=@4 k=v@4 k=v@4 "},
		{[]TxnOp{kvOp("cas", "k", at(9)), kvOp("get", "gone", nil)}, `0: failed to set key "k", index is stale; 1: key "gone" doesn't exist; `},
		{[]TxnOp{kvOp("cas", "k", at(4)), kvOp("get-or-empty", "gone", nil), kvOp("check-not-exists", "gone", nil)}, "k=@6 gone=@0 "},
		{[]TxnOp{kvOp("check-not-exists", "k", nil)}, `0: key "k" exists; `},
		{[]TxnOp{kvOp("check-index", "k", at(5))}, `0: key "k": current modify index 6 != 5; `},
		{[]TxnOp{kvOp("lock", "k", as("a")), kvOp("check-session", "k", as("a"))}, "k=@9 k=@9 "},
		{[]TxnOp{kvOp("lock", "k", as("b"))}, `0: failed to lock key "k", lock is already held; `},
		{[]TxnOp{kvOp("check-session", "k", as("b"))}, `0: failed session check for key "k", current session "a" != "b"; `},
		{[]TxnOp{kvOp("unlock", "k", as("b"))}, `0: failed to unlock key "k", lock isn't held, or is held by another session; `},
		{[]TxnOp{kvOp("lock", "k", as("nobody")), kvOp("unlock", "k", nil)}, `0: invalid session "nobody"; 1: missing session; `},
		{[]TxnOp{kvOp("unlock", "k", as("a")), kvOp("delete-cas", "k", at(14))}, "k=@14 "},
		{[]TxnOp{kvOp("delete-cas", "k", at(14))}, ""}, // it is gone already
		{[]TxnOp{kvOp("set", "t/1", nil), kvOp("set", "t/2", nil), kvOp("set", "u", nil), kvOp("delete", "t/2", nil), kvOp("get-tree", "t/", nil)}, "t/1=@16 t/2=@16 u=@16 t/1=@16 "},
		{[]TxnOp{kvOp("delete-tree", "t/", nil), kvOp("get-tree", "", nil)}, "u=@16 "},

		{[]TxnOp{node("get", Node{Name: "N1"}), node("get", Node{Name: "n9"})}, `1: node "n9" doesn't exist; `},
		{[]TxnOp{node("set", Node{Name: "n2", Address: "10.0.0.2"}), service("set", Instance{Node: "n2", ID: "w", Name: "web"}),
			check("set", Check{Node: "n2", ID: "c", ServiceID: "w", Status: Passing})}, "node n2@19 service w@19 check c passing@19 "},
		{[]TxnOp{node("cas", Node{Name: "n2", Address: "10.0.0.3"})}, `0: failed to set node "n2", index is stale; `},
		{[]TxnOp{node("cas", Node{Name: "n2", Address: "10.0.0.3", ModifyIndex: 19}), service("cas", Instance{Node: "n2", ID: "w", Name: "web", Port: 1, ModifyIndex: 19}),
			check("cas", Check{Node: "n2", ID: "c", ServiceID: "w", Status: Warning, ModifyIndex: 19})}, "node n2@21 service w@21 check c warning@21 "},
		{[]TxnOp{service("get", Instance{Node: "n2", ID: "w"}), check("get", Check{Node: "n2", ID: "c"}), service("set", Instance{Node: "n9", ID: "x", Name: "x"})},
			`2: node "n9" doesn't exist; `},
		{[]TxnOp{check("delete-cas", Check{Node: "n2", ID: "c", ModifyIndex: 1}), service("delete", Instance{Node: "n2"})},
			`0: failed to delete check "c", index is stale; 1: service id is missing; `},
		{[]TxnOp{check("delete-cas", Check{Node: "n2", ID: "c", ModifyIndex: 21}), service("delete", Instance{Node: "n2", ID: "w"}), node("delete", Node{Name: "n2"})}, ""},
		{[]TxnOp{kvOp("delete-cas", "u", at(14))}, `0: failed to delete key "u", index is stale; `},
	} {
		if got := s.txn(step.ops...); got != step.want {
			t.Errorf("step %d:\n got %s\nwant %s", i, got, step.want)
		}
	}
}

func TestTxnsThatAreNone(t *testing.T) {
	s := newScript(t)
	for name, c := range map[string]*Txn{
		"no kind":      {Ops: []TxnOp{{}}},
		"two kinds":    {Ops: []TxnOp{{KV: &TxnKV{Verb: "get"}, Node: &TxnNode{Verb: "get"}}}},
		"no verb":      {Ops: []TxnOp{kvOp("", "k", nil)}},
		"foreign verb": {Ops: []TxnOp{{Node: &TxnNode{Verb: "lock"}}}},
		"too many":     {Ops: make([]TxnOp, MaxTxnOps+1)},
	} {
		if _, err := s.try(c); CodeOf(err) != Invalid && CodeOf(err) != TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTxnIsAllOrNothing holds transactions against the same operations one by one: one that fails
// leaves every byte and every watch, and followers hear only of what is theirs.
func TestTxnIsAllOrNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, index := New(), uint64(1)
		f := &follower{source: state, copy: New(), changes: state.Changes()}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			index++
			if rapid.Bool().Draw(t, "plain") {
				state.Apply(index, drawCommand(t, index))
				continue
			}
			c := &Txn{}
			for range rapid.IntRange(1, 5).Draw(t, "ops") {
				c.Ops = append(c.Ops, drawOp(t, index))
			}
			before := state.Snapshot()
			old, said := marks(before), answers(before)
			rows := persisted(t, state)
			res, err := state.Apply(index, c)
			if err != nil {
				t.Fatal(err)
			}
			if _, errs, known := res.Txn(); !known || res.OK == (len(errs) > 0) {
				t.Fatalf("%+v", res)
			}
			if res.OK {
				checkMarks(t, old, marks(state.Snapshot()), said, answers(state.Snapshot()))
			} else {
				after := persisted(t, state)
				if head := len(persistMagic) + 8; !bytes.Equal(rows[head:len(rows)-32], after[head:len(after)-32]) {
					t.Fatalf("a transaction that failed left\n%q of\n%q", after, rows)
				}
				if got := answers(before); fmt.Sprint(got) != fmt.Sprint(said) {
					t.Fatal("a published snapshot changed")
				}
			}
			f.catchUp(t)
			if got, want := discovery(t, f.copy.Snapshot()), discovery(t, state.Snapshot()); !bytes.Equal(got, want) {
				t.Fatalf("a follower has\n%q, want\n%q", got, want)
			}
		}
	})
}

// drawOp makes an operation that may fail.
func drawOp(t *rapid.T, last uint64) TxnOp {
	key, node := rapid.SampledFrom(modelKeys).Draw(t, "key"), rapid.SampledFrom(modelNodes).Draw(t, "node")
	at := rapid.Uint64Range(0, last).Draw(t, "at")
	rowVerb := rapid.SampledFrom([]string{"get", "set", "set", "cas", "delete", "delete-cas"}).Draw(t, "verb")
	switch rapid.IntRange(0, 5).Draw(t, "of") {
	case 0:
		return TxnOp{Node: &TxnNode{rowVerb, Node{Name: node, Address: "10.0.0.9", ModifyIndex: at}}}
	case 1:
		return TxnOp{Service: &TxnService{rowVerb, Instance{Node: node, ID: "a", Name: "web", ModifyIndex: at}}}
	case 2:
		return TxnOp{Check: &TxnCheck{rowVerb, Check{Node: node, ID: "c1", Status: rapid.SampledFrom(statuses).Draw(t, "status"), ModifyIndex: at}}}
	}
	return kvOp(rapid.SampledFrom([]string{"set", "set", "cas", "lock", "unlock", "delete", "delete-cas", "delete-tree", "get-tree", "get-or-empty", "get"}).Draw(t, "verb"), key,
		func(o *TxnKV) { o.Index, o.Session = at, rapid.SampledFrom(modelSessions).Draw(t, "session") })
}

// TestTxnReadsNoMoreThanAReplyHolds beside what it writes; one that only reads may.
func TestTxnReadsNoMoreThanAReplyHolds(t *testing.T) {
	s := newScript(t)
	for i := range 5 {
		s.do(&SetKey{Key: fmt.Appendf(nil, "k%d", i), Value: make([]byte, MaxValueBytes)})
	}
	all := kvOp("get-tree", "k", nil)
	if got := s.txn(kvOp("set", "new", nil), all); got != "1: what is read has 2622989 bytes, the limit beside writes is 2097152; " {
		t.Error(got)
	}
	if p, _ := s.state.Snapshot().Pair("new"); p != nil {
		t.Error("it was applied")
	}
	if rows, errs := s.state.Snapshot().Txn(&Txn{Ops: []TxnOp{all}}); len(rows) != 5 || len(errs) > 0 {
		t.Errorf("%d rows, %v", len(rows), errs)
	}
}

// TestRepeatedTxn is not applied again, and says the same unless that was much.
func TestRepeatedTxn(t *testing.T) {
	for size, kept := range map[int]bool{10: true, maxRememberedData: false} {
		s := newScript(t, &SetKey{Key: []byte("k"), Value: bytes.Repeat([]byte("x"), size)})
		c := &Once{ID: [16]byte{1}, Command: &Txn{Ops: []TxnOp{kvOp("get", "k", nil), kvOp("set", "l", nil)}}}
		first, err := s.state.Apply(2, c)
		if err != nil || !first.OK {
			t.Fatal(first, err)
		}
		s.state = restoredFrom(t, s.state)
		again, err := s.state.Apply(3, c)
		if err != nil || !again.OK || kept != bytes.Equal(again.Data, first.Data) {
			t.Errorf("%d bytes: %+v, %v", size, again, err)
		}
		if _, _, known := again.Txn(); known != kept {
			t.Errorf("%d bytes: known %v", size, known)
		}
	}
}
