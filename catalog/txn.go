package catalog

import (
	"encoding/json"
	"fmt"
)

// MaxTxnOps is how many operations a transaction holds at most.
const MaxTxnOps = 64

// maxTxnRead bounds what a transaction that also writes gives back of keys, in bytes, and
// rowBytes is what each is counted for beside its key and value. It has to travel in one reply.
const (
	maxTxnRead = 2 << 20
	rowBytes   = 256
)

// Txn applies operations in order, all or none. Each sees what those before it did. The
// Result is OK when all succeeded; [Result.Txn] has what they gave back, or why they failed.
type Txn struct {
	Ops []TxnOp
}

// TxnOp is one operation: one of its fields is set.
type TxnOp struct {
	KV      *TxnKV      `json:",omitempty"`
	Node    *TxnNode    `json:",omitempty"`
	Service *TxnService `json:",omitempty"`
	Check   *TxnCheck   `json:",omitempty"`
}

// TxnKV is an operation on keys.
type TxnKV struct {
	Verb    string
	Key     []byte // bytes, because JSON strings cannot carry every key
	Value   []byte `json:",omitempty"`
	Flags   uint64 `json:",omitempty"`
	Index   uint64 `json:",omitempty"` // of cas, delete-cas and check-index
	Session string `json:",omitempty"` // of lock, unlock and check-session
}

// TxnNode is an operation on a node. It names the node, by id where the name is empty; its ModifyIndex is that of cas.
type TxnNode struct {
	Verb string
	Node Node
}

// TxnService is an operation on an instance, on the node that it names. Its ModifyIndex is that of cas.
type TxnService struct {
	Verb     string
	Instance Instance
}

// TxnCheck is an operation on a check, on the node that it names. Its ModifyIndex is that of cas.
type TxnCheck struct {
	Verb  string
	Check Check
}

// TxnRow is what an operation gave back: one of its fields is set. Of a key that was
// written the value is left out.
type TxnRow struct {
	KV      *Pair
	Node    *Node
	Service *Instance
	Check   *Check
}

// TxnError is why an operation failed.
type TxnError struct {
	OpIndex int
	What    string
}

// txnData is how rows and errors travel in a Result.
type txnData struct {
	Rows   []txnRow   `json:",omitempty"`
	Errors []TxnError `json:",omitempty"`
}

type txnRow struct {
	KV      *pairRecord `json:",omitempty"`
	Node    *Node       `json:",omitempty"`
	Service *Instance   `json:",omitempty"`
	Check   *Check      `json:",omitempty"`
}

func (*Txn) kind() kind { return kindTxn }

// ReadOnly reports whether no operation writes; such a transaction needs no log.
func (c *Txn) ReadOnly() bool {
	for i := range c.Ops {
		if verb, known := c.Ops[i].verb(); !known || verb.writes {
			return false
		}
	}
	return true
}

// Validate reports, as an Invalid error, an operation that is none.
func (c *Txn) Validate() error {
	if len(c.Ops) > MaxTxnOps {
		return Errorf(TooLarge, "Transaction contains too many operations (%d > %d)", len(c.Ops), MaxTxnOps)
	}
	for i := range c.Ops {
		if _, known := c.Ops[i].verb(); !known {
			return Errorf(Invalid, "operation %d: is of no kind, of several, or its verb %q is unknown", i, c.Ops[i].verbName())
		}
	}
	return nil
}

func (c *Txn) apply(t *tx) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	var out txnData
	ok := t.attempt(func() bool {
		out = c.run(t)
		read := 0
		for i := range out.Rows {
			if kv := out.Rows[i].KV; kv != nil {
				read += rowBytes + len(kv.Key) + len(kv.Value)
			}
		}
		if read > maxTxnRead {
			out.Errors = append(out.Errors, TxnError{len(c.Ops) - 1, fmt.Sprintf("what is read has %d bytes, the limit beside writes is %d", read, maxTxnRead)})
		}
		return len(out.Errors) == 0
	})
	if !ok {
		out.Rows = nil
	}
	data, err := json.Marshal(out)
	if err != nil {
		return Result{}, err
	}
	return Result{OK: ok, Data: data}, nil
}

// run carries the operations out, also behind one that failed, so that all errors are told.
func (c *Txn) run(t *tx) txnData {
	var out txnData
	for i := range c.Ops {
		rows, err := c.Ops[i].run(t)
		if err != nil {
			out.Errors = append(out.Errors, TxnError{i, err.Error()})
		}
		for _, r := range rows {
			w := txnRow{Node: r.Node, Service: r.Service, Check: r.Check}
			if r.KV != nil {
				w.KV = &pairRecord{Pair: *r.KV, Key: []byte(r.KV.Key)}
			}
			out.Rows = append(out.Rows, w)
		}
	}
	return out
}

// Txn runs a transaction that only reads. It is not for others.
func (s *Snapshot) Txn(c *Txn) ([]TxnRow, []TxnError) {
	out := c.run(&tx{tables: s.tables})
	return out.rows(), out.Errors
}

// Txn returns what a transaction gave back, or why it failed. It is not ok where that
// was too much to be kept for a sender who lost the first reply.
func (r Result) Txn() (rows []TxnRow, errs []TxnError, ok bool) {
	var in txnData
	if json.Unmarshal(r.Data, &in) != nil {
		return nil, nil, false
	}
	return in.rows(), in.Errors, true
}

func (d txnData) rows() []TxnRow {
	out := make([]TxnRow, len(d.Rows))
	for i, r := range d.Rows {
		out[i] = TxnRow{Node: r.Node, Service: r.Service, Check: r.Check}
		if r.KV != nil {
			p := r.KV.Pair
			p.Key = string(r.KV.Key)
			out[i].KV = &p
		}
	}
	return out
}

// attempt runs a part of a batch that may be taken back. What it wrote stays if it
// returns true and is gone if not. It has a batch number of its own, so that it writes to no tree node from before.
func (t *tx) attempt(part func() bool) bool {
	saved, touched, done := *t.tables, len(t.touched), len(t.done)
	*t.batches++
	t.batch = *t.batches
	if part() {
		return true
	}
	*t.tables, t.touched, t.done = saved, t.touched[:touched], t.done[:done]
	return false
}
