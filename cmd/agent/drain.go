package agent

import (
	"context"
	"time"
)

// drainMargin is for a change to come to all agents, beside what answers may be cached for.
const drainMargin = time.Second

// drainTime is how long others may hold answers that name an instance of this node or, with an
// empty id, any, after it was taken out of them. Other agents are taken to be configured as this one.
func (a *Agent) drainTime(serviceID string) time.Duration {
	cfg := a.config().DNSConfig()
	var longest time.Duration
	for _, i := range a.store.Instances() {
		if serviceID == "" || i.ID == serviceID {
			longest = max(longest, cfg.LongestTTL(i))
		}
	}
	return longest + drainMargin
}

// drain takes this node out of answers and waits until nobody need hold an older one. Of
// the time some may have gone by since an operator drained it.
func (a *Agent) drain(ctx context.Context) error {
	since, err := a.store.Drain("", "leaving")
	if err != nil {
		return err
	}
	wait := time.Until(since.Add(a.drainTime("")))
	if wait <= 0 {
		return nil
	}
	a.logs.Info("draining before leaving", "wait", wait.Round(time.Millisecond))
	rest(ctx, wait)
	return nil
}

// LeaveTime is how long Leave takes at most beyond what telling the others takes.
func (a *Agent) LeaveTime() time.Duration {
	if !a.config().DrainOnLeave {
		return 0
	}
	return a.drainTime("")
}
