package probes

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"muster/catalog"
)

// loggedOutput is how many bytes of output go into a log line.
const loggedOutput = 256

// check is one definition being watched.
type check struct {
	def        catalog.CheckDefinition
	thresholds thresholds
	runner     *Runner
	log        *slog.Logger
	cancel     context.CancelFunc
	// repeat asks a check that speaks up on change only to say its status once more.
	repeat chan struct{}
	waker  *waker // probing checks only
	dark   bool   // the last probe saw nothing, and that was logged; of the goroutine that probes

	// mu is held over each report: reports of one check keep their order, and none follows stop.
	mu       sync.Mutex
	stopped  bool
	verdict  verdict
	heard    catalog.Status // what the owner took last; empty: nothing yet
	unheard  bool           // the owner refused the last report, and that was logged
	lastBeat beat           // ttl only
	began    atomic.Int64   // when the last probe did, in Unix nanoseconds; 0: there was none
}

func newCheck(r *Runner, def catalog.CheckDefinition, status catalog.Status, cancel context.CancelFunc) *check {
	t := thresholdsOf(&def)
	return &check{
		def: def, thresholds: t, runner: r, cancel: cancel,
		log:     r.cfg.Logger.With("check", def.ID, "kind", string(def.Kind())),
		repeat:  make(chan struct{}, 1),
		waker:   newWaker(),
		verdict: startFrom(status, t),
	}
}

// stop ends the check. Once it returns, no report of it comes any more; its goroutine ends soon after.
func (c *check) stop() {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
}

// remind compares what the owner holds with what it was told last. A probe at
// intervals says its status again anyway; checks of other kinds are asked to.
func (c *check) remind(held catalog.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard == "" || c.heard == held {
		return
	}
	select {
	case c.repeat <- struct{}{}:
	default: // asked already
	}
}

// judge brings a probe's result into the verdict and tells the owner.
func (c *check) judge(res Result, seen time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.verdict = c.verdict.after(res.Status, seen, c.thresholds)
	c.tell(c.verdict.words(res, c.thresholds, outputLimit(&c.def)), seen)
}

// settle makes a result the verdict, where thresholds have no say, and tells the
// owner. It reports whether there is nothing left to tell.
func (c *check) settle(res Result, seen time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return true
	}
	c.verdict = verdict{status: res.Status}
	return c.tell(res.Output, seen)
}

// tell reports the verdict and whether the owner took it. The first refusal in a row is logged. mu is held.
func (c *check) tell(output string, seen time.Time) bool {
	err := c.report(output, seen)
	if err != nil && !c.unheard {
		c.log.Error("verdict of check not taken", "status", c.verdict.status, "error", err)
	}
	c.unheard = err != nil
	return err == nil
}

// report hands the verdict to the owner. mu is held.
func (c *check) report(output string, seen time.Time) error {
	s := c.verdict.status
	output = head(output, outputLimit(&c.def))
	if err := c.runner.cfg.Report(c.def.ID, s, output, seen); err != nil {
		return err
	}
	switch {
	case s == c.heard:
	case s == catalog.Passing:
		c.log.Info("check passes", "was", c.heard)
	default:
		c.log.Warn("check does not pass", "status", s, "was", c.heard, "output", head(output, loggedOutput))
	}
	c.heard = s
	return nil
}

// count records one probe: when it began, and the rest in the metrics.
func (c *check) count(res Result, took time.Duration) {
	c.began.Store(time.Now().Add(-took).UnixNano())
	c.runner.cfg.Metrics.Probed(string(c.def.Kind()), cmp.Or(string(res.Status), "none"), took)
}

// blind reports whether a probe saw nothing. The first in a row is logged; the verdict stays.
func (c *check) blind(res Result) bool {
	dark := res.Status == ""
	if dark && !c.dark {
		c.log.Error("agent cannot probe", "error", res.Output)
	}
	c.dark = dark
	if dark && c.runner.cfg.Blind != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.stopped {
			c.runner.cfg.Blind(c.def.ID, head(res.Output, outputLimit(&c.def)))
		}
	}
	return dark
}

// guarded calls look; if that panics, the check fails rather than the agent.
func (c *check) guarded(look func() Result) (res Result) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("probe panicked", "panic", p, "stack", string(debug.Stack()))
			res = Result{catalog.Critical, fmt.Sprintf("the probe itself broke, see the agent's log: %v", p)}
		}
	}()
	return look()
}

// sameProbe reports whether two definitions are probed alike. What only others
// read is left out by name: a field that this list does not know restarts the check.
func sameProbe(a, b *catalog.CheckDefinition) bool {
	return reflect.DeepEqual(probedPart(*a), probedPart(*b))
}

func probedPart(d catalog.CheckDefinition) catalog.CheckDefinition {
	d.Name, d.Notes, d.ServiceID, d.Status = "", "", "", ""
	d.DisableRedirects, d.DeregisterCriticalServiceAfter = false, 0
	if len(d.Header) == 0 {
		d.Header = nil
	}
	if len(d.Args) == 0 {
		d.Args = nil
	}
	return d
}
