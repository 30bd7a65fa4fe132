package probes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"

	"muster/catalog"
)

// atIntervals is the behaviour of a kind that looks at its target. The first probe
// comes at a random moment soon after the start, so that checks registered
// together spread out. Each next one starts an interval after the one before
// started, or at once if that took longer, or when something woke the check: one is
// in flight at most, and none are made up for. fallback is the timeout of checks that state none.
func atIntervals(fallback time.Duration, open opener) behaviour {
	return func(ctx context.Context, c *check) {
		look, done := open(&c.def, c.runner.kept)
		defer done()
		defer c.startWakers(ctx)()
		interval := max(c.def.Interval, catalog.MinInterval)
		timer := time.NewTimer(rand.N(min(interval, c.runner.cfg.FirstWithin)))
		defer timer.Stop()
		limit := rate.NewLimiter(rate.Every(catalog.MinInterval), wakeBurst)
		for {
			woken := false
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			case <-c.waker.woken:
				if limit.Wait(ctx) != nil { // only because ctx is done
					return
				}
				woken = true
			}
			start, ok := c.once(ctx, look, timeoutOf(&c.def, fallback), woken)
			if !ok {
				return
			}
			timer.Reset(max(0, interval-time.Since(start)))
		}
	}
}

// once waits for a slot, looks at the target and judges what was seen. It returns
// when the probe started, and false if ctx ended first: a probe cut short has seen nothing.
func (c *check) once(ctx context.Context, look probe, timeout time.Duration, woken bool) (start time.Time, ok bool) {
	release, ok := c.runner.slot(ctx, woken)
	if !ok {
		return start, false
	}
	start = time.Now()
	within, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %v", timeout))
	defer cancel()
	res := c.guarded(func() Result { return look(within, &c.def) })
	release()
	seen := time.Now()
	if ctx.Err() != nil {
		return start, false
	}
	c.count(res, seen.Sub(start))
	if c.blind(res) {
		return start, true
	}
	c.judge(res, seen)
	c.waker.saw(res.Status)
	return start, true
}

// slot waits for leave to probe; release gives it back. A probe that something
// woke up has further slots, so that slow targets do not keep it waiting. False: ctx ended.
func (r *Runner) slot(ctx context.Context, woken bool) (release func(), ok bool) {
	var spare chan struct{} // nil is never ready
	if woken {
		spare = r.spare
	}
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, true
	case spare <- struct{}{}:
		return func() { <-r.spare }, true
	case <-ctx.Done():
		return nil, false
	}
}

// timeoutOf is how long a probe may take: what the definition states, else fallback but not over the interval.
func timeoutOf(def *catalog.CheckDefinition, fallback time.Duration) time.Duration {
	if def.Timeout > 0 {
		return def.Timeout
	}
	return min(fallback, max(def.Interval, catalog.MinInterval))
}
