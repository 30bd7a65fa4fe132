package observe

import (
	"time"

	"muster/catalog"
)

// past is how a target came to what this agent sees. Values are never modified.
type past struct {
	status   catalog.Status // the last that was seen, or what the agent began with
	since    time.Time
	orBefore bool // since is when the agent began to look
	history  []catalog.Transition
}

// with is the past after a verdict that was seen at a time.
func (p past) with(v verdict, seen time.Time) past {
	if v.status == p.status {
		return p
	}
	return past{status: v.status, since: seen, history: catalog.Remember(p.history, seen, p.status, v.status, v.output)}
}

// remember begins a past for what is now a target, of the status that it goes on from, and forgets that of what is none any more.
func (o *Observer) remember(last map[string]catalog.Status) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.pasts {
		if _, is := last[id]; !is {
			delete(o.pasts, id)
		}
	}
	for id, status := range last {
		if _, is := o.pasts[id]; !is {
			o.pasts[id] = past{status: status, since: now, orBefore: true}
		}
	}
}

// Standing returns how a check stands as this agent sees it, if it is one of its targets. While the
// agent cannot look there is no status, and the output says why.
func (o *Observer) Standing(c *catalog.Check) (standing catalog.Standing, ok bool) {
	id := targetOf(c).id
	o.mu.Lock()
	defer o.mu.Unlock()
	p, ok := o.pasts[id]
	if !ok {
		return catalog.Standing{}, false
	}
	standing = catalog.Standing{Status: p.status, Since: p.since, OrBefore: p.orBefore, Transitions: p.history}
	if v, looked := o.verdicts[id]; looked {
		standing.Status, standing.Output = v.status, v.output
	}
	return standing, true
}
