package dns

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// errLost ends the tries that are still under way when one has brought an answer.
var errLost = errors.New("another upstream was faster")

// race asks the upstreams in order until one says NOERROR or NXDOMAIN. The next one is asked
// as soon as a try fails, and once per question also when a reply is late: then the first good
// one wins. A lone upstream is asked again instead, since packets get lost. Never are more than
// two tries under way, and it returns when all of them have ended.
func (r *recursor) race(ctx context.Context, q asked) found {
	order := r.pool.order(time.Now(), r.random, r.timeout)
	if len(order) == 1 {
		order = append(order, order[0])
	}
	r.hedges.earn()
	ctx, cancel := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer func() {
		cancel(errLost)
		running.Wait()
	}()

	tries := make(chan found, len(order))
	late := time.NewTimer(0)
	defer late.Stop()
	waiting, next, hedged := 0, 0, false
	begin := func() {
		u := order[next]
		waiting, next = waiting+1, next+1
		late.Reset(r.pool.delay(u, r.timeout))
		running.Go(func() { tries <- r.try(ctx, u, q) })
	}
	begin()
	var failures []string
	for waiting > 0 {
		select {
		case f := <-tries:
			if f.err == nil {
				return f
			}
			waiting--
			failures = append(failures, f.err.Error())
			if next < len(order) && order[next] != order[next-1] && ctx.Err() == nil {
				begin()
			}
		case <-late.C:
			if hedged || next == len(order) || !r.hedges.spend() {
				continue
			}
			hedged = true
			r.metrics.Hedged()
			begin()
		}
	}
	if ctx.Err() != nil {
		return found{err: errGivenUp}
	}
	return found{err: errors.New(strings.Join(failures, "; ")), negative: true, life: failureLife}
}
