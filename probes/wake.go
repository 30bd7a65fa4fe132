package probes

import (
	"context"
	"sync"
	"sync/atomic"

	"muster/catalog"
)

// wakeBurst is how many probes may be woken in a row; after that there is one
// per catalog.MinInterval. More than one, because a target that is going down may still be
// reachable when the first of its connections ends.
const wakeBurst = 3

// What can wake a check; the labels of a metric.
const (
	wokenByConnection = "connection"
	wokenByProcess    = "process"
)

// waker asks for a probe between intervals. To be woken is not a verdict: what
// happened to a connection or a process is only a reason to look.
type waker struct {
	woken chan struct{}
	well  chan struct{} // a probe was not critical
	ill   atomic.Bool   // a probe was critical
}

func newWaker() *waker {
	return &waker{woken: make(chan struct{}, 1), well: make(chan struct{}, 1)}
}

// wake asks for a probe now, or right after the one that is in flight.
func (c *check) wake(by string) {
	select {
	case c.waker.woken <- struct{}{}:
		c.runner.cfg.Metrics.Woken(by)
	default: // asked already
	}
}

// saw notes what a probe found.
func (w *waker) saw(status catalog.Status) {
	if status == catalog.Critical {
		w.ill.Store(true)
		return
	}
	select {
	case w.well <- struct{}{}:
	default: // noted already
	}
}

// forget forgets what was noted up to now.
func (w *waker) forget() {
	w.ill.Store(false)
	select {
	case <-w.well:
	default:
	}
}

// startWakers starts what the definition asks for. The function it returns waits
// until all of it has ended, which it does when ctx is done.
func (c *check) startWakers(ctx context.Context) (wait func()) {
	var wg sync.WaitGroup
	if c.def.Hold {
		wg.Go(func() { c.hold(ctx) })
	}
	if c.def.Pid != 0 || c.def.PidFile != "" {
		wg.Go(func() { c.watchProcess(ctx) })
	}
	return wg.Wait
}
