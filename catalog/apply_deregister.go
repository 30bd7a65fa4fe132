package catalog

import "slices"

func (c *Deregister) apply(t *tx) (Result, error) {
	switch {
	case c.Node == "":
		return Result{}, Errorf(Invalid, "node name is missing")
	case c.ServiceID != "":
		if i := first[Instance](t.Txn, tableInstances, "id", onNodeKey(c.Node, c.ServiceID)); i != nil {
			t.removeInstance(i)
		}
	case c.CheckID != "":
		if k := first[Check](t.Txn, tableChecks, "id", onNodeKey(c.Node, c.CheckID)); k != nil {
			t.remove(tableChecks, k)
			t.touchCheck(k)
		}
	default:
		if n := first[Node](t.Txn, tableNodes, "id", nodeKey(c.Node)); n != nil {
			t.removeNode(n)
		}
	}
	return Result{OK: true}, nil
}

func (t *tx) removeInstance(i *Instance) {
	for _, k := range slices.Collect(rows[Check](t.Txn, tableChecks, "of", ofServiceKey(i.Node, i.ID))) {
		t.remove(tableChecks, k)
		t.touch(resChecks)
	}
	t.remove(tableInstances, i)
	t.touch(resNode(i.Node), resServiceList)
	t.leftService(i.Name)
}

func (t *tx) removeNode(n *Node) {
	for _, i := range slices.Collect(rows[Instance](t.Txn, tableInstances, "id", nodeKey(n.Name))) {
		t.removeInstance(i)
	}
	for _, k := range slices.Collect(rows[Check](t.Txn, tableChecks, "id", nodeKey(n.Name))) {
		t.remove(tableChecks, k)
		t.touch(resChecks)
	}
	t.remove(tableNodes, n)
	t.touch(resNodes)
	t.forget(resNode(n.Name), resNodeGone)
}
