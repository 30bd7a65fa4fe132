package catalog

// verb is what an operation does.
type verb struct {
	writes bool
	run    func(o *TxnOp, t *tx) ([]TxnRow, error)
}

func (o *TxnOp) verbName() string {
	switch {
	case o.KV != nil:
		return o.KV.Verb
	case o.Node != nil:
		return o.Node.Verb
	case o.Service != nil:
		return o.Service.Verb
	case o.Check != nil:
		return o.Check.Verb
	}
	return ""
}

// verb finds what the operation does; it is not known where it is of no kind, or of several.
func (o *TxnOp) verb() (v verb, known bool) {
	kinds := 0
	for _, set := range []bool{o.KV != nil, o.Node != nil, o.Service != nil, o.Check != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return verb{}, false
	}
	if o.KV != nil {
		v, known = kvVerb(o.KV.Verb)
		return v, known
	}
	switch o.verbName() {
	case "get":
		return verb{false, (*TxnOp).getRow}, true
	case "set", "cas", "delete", "delete-cas":
		return verb{true, (*TxnOp).writeRow}, true
	}
	return verb{}, false
}

func kvVerb(name string) (verb, bool) {
	switch name {
	case "set", "cas", "lock", "unlock":
		return verb{true, (*TxnOp).setKey}, true
	case "delete", "delete-cas", "delete-tree":
		return verb{true, (*TxnOp).deleteKey}, true
	case "get", "get-or-empty", "get-tree":
		return verb{false, (*TxnOp).getKey}, true
	case "check-index", "check-session", "check-not-exists":
		return verb{false, (*TxnOp).checkKey}, true
	}
	return verb{}, false
}

func (o *TxnOp) run(t *tx) ([]TxnRow, error) {
	v, known := o.verb()
	if !known {
		return nil, Errorf(Invalid, "verb %q is unknown", o.verbName())
	}
	return v.run(o, t)
}

func (o *TxnOp) setKey(t *tx) ([]TxnRow, error) {
	kv := o.KV
	c, refusal := &SetKey{Key: kv.Key, Value: kv.Value, Flags: kv.Flags}, ""
	switch kv.Verb {
	case "cas":
		c.CAS, c.Index, refusal = true, kv.Index, "failed to set key %q, index is stale"
	case "lock":
		c.Acquire, refusal = kv.Session, "failed to lock key %q, lock is already held"
	case "unlock":
		c.Release, refusal = kv.Session, "failed to unlock key %q, lock isn't held, or is held by another session"
	}
	if (kv.Verb == "lock" || kv.Verb == "unlock") && kv.Session == "" {
		return nil, Errorf(Invalid, "missing session")
	}
	res, err := t.run(c)
	if err != nil {
		return nil, err
	}
	if !res.OK {
		return nil, Errorf(Conflict, refusal, kv.Key)
	}
	p := *t.pair(string(kv.Key))
	p.Value = nil
	return []TxnRow{{KV: &p}}, nil
}

func (o *TxnOp) deleteKey(t *tx) ([]TxnRow, error) {
	kv := o.KV
	res, err := t.run(&DeleteKey{Key: kv.Key, Tree: kv.Verb == "delete-tree", CAS: kv.Verb == "delete-cas", Index: kv.Index})
	if err == nil && !res.OK {
		err = Errorf(Conflict, "failed to delete key %q, index is stale", kv.Key)
	}
	return nil, err
}

func (o *TxnOp) getKey(t *tx) ([]TxnRow, error) {
	key := string(o.KV.Key)
	if o.KV.Verb == "get-tree" {
		var rows []TxnRow
		for p := range t.keys.rows(byID, pairsBelow(key)) {
			rows = append(rows, TxnRow{KV: p})
		}
		return rows, nil
	}
	p := t.pair(key)
	switch {
	case p != nil:
		return []TxnRow{{KV: p}}, nil
	case o.KV.Verb == "get-or-empty":
		return []TxnRow{{KV: &Pair{Key: key}}}, nil
	}
	return nil, Errorf(NotFound, "key %q doesn't exist", key)
}

func (o *TxnOp) checkKey(t *tx) ([]TxnRow, error) {
	kv := o.KV
	p := t.pair(string(kv.Key))
	switch {
	case kv.Verb == "check-not-exists" && p == nil:
		return nil, nil
	case kv.Verb == "check-not-exists":
		return nil, Errorf(Conflict, "key %q exists", kv.Key)
	case p == nil:
		return nil, Errorf(NotFound, "key %q doesn't exist", kv.Key)
	case kv.Verb == "check-index" && p.ModifyIndex != kv.Index:
		return nil, Errorf(Conflict, "key %q: current modify index %d != %d", kv.Key, p.ModifyIndex, kv.Index)
	case kv.Verb == "check-session" && p.Session != kv.Session:
		return nil, Errorf(Conflict, "failed session check for key %q, current session %q != %q", kv.Key, p.Session, kv.Session)
	}
	return []TxnRow{{KV: p}}, nil
}

// row finds the row of a node, an instance or a check: how it is called, its
// modify index (0: there is none), the index of a cas, and the commands that write and delete it.
func (o *TxnOp) row(t *tx) (row TxnRow, name string, modify, index uint64, set, remove Command) {
	switch {
	case o.Node != nil:
		n := o.Node.Node
		var old *Node
		if n.Name == "" && n.ID != "" {
			if old = t.nodeByUUID(n.ID); old != nil {
				n.Name = old.Name
			}
		} else {
			old = t.node(n.Name)
		}
		if old != nil {
			row, modify = TxnRow{Node: old}, old.ModifyIndex
		}
		return row, "node " + quoted(n.Name), modify, n.ModifyIndex, &Register{Node: n}, &Deregister{Node: n.Name}
	case o.Service != nil:
		i := o.Service.Instance
		if old := t.instance(i.Node, i.ID); old != nil {
			row, modify = TxnRow{Service: old}, old.ModifyIndex
		}
		return row, "service " + quoted(i.ID), modify, i.ModifyIndex,
			&Register{Node: Node{Name: i.Node}, SkipNodeUpdate: true, Instance: &i}, &Deregister{Node: i.Node, ServiceID: i.ID}
	default:
		c := o.Check.Check
		if old := t.check(c.Node, c.ID); old != nil {
			row, modify = TxnRow{Check: old}, old.ModifyIndex
		}
		return row, "check " + quoted(c.ID), modify, c.ModifyIndex,
			&Register{Node: Node{Name: c.Node}, SkipNodeUpdate: true, Checks: []*Check{&c}}, &Deregister{Node: c.Node, CheckID: c.ID}
	}
}

func quoted(name string) string { return "\"" + name + "\"" }

func (o *TxnOp) getRow(t *tx) ([]TxnRow, error) {
	row, name, modify, _, _, _ := o.row(t)
	if modify == 0 {
		return nil, Errorf(NotFound, "%s doesn't exist", name)
	}
	return []TxnRow{row}, nil
}

// named refuses what would name more than is meant: a Deregister without an id is one of the node.
func (o *TxnOp) named(t *tx) error {
	switch {
	case o.Service != nil && o.Service.Instance.ID == "":
		return Errorf(Invalid, "service id is missing")
	case o.Check != nil && o.Check.Check.ID == "":
		return Errorf(Invalid, "check id is missing")
	case o.Service != nil && t.node(o.Service.Instance.Node) == nil:
		return Errorf(NotFound, "node %q doesn't exist", o.Service.Instance.Node)
	case o.Check != nil && t.node(o.Check.Check.Node) == nil:
		return Errorf(NotFound, "node %q doesn't exist", o.Check.Check.Node)
	}
	return nil
}

// writeRow writes by commands that mean the same to followers, who know nothing of
// what the transaction asked.
func (o *TxnOp) writeRow(t *tx) ([]TxnRow, error) {
	if err := o.named(t); err != nil {
		return nil, err
	}
	_, name, modify, index, set, remove := o.row(t)
	switch verb := o.verbName(); {
	case verb == "cas" && modify != index:
		return nil, Errorf(Conflict, "failed to set %s, index is stale", name)
	case verb == "delete-cas" && (modify == 0 || modify != index):
		return nil, Errorf(Conflict, "failed to delete %s, index is stale", name)
	case verb == "delete" || verb == "delete-cas":
		_, err := t.run(remove)
		return nil, err
	}
	if _, err := t.run(set); err != nil {
		return nil, err
	}
	row, _, _, _, _, _ := o.row(t)
	return []TxnRow{row}, nil
}
