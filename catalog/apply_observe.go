package catalog

import "slices"

func (o *Observe) apply(t *tx) (Result, error) {
	if o.Status != "" && !o.Status.Valid() {
		return Result{}, Errorf(Invalid, "check %q: status %q is none of passing, warning, critical", o.CheckID, o.Status)
	}
	c := t.check(o.Node, o.CheckID)
	if c == nil {
		return Result{}, Errorf(NotFound, "node %q has no check with id %q", o.Node, o.CheckID)
	}
	own := EqualFold(o.Observer, c.Node)
	switch {
	case o.Withdraw:
		if row := t.observation(c.Node, c.ID, o.Observer); row != nil {
			t.forgetObservation(row)
			t.settle(row)
		}
		return Result{OK: true}, nil
	case c.Definition == nil, o.Defined != c.DefinedIndex && (o.Defined != 0 || !own):
		return Result{}, nil
	case !own && !t.observes(o.Observer):
		return Result{}, Errorf(Conflict, "observer %q is not an agent that is alive and willing", o.Observer)
	}
	t.observe(&Observation{Node: c.Node, CheckID: c.ID, Observer: o.Observer, Status: o.Status, Output: o.Output})
	return Result{OK: true}, nil
}

// registerCheck puts a check that is being registered, by the node's own agent or by
// another. Once somebody has observed it, what a registration says of its health is no news.
func (t *tx) registerCheck(c *Check, own bool) {
	if c.Definition == nil {
		t.putCheck(c)
		return
	}
	status, output := c.Status, c.Output
	if old := t.check(c.Node, c.ID); old != nil && c.SameProbe(old) && t.isObserved(old) {
		c.Status, c.Output = old.Status, old.Output
	} else if own {
		c.Status, c.Output = c.Definition.InitialStatus(), ""
	}
	t.putCheck(c)
	if own {
		t.observe(&Observation{Node: c.Node, CheckID: c.ID, Observer: c.Node, Status: status, Output: output})
	}
}

// observe puts an observation and settles the check.
func (t *tx) observe(o *Observation) {
	if n := t.node(o.Observer); n != nil {
		o.Observer = n.Name // not a copy of it
	}
	o.ModifyIndex = t.index
	if old := t.observation(o.Node, o.CheckID, o.Observer); old == nil || old.Status != o.Status || old.Output != o.Output {
		put(t, &t.observations, o)
		t.touch(resNode(o.Node))
	}
	t.settle(o)
}

func (t *tx) forgetObservation(o *Observation) {
	remove(t, &t.observations, o)
	t.touch(resNode(o.Node))
}

// settle brings the check of an observation to the status that its observers decide.
func (t *tx) settle(o *Observation) {
	c := t.check(o.Node, o.CheckID)
	if c == nil || c.Definition == nil {
		return
	}
	k := *c
	if k.Status, k.Output = t.decided(c); k.SameAs(c) {
		return
	}
	t.putCheck(&k)
	t.settled = append(t.settled, Touched{Node: c.Node, CheckID: c.ID})
}

// dropObserver forgets all that an agent has observed, which is no longer there to see it change.
func (t *tx) dropObserver(node string) {
	for _, o := range slices.Collect(t.observations.rows(byObserver, observationsBy(node))) {
		t.forgetObservation(o)
		t.settle(o)
	}
}

// define notes since when a check about to replace old, or nothing, is observed as it is. What was seen by
// another definition is forgotten.
func (t *tx) define(old, c *Check) {
	if old != nil && c.SameProbe(old) {
		c.Definition, c.DefinedIndex = old.Definition, old.DefinedIndex
		return
	}
	c.DefinedIndex = 0
	if c.Definition != nil {
		c.DefinedIndex = t.index
	}
	if old != nil {
		t.unobserve(old)
	}
	if c.Definition != nil {
		t.tell(watchObserving())
	}
}

// unobserve forgets what was observed of a check that goes, or by its agent if it was an agent's life.
func (t *tx) unobserve(c *Check) {
	if c.ID == SerfHealth {
		t.dropObserver(c.Node)
		t.tell(watchObserving())
	}
	if c.Definition == nil {
		return
	}
	for _, o := range slices.Collect(t.observations.rows(byID, observationsOf(c.Node, c.ID))) {
		t.forgetObservation(o)
	}
	t.tell(watchObserving())
}

// healthChanged looks after observers when a check changed that may be an agent's life.
func (t *tx) healthChanged(old, c *Check) {
	if c.ID != SerfHealth || old != nil && (old.Status == Critical) == (c.Status == Critical) {
		return
	}
	if c.Status == Critical {
		t.dropObserver(c.Node)
	}
	t.tell(watchObserving())
}

// observingChanged looks after observers when a node changed, or one of the two is nil.
func (t *tx) observingChanged(old, n *Node) {
	was, is := old.Observes(), n.Observes()
	if was > 0 && is == 0 && n != nil {
		t.dropObserver(n.Name)
	}
	if was != is || old.ExternallyProbed() || n.ExternallyProbed() {
		t.tell(watchObserving())
	}
}
