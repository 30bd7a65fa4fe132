package observe

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"muster/catalog"
	"muster/metrics"
)

// Applier puts a command into the raft log; an error leaves open whether it has been or will be.
type Applier interface {
	Apply(ctx context.Context, c catalog.Command) (catalog.Result, error)
}

// Prober watches exactly the checks it was told last, and goes on from the status that each has. It calls
// Report and Blind of an Observer, from any goroutine.
type Prober interface {
	Reconcile(defs []catalog.CheckDefinition, last map[string]catalog.Status)
}

// Config is what an Observer needs. All but UpdateInterval is required.
type Config struct {
	Node     string // name of this agent's node
	Prober   Prober
	Applier  Applier
	Snapshot func() *catalog.Snapshot // the catalog as this agent knows it
	// UpdateInterval is how often outputs are sent while the status stays the same. 0: at once.
	UpdateInterval time.Duration
	Logger         *slog.Logger
	Metrics        *metrics.Observers
}

// Observer has this agent probe the checks that are its to observe, and records what it
// sees. Whether there are any depends on the meta of its node's row; see [catalog.MetaObserves].
type Observer struct {
	cfg    Config
	urgent chan struct{} // capacity 1: there is something the catalog must learn at once

	mu       sync.Mutex
	verdicts map[string]verdict // by id of the target
	pasts    map[string]past    // likewise

	// Of the goroutine that runs.
	targets  map[string]target
	assigned <-chan struct{} // closed when targets may be others; nil: they were never looked for
	sent     map[string]sentVerdict
	critical map[string]time.Time // since when a target's check is, as far as is known here
	flushed  time.Time            // when outputs were last sent for their own sake
	trouble  int                  // failures in a row
}

// verdict is what a probe made of a target. No status: it could not look.
type verdict struct {
	status catalog.Status
	output string
}

// sentVerdict is one on its way: this agent's copy of the catalog may take a while to show it.
type sentVerdict struct {
	verdict
	at time.Time
}

const (
	coalesce     = 3 * time.Millisecond   // how long a verdict waits for company
	lookEvery    = time.Minute            // at least
	soonEvery    = time.Second            // while something is on its way, or to be removed in time
	settleTime   = 20 * time.Millisecond  // between two looks at who observes what
	applyTimeout = 5 * time.Second        // after which a command is sent again
	minPause     = 100 * time.Millisecond // after a failure; doubled with each
	maxPause     = 2 * time.Second
	maxCommands  = 256 // in one log entry
)

// New returns an Observer; Run runs it.
func New(cfg Config) *Observer {
	return &Observer{
		cfg: cfg, urgent: make(chan struct{}, 1), verdicts: map[string]verdict{}, pasts: map[string]past{},
		targets: map[string]target{}, sent: map[string]sentVerdict{}, critical: map[string]time.Time{},
	}
}

// Report takes a verdict from the prober. Its error is always nil.
func (o *Observer) Report(id string, status catalog.Status, output string, seen time.Time) error {
	o.note(id, verdict{status, output}, seen)
	return nil
}

// Blind takes from the prober why it could not look at a target: this agent then abstains.
func (o *Observer) Blind(id, reason string) { o.note(id, verdict{"", reason}, time.Time{}) }

func (o *Observer) note(id string, v verdict, seen time.Time) {
	o.mu.Lock()
	old, known := o.verdicts[id]
	o.verdicts[id] = v
	if p, is := o.pasts[id]; is && v.status != "" {
		o.pasts[id] = p.with(v, seen)
	}
	o.mu.Unlock()
	if !known || old.status != v.status || o.cfg.UpdateInterval == 0 && old != v {
		select {
		case o.urgent <- struct{}{}:
		default:
		}
	}
}

// Run looks at once, whenever who observes what may have changed, and when there is
// a verdict to be sent, until ctx ends. Call it once.
func (o *Observer) Run(ctx context.Context) {
	o.flushed = time.Now()
	for ctx.Err() == nil {
		snap := o.cfg.Snapshot()
		commands := o.assign(snap)
		now := time.Now()
		news, waiting := o.news(snap, now)
		err := o.send(ctx, append(commands, news...))
		if ctx.Err() != nil {
			return
		}
		pause := lookEvery
		if waiting || len(news) > 0 {
			pause = soonEvery
		}
		o.rest(ctx, o.takeNote(err, pause), err == nil)
	}
}

// takeNote returns how long to rest after a look that ended in err, which would otherwise be pause.
func (o *Observer) takeNote(err error, pause time.Duration) time.Duration {
	if err == nil {
		o.trouble = 0
		return pause
	}
	if o.trouble == 0 {
		o.cfg.Logger.Warn("what this agent observes could not be recorded, trying again", "error", err)
	}
	pause = min(minPause<<min(o.trouble, 16), maxPause)
	o.trouble++
	return pause
}

// rest waits for the end of a pause or, if woken is set, for something to do and then for company.
func (o *Observer) rest(ctx context.Context, pause time.Duration, woken bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	var urgent, assigned <-chan struct{}
	if woken { // else a change makes a failing catalog no better
		urgent, assigned = o.urgent, o.assigned
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-urgent:
			urgent, assigned = nil, nil
			timer.Reset(coalesce)
		case <-assigned:
			assigned = nil
			timer.Reset(settleTime)
		case <-timer.C:
			return
		}
	}
}

// send applies commands in order. The first refusal is returned when all have been sent.
func (o *Observer) send(ctx context.Context, commands []catalog.Command) error {
	var refused error
	for len(commands) > 0 {
		batch := &catalog.Batch{Commands: commands[:min(len(commands), maxCommands)]}
		commands = commands[len(batch.Commands):]
		within, cancel := context.WithTimeout(ctx, applyTimeout)
		res, err := o.cfg.Applier.Apply(within, batch)
		cancel()
		if err != nil {
			return err
		}
		for _, out := range res.Batch {
			// One that is not found is gone; one that does not match was defined anew. Either is about to be seen here.
			if out.Err != nil && catalog.CodeOf(out.Err) != catalog.NotFound && refused == nil {
				refused = out.Err
			}
		}
		o.cfg.Metrics.Recorded(len(batch.Commands))
	}
	return refused
}
