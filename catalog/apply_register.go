package catalog

import "slices"

func (c *Register) apply(t *tx) (Result, error) {
	node, renamed, err := c.plan(t)
	if err != nil {
		return Result{}, err
	}
	if renamed != nil {
		t.removeNode(renamed)
		t.done = append(t.done, &Deregister{Node: renamed.Name}) // those who read of the change do not know whose name it was
	}
	if node != nil {
		t.putNode(node)
	}
	// Rows share the node row's copy of its name, as first registered.
	name := t.node(c.Node.Name).Name
	if c.Instance != nil {
		i := *c.Instance
		i.Node = name
		t.putInstance(&i)
	}
	for _, check := range c.Checks {
		k := *check
		k.Node = name
		t.registerCheck(&k, c.Own)
	}
	return Result{OK: true}, nil
}

// plan decides what Register does and whether it may: the node row to write (nil:
// none) and the row of the same node under a former name (nil: none). It changes nothing.
func (c *Register) plan(t *tx) (node, renamed *Node, err error) {
	if c.Node.Name == "" || hasControl(c.Node.Name) {
		return nil, nil, Errorf(Invalid, "node name %q is missing or has a control character", c.Node.Name)
	}
	old := t.node(c.Node.Name)
	if !c.SkipNodeUpdate || old == nil {
		if c.Node.Address == "" {
			return nil, nil, Errorf(Invalid, "node %q: address is missing", c.Node.Name)
		}
		n := c.Node
		if old != nil && old.ID != "" {
			if n.ID == "" {
				n.ID = old.ID
			} else if Fold(n.ID) != Fold(old.ID) {
				return nil, nil, Errorf(Conflict, "node name %q belongs to node id %s; deregister that node or choose another name", old.Name, old.ID)
			}
		}
		if n.ID != "" {
			if other := t.nodeByUUID(n.ID); other != nil && !EqualFold(other.Name, n.Name) {
				renamed = other
			}
		}
		node = &n
	}
	if i := c.Instance; i != nil && (i.ID == "" || i.Name == "" || hasControl(i.ID) || hasControl(i.Name)) {
		return nil, nil, Errorf(Invalid, "node %q: a service needs an id and a name without control characters", c.Node.Name)
	}
	for _, check := range c.Checks {
		if err := c.checkOwner(t, check); err != nil {
			return nil, nil, err
		}
	}
	return node, renamed, nil
}

// checkOwner refuses a check of an instance that neither exists nor comes with the command.
func (c *Register) checkOwner(t *tx, check *Check) error {
	switch {
	case check.ID == "" || hasControl(check.ID):
		return Errorf(Invalid, "check id %q is missing or has a control character", check.ID)
	case !check.Status.Valid():
		return Errorf(Invalid, "check %q: status %q is none of passing, warning, critical", check.ID, check.Status)
	case check.ServiceID == "", c.Instance != nil && c.Instance.ID == check.ServiceID:
		return nil
	case t.instance(c.Node.Name, check.ServiceID) == nil:
		return Errorf(NotFound, "check %q: node %q has no service with id %q", check.ID, c.Node.Name, check.ServiceID)
	}
	return nil
}

func (t *tx) putNode(n *Node) {
	old := t.node(n.Name)
	n.CreateIndex, n.ModifyIndex = t.index, t.index
	if old != nil {
		n.Name = old.Name
		if n.sameAs(old) {
			return
		}
		n.CreateIndex = old.CreateIndex
	}
	put(t, &t.nodes, n)
	t.touch(resNodes)
	t.touchNode(n.Name)
	t.observingChanged(old, n)
}

func (t *tx) putInstance(i *Instance) {
	old := t.instance(i.Node, i.ID)
	i.CreateIndex, i.ModifyIndex = t.index, t.index
	if old != nil {
		if i.SameAs(old) {
			return
		}
		i.CreateIndex = old.CreateIndex
		if !EqualFold(old.Name, i.Name) || !old.Guard.Equal(i.Guard) {
			t.dropTurn(old)
		}
	}
	put(t, &t.instances, i)
	t.touch(resNode(i.Node), resService(i.Name))
	if old == nil || old.Name != i.Name || !slices.Equal(old.Tags, i.Tags) {
		t.touch(resServiceList)
		t.followInstance(i)
	}
	if old != nil && !EqualFold(old.Name, i.Name) {
		t.leftService(old.Name)
	}
}

// followInstance brings the name and tags that its checks repeat up to date.
func (t *tx) followInstance(i *Instance) {
	for _, c := range slices.Collect(t.checks.rows(checksByOwner, checksOf(i.Node, i.ID))) {
		k := *c
		t.putCheck(&k)
	}
}

// leftService records that a service lost an instance.
func (t *tx) leftService(name string) {
	for range t.instances.rows(instancesByService, instancesOf(name)) {
		t.touch(resService(name))
		return
	}
	t.forget(resService(name), resServiceGone)
}

func (t *tx) putCheck(c *Check) {
	if i := t.instance(c.Node, c.ServiceID); i != nil {
		c.ServiceID, c.ServiceName, c.ServiceTags = i.ID, i.Name, i.Tags // not copies of them
	} else {
		c.ServiceID, c.ServiceName, c.ServiceTags = "", "", nil
	}
	old := t.check(c.Node, c.ID)
	c.CreateIndex, c.ModifyIndex = t.index, t.index
	if old != nil {
		if c.SameAs(old) {
			return
		}
		c.CreateIndex = old.CreateIndex
	}
	t.define(old, c)
	put(t, &t.checks, c)
	t.touchCheck(c)
	if old != nil && old.ServiceID != c.ServiceID {
		t.touchCheck(old)
		t.guardCheck(old, nil)
		t.guardCheck(nil, c)
	} else {
		t.guardCheck(old, c)
	}
	t.healthChanged(old, c) // last, for it may change other checks
	if c.Status == Critical {
		t.endSessionsWith(c)
	}
}

// touchCheck records that a check changed or went.
func (t *tx) touchCheck(c *Check) {
	t.touch(resChecks)
	if c.ServiceID == "" {
		t.touchNode(c.Node)
		return
	}
	t.touch(resNode(c.Node), resService(c.ServiceName))
}

func (c *SetStatus) apply(t *tx) (Result, error) {
	if !c.Status.Valid() {
		return Result{}, Errorf(Invalid, "check %q: status %q is none of passing, warning, critical", c.CheckID, c.Status)
	}
	old := t.check(c.Node, c.CheckID)
	if old == nil {
		return Result{}, Errorf(NotFound, "node %q has no check with id %q", c.Node, c.CheckID)
	}
	k := *old
	k.Status, k.Output = c.Status, c.Output
	t.putCheck(&k)
	return Result{OK: true}, nil
}

func (c *Batch) apply(t *tx) (Result, error) {
	res := Result{OK: true, Batch: make([]Outcome, len(c.Commands))}
	for i, sub := range c.Commands {
		r, err := t.run(sub)
		res.Batch[i] = Outcome{OK: r.OK, Err: err}
	}
	return res, nil
}
