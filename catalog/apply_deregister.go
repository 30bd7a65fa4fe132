package catalog

import "slices"

func (c *Deregister) apply(t *tx) (Result, error) {
	switch {
	case c.Node == "":
		return Result{}, Errorf(Invalid, "node name is missing")
	case c.ServiceID != "":
		if i := t.instance(c.Node, c.ServiceID); i != nil {
			t.removeInstance(i)
		}
	case c.CheckID != "":
		if k := t.check(c.Node, c.CheckID); k != nil {
			t.removeCheck(k)
			t.touchCheck(k)
			t.guardCheck(k, nil)
		}
	default:
		if n := t.node(c.Node); n != nil {
			t.removeNode(n)
		}
	}
	return Result{OK: true}, nil
}

func (t *tx) removeInstance(i *Instance) {
	for _, k := range slices.Collect(t.checks.rows(checksByOwner, checksOf(i.Node, i.ID))) {
		t.removeCheck(k)
		t.touch(resChecks)
	}
	remove(t, &t.instances, i)
	t.dropTurn(i)
	t.touch(resNode(i.Node), resServiceList)
	t.leftService(i.Name)
}

func (t *tx) removeNode(n *Node) {
	t.endSessionsOn(n.Name)
	for _, i := range slices.Collect(t.instances.rows(byID, instancesOn(n.Name))) {
		t.removeInstance(i)
	}
	for _, k := range slices.Collect(t.checks.rows(byID, checksOn(n.Name))) {
		remove(t, &t.checks, k)
		t.unobserve(k)
		t.touch(resChecks)
	}
	t.removeCoordinate(n.Name)
	remove(t, &t.nodes, n)
	t.observingChanged(n, nil)
	t.touch(resNodes)
	t.forget(resNode(n.Name), resNodeGone)
}
