package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"muster/catalog"
)

// guardClock keeps the time of guards while this server leads: it has falls be
// forgotten, and moves slow starts on. A term begins without a past: after a change of
// leaders a fall counts, and a step lasts, for its whole time anew.
type guardClock struct {
	applier  applier
	snapshot func() *catalog.Snapshot
	log      *slog.Logger
}

// guardPause is the least time from one look to the next, so that the steps of many are one entry of the log.
const guardPause = 50 * time.Millisecond

// heldPause is how long falls that decide what is answered are left alone: what ends that need not be a change of theirs.
const heldPause = time.Second

// run keeps the time during one term, until ctx ends.
func (c *guardClock) run(ctx context.Context) {
	due := map[turnID]turnDue{}
	for failing := false; ; {
		snap := c.snapshot()
		_, changed := snap.Turns()
		todo, next := lookAtTurns(snap, due, time.Now())
		err := c.apply(ctx, todo)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			c.log.Warn("cannot tend the guards of services, trying again", "err", err)
		}
		if failing = err != nil; failing {
			next = time.Now().Add(retryPause)
		}
		if !wait(ctx, time.After(guardPause)) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-time.After(time.Until(next)):
		}
	}
}

// turnID names an instance that turned.
type turnID struct{ node, id string }

// turnDue is when something is to be done about a turn as it was seen first.
type turnDue struct {
	index uint64
	step  int
	at    time.Time
}

// lookAtTurns starts and drops countdowns as the state has it. It returns what is to be
// done now, and when to look again if no turn changes before.
func lookAtTurns(snap *catalog.Snapshot, due map[turnID]turnDue, now time.Time) (todo []catalog.TurnOf, next time.Time) {
	next = now.Add(time.Hour)
	turns, _ := snap.Turns()
	seen := make(map[turnID]bool, len(turns))
	for _, r := range turns {
		id := turnID{r.Node, r.ID}
		i := snap.Instance(r.Node, r.ID)
		if i == nil || i.Guard == nil { // cannot be, and is none of ours if it is
			continue
		}
		if r.Fell && snap.Held(r) {
			delete(due, id) // counts from the end of that
			next = earlier(next, now.Add(heldPause))
			continue
		}
		seen[id] = true
		d, known := due[id]
		if !known || d.index != r.Index || d.step != r.Step {
			d = turnDue{r.Index, r.Step, now.Add(lastsFor(r, i.Guard))}
			due[id] = d
		}
		if now.Before(d.at) {
			next = earlier(next, d.at)
			continue
		}
		todo = append(todo, catalog.TurnOf{Node: r.Node, ID: r.ID, Index: r.Index, Step: r.Step + 1})
	}
	for id := range due {
		if !seen[id] {
			delete(due, id)
		}
	}
	return todo, next
}

// lastsFor is how long a fall is remembered, or a slow start stays at its step.
func lastsFor(r *catalog.Turn, g *catalog.Guard) time.Duration {
	if r.Fell {
		return g.Window()
	}
	return g.SlowStart / catalog.RampSteps
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// apply carries out what a look came to.
func (c *guardClock) apply(ctx context.Context, todo []catalog.TurnOf) error {
	ctx, cancel := context.WithTimeout(ctx, deedTime)
	defer cancel()
	var errs []error
	for part := range slices.Chunk(todo, maxDeeds) {
		if _, err := c.applier.Apply(ctx, &catalog.TendTurns{Turns: part}); err != nil {
			errs = append(errs, fmt.Errorf("tend guards: %w", err))
		}
	}
	return errors.Join(errs...)
}
