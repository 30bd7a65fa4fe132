package probes

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// Config is what a Runner needs. Report, Snapshot, Logger and Metrics have no default.
type Config struct {
	// Report takes a verdict: after every probe, every heartbeat, and every change an
	// alias sees, whether or not the status differs from the one before. output is valid
	// UTF-8 within the check's limit; seen is when the target was last looked at.
	// It is called by many goroutines, for one check one call at a time, and must not call the Runner.
	// After an error the status is offered again, at the next probe or within a second or a TTL.
	Report func(checkID string, s catalog.Status, output string, seen time.Time) error
	// Snapshot returns the catalog as it is now. A mark of an earlier snapshot must be
	// closed whenever a later one differs.
	Snapshot func() *catalog.Snapshot
	// Node is the name of this agent's node, the target of aliases that name none.
	Node string
	// FirstWithin bounds the random delay of a check's first probe, beside its interval. 0: 500 ms.
	FirstWithin time.Duration
	// MaxConcurrent is how many probes run at once, of all kinds; more wait for their turn. 0: 512.
	// An eighth as many come on top for checks that something woke.
	MaxConcurrent int
	// MaxKept is how many connections checks keep open between probes, those on hold
	// included. Over it probes connect anew and nothing is held. 0: half of the
	// files that the process may open.
	MaxKept int
	// Allow tells why probes must not send to an address, of those that connect or send to
	// one. A check whose target is none of the allowed is not judged. Nil: they may send to any.
	Allow func(netip.Addr) error
	// Blind is told of each probe that saw nothing, with the reason, under the terms of Report. Nil: nobody.
	Blind   func(checkID, reason string)
	Logger  *slog.Logger
	Metrics *metrics.Checks
}

// Runner watches checks. Its methods are safe for concurrent use.
type Runner struct {
	cfg   Config
	kinds map[catalog.Kind]behaviour
	slots chan struct{} // one token per probe in flight
	spare chan struct{} // likewise, of those that were woken
	kept  *budget
	ctx   context.Context
	end   context.CancelFunc
	wg    sync.WaitGroup // one per check that was started

	mu     sync.Mutex
	checks map[string]*check // by id; nil once closed
}

// New returns a Runner that watches nothing yet.
func New(cfg Config) *Runner {
	cfg.FirstWithin = cmp.Or(cfg.FirstWithin, 500*time.Millisecond)
	cfg.MaxConcurrent = cmp.Or(cfg.MaxConcurrent, 512)
	if cfg.MaxKept == 0 {
		cfg.MaxKept = defaultKept()
	}
	r := &Runner{
		cfg: cfg, kinds: kinds(), kept: newBudget(cfg.MaxKept, cfg.Allow), checks: map[string]*check{},
		slots: make(chan struct{}, cfg.MaxConcurrent), spare: make(chan struct{}, max(1, cfg.MaxConcurrent/8)),
	}
	r.ctx, r.end = context.WithCancel(context.Background())
	return r
}

// Reconcile makes the Runner watch exactly defs, which are valid, normalised and not modified
// hereafter. Checks whose probing is the same go on undisturbed, with their schedule and the results
// they have counted; others stop and start. Once it returns, nothing is reported of a check that is
// gone, nor by the old definition of one that changed. Definitions
// without a probe, and further ones with the same id, are passed over.
//
// last holds the status the owner has for each check, from which its verdicts go on; a
// check that is missing there starts as its definition says.
func (r *Runner) Reconcile(defs []catalog.CheckDefinition, last map[string]catalog.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checks == nil {
		return
	}
	kept := make(map[string]*check, len(defs))
	for i := range defs {
		def := &defs[i]
		run, ok := r.kinds[def.Kind()]
		if _, twice := kept[def.ID]; twice || !ok {
			continue
		}
		status := cmp.Or(last[def.ID], def.InitialStatus())
		if c := r.checks[def.ID]; c != nil {
			delete(r.checks, def.ID)
			if sameProbe(&c.def, def) {
				c.remind(status)
				kept[def.ID] = c
				continue
			}
			c.stop()
		}
		kept[def.ID] = r.start(*def, status, run)
	}
	for _, c := range r.checks {
		c.stop()
	}
	r.checks = kept
}

// start begins to watch a check.
func (r *Runner) start(def catalog.CheckDefinition, status catalog.Status, run behaviour) *check {
	ctx, cancel := context.WithCancel(r.ctx)
	c := newCheck(r, def, status, cancel)
	r.wg.Go(func() { run(ctx, c) })
	return c
}

// Update is a heartbeat of a ttl check: it reports the status and puts the check's
// expiry off. It fails with Invalid for a status no check can have and for checks of
// other kinds, NotFound for an unknown check, Unavailable after Close, and with the error of Report.
func (r *Runner) Update(checkID string, s catalog.Status, output string) error {
	if !s.Valid() {
		return catalog.Errorf(catalog.Invalid, "status %q is none of passing, warning, critical", string(s))
	}
	r.mu.Lock()
	c, closed := r.checks[checkID], r.checks == nil
	r.mu.Unlock()
	switch {
	case closed:
		return catalog.Errorf(catalog.Unavailable, "check %q: this agent is shutting down", checkID)
	case c == nil:
		return unknown(checkID)
	case c.def.Kind() != catalog.KindTTL:
		return catalog.Errorf(catalog.Invalid, "CheckID %q does not have associated TTL: it is probed (%s)", checkID, c.def.Kind())
	}
	return c.update(s, output, time.Now())
}

// unknown is the error of an id without a check. Clients of Consul tell it, and that
// of a check without a TTL, by how they begin.
func unknown(checkID string) error {
	return catalog.Errorf(catalog.NotFound, "Unknown check ID %q: this agent has none by that id; a check's name is not its id", checkID)
}

// Close stops all checks, kills scripts that still run, and returns once every goroutine has ended.
func (r *Runner) Close() {
	r.end()
	r.mu.Lock()
	for _, c := range r.checks {
		c.stop()
	}
	r.checks = nil
	r.mu.Unlock()
	r.wg.Wait()
}
