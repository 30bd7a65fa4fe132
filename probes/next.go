package probes

import (
	"time"

	"muster/catalog"
)

// Next returns when a check is looked at next or, of a ttl check, when it turns critical
// unless an update comes. Something may happen earlier: a probe that is woken, an
// update. Zero: not known, as of a check that was not probed yet, follows another, or does not exist.
func (r *Runner) Next(checkID string) time.Time {
	r.mu.Lock()
	c := r.checks[checkID]
	r.mu.Unlock()
	if c == nil {
		return time.Time{}
	}
	switch c.def.Kind() {
	case catalog.KindAlias:
		return time.Time{}
	case catalog.KindTTL:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.lastBeat.expired {
			return time.Time{}
		}
		return c.lastBeat.deadline
	}
	began := c.began.Load()
	if began == 0 {
		return time.Time{}
	}
	return time.Unix(0, began).Add(max(c.def.Interval, catalog.MinInterval))
}
