package observe

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"muster/catalog"
)

// assign finds out what this agent is to observe, if that may have changed, and has it probed. It
// returns what is to be registered for the sake of that.
func (o *Observer) assign(snap *catalog.Snapshot) []catalog.Command {
	if o.assigned != nil {
		select {
		case <-o.assigned:
		default:
			return nil
		}
	}
	all, changed := snap.Observed()
	o.assigned = changed
	checks := slices.DeleteFunc(all, func(c *catalog.Check) bool { return !probeable(c.Definition) })
	observers := snap.Observers()
	targets, taken := map[string]target{}, make([]bool, len(checks))
	short := Assign(checks, observers, snap.HasAgent, func(check, observer int) {
		if catalog.EqualFold(observers[observer].Name, o.cfg.Node) {
			t := targetOf(checks[check])
			t.first = !taken[check]
			targets[t.id] = t
		}
		taken[check] = true
	})
	o.cfg.Metrics.SetTargets(len(targets), short)
	o.targets = targets
	o.probe(snap)
	return nodeChecks(snap, func(c *catalog.Check) (mine bool) {
		Assign([]*catalog.Check{c}, observers, snap.HasAgent, func(_, observer int) {
			mine = mine || catalog.EqualFold(observers[observer].Name, o.cfg.Node)
		})
		return mine
	})
}

// probe has the targets probed, and forgets what is none any more.
func (o *Observer) probe(snap *catalog.Snapshot) {
	defs, last := make([]catalog.CheckDefinition, 0, len(o.targets)), map[string]catalog.Status{}
	for _, id := range slices.Sorted(maps.Keys(o.targets)) {
		t := o.targets[id]
		defs = append(defs, t.definition())
		if seen := snap.Observation(t.check.Node, t.check.ID, o.cfg.Node); seen != nil && seen.Status != "" {
			last[id] = seen.Status
		} else {
			last[id] = t.check.Status // it goes on from where others were
		}
	}
	o.remember(last)
	o.cfg.Prober.Reconcile(defs, last)
	o.mu.Lock()
	maps.DeleteFunc(o.verdicts, func(id string, _ verdict) bool { _, is := o.targets[id]; return !is })
	o.mu.Unlock()
	maps.DeleteFunc(o.sent, func(id string, _ sentVerdict) bool { _, is := o.targets[id]; return !is })
	maps.DeleteFunc(o.critical, func(id string, _ time.Time) bool { _, is := o.targets[id]; return !is })
}

// news returns the commands that make the catalog know what this agent sees, failures
// first, and whether something will be left to do soon.
func (o *Observer) news(snap *catalog.Snapshot, now time.Time) (commands []catalog.Command, waiting bool) {
	o.mu.Lock()
	verdicts := maps.Clone(o.verdicts)
	o.mu.Unlock()
	outputs := now.Sub(o.flushed) >= o.cfg.UpdateInterval
	if outputs {
		o.flushed = now
	}
	var news []*catalog.Observe
	dissent := 0
	mine := map[[2]string]bool{}
	for _, id := range slices.Sorted(maps.Keys(o.targets)) {
		t := o.targets[id]
		mine[[2]string{catalog.Fold(t.check.Node), t.check.ID}] = true
		row := snap.Check(t.check.Node, t.check.ID)
		if row == nil || row.DefinedIndex != t.check.DefinedIndex {
			continue // about to be seen
		}
		v, looked := verdicts[id]
		if looked && o.due(snap, &t, v, outputs, now) {
			o.sent[id] = sentVerdict{v, now}
			news = append(news, o.says(&t, v))
		}
		if looked && v.status != "" && v.status != row.Status {
			dissent++
		}
		command, soon := o.expired(&t, row, now)
		if command != nil {
			commands = append(commands, command)
		}
		waiting = waiting || soon
	}
	o.cfg.Metrics.SetDissent(dissent)
	news = append(news, o.overdue(snap, mine)...)
	slices.SortStableFunc(news, func(a, b *catalog.Observe) int { return cmp.Compare(urgency(a), urgency(b)) })
	for _, n := range news {
		commands = append(commands, n)
	}
	return commands, waiting
}

// urgency orders what is said: who must not be asked any more comes first.
func urgency(o *catalog.Observe) int {
	switch {
	case o.Withdraw:
		return 3
	case o.Status == catalog.Critical:
		return 0
	case o.Status == catalog.Warning:
		return 1
	}
	return 2
}

func (o *Observer) says(t *target, v verdict) *catalog.Observe {
	return &catalog.Observe{
		Node: t.check.Node, CheckID: t.check.ID, Observer: o.cfg.Node, Defined: t.check.DefinedIndex, Status: v.status, Output: v.output,
	}
}

// due reports whether a verdict is to be sent: the catalog does not have it and it is not on its way, or
// the catalog would come to another status if it heard it again.
func (o *Observer) due(snap *catalog.Snapshot, t *target, v verdict, outputs bool, now time.Time) bool {
	has := snap.Observation(t.check.Node, t.check.ID, o.cfg.Node)
	sent, was := o.sent[t.id]
	switch {
	case has != nil && has.Status == v.status && has.Output == v.output:
		delete(o.sent, t.id)
		return snap.Unsettled(snap.Check(t.check.Node, t.check.ID))
	case was && now.Sub(sent.at) < soonEvery && (sent.verdict == v || sent.status == v.status && !outputs):
		return false
	}
	return has == nil || has.Status != v.status || outputs
}

// overdue returns what is left to be said of checks that are not this agent's to observe: that it does so no
// more, and on behalf of its own node what an observer that went without a word left undecided.
func (o *Observer) overdue(snap *catalog.Snapshot, mine map[[2]string]bool) []*catalog.Observe {
	var out []*catalog.Observe
	for _, seen := range snap.ObservationsBy(o.cfg.Node) {
		say := &catalog.Observe{Node: seen.Node, CheckID: seen.CheckID, Observer: o.cfg.Node}
		switch own := catalog.EqualFold(seen.Node, o.cfg.Node); {
		case own:
			if c := snap.Check(seen.Node, seen.CheckID); c != nil && snap.Unsettled(c) {
				say.Status, say.Output = seen.Status, seen.Output
				out = append(out, say)
			}
		case !mine[[2]string{catalog.Fold(seen.Node), seen.CheckID}]:
			say.Withdraw = true
			out = append(out, say)
		}
	}
	return out
}

// expired returns the command that removes the service of a check which was critical for too
// long, if this agent is the one to give it, and whether it has to look again soon.
func (o *Observer) expired(t *target, row *catalog.Check, now time.Time) (remove catalog.Command, soon bool) {
	after := max(t.check.Definition.DeregisterCriticalServiceAfter, 0)
	if after == 0 || row.ServiceID == "" || !t.first || row.Status != catalog.Critical {
		delete(o.critical, t.id)
		return nil, false
	}
	since, known := o.critical[t.id]
	if !known {
		since = now
		o.critical[t.id] = now
	}
	if now.Sub(since) < max(after, catalog.MinDeregisterAfter) {
		return nil, true
	}
	return &catalog.Deregister{Node: row.Node, ServiceID: row.ServiceID}, true
}
