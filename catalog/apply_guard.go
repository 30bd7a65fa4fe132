package catalog

import "slices"

func (c *TendTurns) apply(t *tx) (Result, error) {
	for _, of := range c.Turns {
		old := t.turn(of.Node, of.ID)
		switch {
		case old == nil || old.Index != of.Index:
		case old.Fell:
			if !t.holds(old) {
				t.endTurn(old)
			}
		case of.Step >= RampSteps:
			t.endTurn(old)
		case of.Step > old.Step:
			next := *old
			next.Step = of.Step
			put(t, &t.turns, &next)
		}
	}
	return Result{OK: true}, nil
}

func (c *LiftBrake) apply(t *tx) (Result, error) {
	old := t.brake(c.Service)
	if old == nil {
		return Result{}, Errorf(NotFound, "service %.80q is not braked", c.Service)
	}
	if !old.Lifted {
		next := *old
		next.Lifted = true
		put(t, &t.brakes, &next)
		t.touch(resBrakes)
	}
	return Result{OK: true}, nil
}

// guardCheck tells the guards of the instances that a check belongs to that it changed.
// The rows have done so by now. Nil: there was no such check, or there is none any more.
func (t *tx) guardCheck(was, is *Check) {
	k := is
	if k == nil {
		k = was
	} else if was != nil && was.Status == is.Status {
		return
	}
	if k.ServiceID != "" {
		if i := t.instance(k.Node, k.ServiceID); i != nil {
			t.guardInstance(i, was, is)
		}
		return
	}
	for i := range t.instances.rows(byID, instancesOn(k.Node)) {
		t.guardInstance(i, was, is)
	}
}

// guardInstance is guardCheck for one instance.
func (t *tx) guardInstance(i *Instance, was, is *Check) {
	if i.Guard == nil {
		return
	}
	s := &Snapshot{tables: t.tables}
	checks := slices.Concat(s.ChecksOfInstance(i.Node, ""), s.ChecksOfInstance(i.Node, i.ID))
	to := Worst(checks)
	if is != nil {
		checks = slices.DeleteFunc(checks, func(c *Check) bool { return c.ID == is.ID })
	}
	if was != nil {
		checks = append(checks, was)
	}
	if from := Worst(checks); from != to {
		// An instance that gets another check, which has yet to pass, has not failed.
		t.turned(i, from, to, was == nil)
	}
}

// turned takes note of a change of an instance's health; fresh: for a check that is new.
func (t *tx) turned(i *Instance, from, to Status, fresh bool) {
	old := t.turn(i.Node, i.ID)
	switch {
	case from.healthy() && to == Critical && !fresh && i.Guard.remembers():
		put(t, &t.turns, &Turn{Node: i.Node, ID: i.ID, Service: i.Name, Index: t.index, Fell: true})
		t.engage(i)
		return
	case from.healthy() == to.healthy() && to != Maintenance:
		return
	case to.healthy() && i.Guard.SlowStart > 0 && !(old != nil && old.Fell && t.braked(i.Name)):
		// One that a brake kept has had its share of the traffic all along.
		put(t, &t.turns, &Turn{Node: i.Node, ID: i.ID, Service: i.Name, Index: t.index})
	case old != nil:
		remove(t, &t.turns, old)
	}
	t.release(i.Name)
}

// engage brakes a service if too many of its instances have failed, of which i is the last.
func (t *tx) engage(i *Instance) {
	percent := i.Guard.BrakePercent
	if percent <= 0 || t.brake(i.Name) != nil {
		return
	}
	fell := t.fallen(i.Name)
	if fell < 2 {
		return
	}
	enough := 100*fell/percent + 1 // of which so many are no more than percent
	if of := fell + t.healthy(i.Name, enough-fell); 100*fell > percent*of {
		put(t, &t.brakes, &Brake{Service: i.Name, Index: t.index, Percent: percent, Failed: fell, Of: of})
		t.touch(resBrakes)
	}
}

// release ends the brake of a service once the share of those that failed is down to
// half of what it takes to brake: at the very limit it would come and go.
func (t *tx) release(service string) {
	b := t.brake(service)
	if b == nil {
		return
	}
	fell, percent := t.fallen(service), max(b.Percent, 1)
	enough := 200*fell/percent + 1
	if fell == 0 || 200*fell <= percent*(fell+t.healthy(service, enough-fell)) {
		remove(t, &t.brakes, b)
		t.touch(resBrakes)
	}
}

// endTurn forgets a turn.
func (t *tx) endTurn(old *Turn) {
	remove(t, &t.turns, old)
	t.release(old.Service)
}

// dropTurn forgets the turn of an instance that is going, or is to be guarded in another way.
func (t *tx) dropTurn(i *Instance) {
	if old := t.turn(i.Node, i.ID); old != nil {
		t.endTurn(old)
	}
}

// fallen counts the instances of a service that fell.
func (t *tables) fallen(service string) int {
	n := 0
	for turn := range t.turns.rows(turnsByService, turnsOf(service)) {
		if turn.Fell {
			n++
		}
	}
	return n
}

// healthy counts the healthy instances of a service, up to a limit.
func (t *tables) healthy(service string, limit int) int {
	n := 0
	s := &Snapshot{tables: t}
	onNode := map[string]bool{}
	for i := range t.instances.rows(instancesByService, instancesOf(service)) {
		if n >= limit {
			break
		}
		node, known := onNode[i.Node]
		if !known {
			node = Worst(s.ChecksOfInstance(i.Node, "")).healthy()
			onNode[i.Node] = node
		}
		if node && Worst(s.ChecksOfInstance(i.Node, i.ID)).healthy() {
			n++
		}
	}
	return n
}

// braked reports whether a service has a brake that nobody lifted.
func (t *tables) braked(service string) bool {
	b := t.brake(service)
	return b != nil && !b.Lifted
}

// holds reports whether a fall must not be forgotten yet: while it decides what is answered.
func (t *tables) holds(fall *Turn) bool {
	if t.braked(fall.Service) {
		return true
	}
	i := t.instance(fall.Node, fall.ID)
	return i != nil && i.Guard != nil && i.Guard.WhenAllCritical == AnswerLastPassing && t.healthy(fall.Service, 1) == 0
}
