package httpapi

import (
	"encoding/base64"
	"net/http"

	"muster/catalog"
)

func (s *Server) txnRoutes() []route {
	return []route{{template: "/v1/txn", place: ofServers, methods: put(s.txn)}}
}

// maxTxnBytes is the largest body of a transaction, which may carry one large value or many small ones.
const maxTxnBytes = maxBodyBytes

// txnBody is one operation of a transaction.
type txnBody struct {
	KV *struct {
		Verb    string
		Key     string
		Value   string // base64
		Flags   uint64
		Index   uint64
		Session string
	}
	Node *struct {
		Verb string
		Node txnNodeBody
	}
	Service *struct {
		Verb    string
		Node    string
		Service serviceBody
	}
	Check *struct {
		Verb  string
		Check checkBody
	}
}

type txnNodeBody struct {
	ID              string
	Node            string
	Address         string
	TaggedAddresses map[string]string
	Meta            map[string]string
	Locality        *catalog.Locality
	ModifyIndex     uint64
}

// txnResult is what an operation gave back.
type txnResult struct {
	KV      *Pair        `json:",omitempty"`
	Node    *Node        `json:",omitempty"`
	Service *NodeService `json:",omitempty"`
	Check   *HealthCheck `json:",omitempty"`
}

// txnAnswer is the body of the answer: one of the two is null.
type txnAnswer struct {
	Results []txnResult
	Errors  []catalog.TxnError
}

// txn applies operations, all or none. Where none writes it is a read, and takes its parameters.
func (s *Server) txn(r *request) (answer, error) {
	var body []txnBody
	if len(r.body) == 0 {
		return answer{}, catalog.Errorf(catalog.Invalid, "body: is missing; a transaction is a list of operations")
	}
	if err := r.decodeUpTo(maxTxnBytes, &body, foreignRowKey); err != nil {
		return answer{}, err
	}
	if len(body) > catalog.MaxTxnOps {
		return answer{}, catalog.Errorf(catalog.TooLarge, "Transaction contains too many operations (%d > %d)", len(body), catalog.MaxTxnOps)
	}
	c := &catalog.Txn{Ops: make([]catalog.TxnOp, len(body))}
	for i := range body {
		var err error
		if c.Ops[i], err = body[i].op(s.cfg.Datacenter); err != nil {
			return answer{}, catalog.Errorf(catalog.CodeOf(err), "operation %d: %w", i, err)
		}
	}
	if err := c.Validate(); err != nil {
		return answer{}, err
	}
	// A client agent has no keys to read, so there it is a command like any other.
	if c.ReadOnly() && s.deps.Elsewhere == nil {
		return s.readTxn(r, c)
	}
	res, err := s.apply(r, c)
	if err != nil {
		return answer{}, err
	}
	rows, errs, known := res.Txn()
	if !known {
		return answer{}, failf(http.StatusInternalServerError, "the transaction was applied, but what it gave back was lost on the way; read it again")
	}
	return txnReply(rows, errs), nil
}

func (s *Server) readTxn(r *request, c *catalog.Txn) (answer, error) {
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	fresh, err := s.freshen(r.Context(), opts.mode)
	if err != nil {
		return answer{}, err
	}
	snap := s.deps.State.Snapshot()
	rows, errs := snap.Txn(c)
	a := txnReply(rows, errs)
	a.read = &readMark{index: snap.Index, fresh: fresh, mode: opts.mode}
	return a, nil
}

func txnReply(rows []catalog.TxnRow, errs []catalog.TxnError) answer {
	if len(errs) > 0 {
		return answer{status: http.StatusConflict, json: txnAnswer{Errors: errs}}
	}
	return reply(txnAnswer{Results: each(rows, shapeTxnRow)})
}

func shapeTxnRow(row catalog.TxnRow) txnResult {
	switch {
	case row.KV != nil:
		return txnResult{KV: shapePair(row.KV)}
	case row.Node != nil:
		return txnResult{Node: shapeNode(row.Node)}
	case row.Service != nil:
		return txnResult{Service: shapeService(row.Service)}
	default:
		return txnResult{Check: shapeCheck(row.Check)}
	}
}

// op checks one operation. What names a row must be plain; what is written obeys the rules of catalog/register.
func (b *txnBody) op(datacenter string) (catalog.TxnOp, error) {
	kinds := 0
	for _, set := range []bool{b.KV != nil, b.Node != nil, b.Service != nil, b.Check != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return catalog.TxnOp{}, catalog.Errorf(catalog.Invalid, "wants one of KV, Node, Service, Check, has %d", kinds)
	case b.KV != nil:
		return b.kvOp()
	case b.Node != nil:
		return b.nodeOp(datacenter)
	case b.Service != nil:
		return b.serviceOp()
	}
	return b.checkOp()
}

// sets reports whether a verb on a row writes what the operation carries.
func sets(verb string) bool { return verb == "set" || verb == "cas" }

func (b *txnBody) kvOp() (op catalog.TxnOp, err error) {
	kv := b.KV
	value, err := base64.StdEncoding.DecodeString(kv.Value)
	switch {
	case err != nil:
		return op, catalog.Errorf(catalog.Invalid, "KV.Value: is not base64")
	case kv.Key == "" && kv.Verb != "get-tree" && kv.Verb != "delete-tree":
		return op, catalog.Errorf(catalog.Invalid, "KV.Key: is missing")
	case len(kv.Key) > catalog.MaxKeyBytes:
		return op, catalog.Errorf(catalog.TooLarge, "KV.Key: has %d bytes, the limit is %d", len(kv.Key), catalog.MaxKeyBytes)
	}
	op.KV = &catalog.TxnKV{Verb: kv.Verb, Key: []byte(kv.Key), Value: value, Flags: kv.Flags, Index: kv.Index, Session: kv.Session}
	return op, plain("KV.Session", kv.Session)
}

func (b *txnBody) nodeOp(datacenter string) (op catalog.TxnOp, err error) {
	n := b.Node.Node
	op.Node = &catalog.TxnNode{Verb: b.Node.Verb, Node: catalog.Node{
		ID: n.ID, Name: n.Node, Address: n.Address, Datacenter: datacenter,
		TaggedAddresses: n.TaggedAddresses, Meta: n.Meta, Locality: n.Locality, ModifyIndex: n.ModifyIndex,
	}}
	if sets(b.Node.Verb) {
		whole := registerBody{Node: n.Node, ID: n.ID, Address: n.Address, TaggedAddresses: n.TaggedAddresses, Locality: n.Locality}
		return op, whole.validNode()
	}
	if n.Node == "" && n.ID == "" {
		return op, catalog.Errorf(catalog.Invalid, "Node.Node: is missing")
	}
	return op, plain("Node.Node", n.Node)
}

func (b *txnBody) serviceOp() (op catalog.TxnOp, err error) {
	i := &catalog.Instance{ID: b.Service.Service.ID}
	if sets(b.Service.Verb) {
		if i, err = b.Service.Service.instance(); err != nil {
			return op, err
		}
	}
	i.Node, i.ModifyIndex = b.Service.Node, b.Service.Service.ModifyIndex
	switch {
	case i.Node == "":
		return op, catalog.Errorf(catalog.Invalid, "Service.Node: is missing")
	case i.ID == "":
		return op, catalog.Errorf(catalog.Invalid, "Service.ID: is missing")
	}
	op.Service = &catalog.TxnService{Verb: b.Service.Verb, Instance: *i}
	if err := plain("Service.Node", i.Node); err != nil {
		return op, err
	}
	return op, plain("Service.ID", i.ID)
}

func (b *txnBody) checkOp() (op catalog.TxnOp, err error) {
	node := b.Check.Check.Node
	if node == "" {
		return op, catalog.Errorf(catalog.Invalid, "Check.Node: is missing")
	}
	k, err := b.Check.Check.check(node)
	if err != nil {
		return op, err
	}
	k.Node, k.ModifyIndex = node, b.Check.Check.ModifyIndex
	op.Check = &catalog.TxnCheck{Verb: b.Check.Verb, Check: *k}
	return op, plain("Check.Node", node)
}
