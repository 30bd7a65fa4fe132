package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"muster/catalog"
)

// sessionClock keeps the time of sessions while this server leads: it ends those that
// nobody renewed, and lets keys be acquired again whose delay is over. A term begins without
// a past, so after a change of leaders all sessions live, and all delays last, for their whole time anew.
type sessionClock struct {
	applier  applier
	snapshot func() *catalog.Snapshot
	log      *slog.Logger

	mu       sync.Mutex
	leads    bool
	sessions map[string]*countdown // by id, of those that have a TTL
	delays   map[string]*countdown // by key
}

// countdown is a time that is running out.
type countdown struct {
	due    time.Time
	index  uint64 // of a delay
	ending bool   // it is over, and what follows from that on its way
}

// lifeOf is how long a session lives without being renewed: longer than its TTL by a
// half, which is for renewals that were under way when leaders changed, and as far from
// the promised end at twice the TTL, which is for elections and commits.
func lifeOf(ttl time.Duration) time.Duration { return ttl + ttl/2 }

// lookPause is the least time from one look to the next, so that many new sessions are taken in at once.
const lookPause = 50 * time.Millisecond

// run keeps the time during one term, until ctx ends.
func (c *sessionClock) run(ctx context.Context) {
	c.begin()
	defer c.end()
	for failing := false; ; {
		snap := c.snapshot()
		_, sessions := snap.Sessions()
		_, delays := snap.Delays()
		commands, next := c.look(snap, time.Now())
		err := c.apply(ctx, commands)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			c.log.Warn("cannot end sessions or lock delays, trying again", "err", err)
		}
		if failing = err != nil; failing {
			next = time.Now().Add(retryPause)
		}
		if !wait(ctx, time.After(lookPause)) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-sessions.Changed:
		case <-delays:
		case <-time.After(time.Until(next)):
		}
	}
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, over <-chan time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-over:
		return true
	}
}

func (c *sessionClock) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leads, c.sessions, c.delays = true, map[string]*countdown{}, map[string]*countdown{}
}

func (c *sessionClock) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leads, c.sessions, c.delays = false, nil, nil
}

// look starts and drops countdowns as the state has it. It returns what is to be applied
// now, and when to look again if the state does not change before.
func (c *sessionClock) look(snap *catalog.Snapshot, now time.Time) (commands []catalog.Command, next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next = now.Add(time.Hour)
	over := func(d *countdown) bool {
		d.ending = d.ending || !now.Before(d.due)
		if !d.ending && d.due.Before(next) {
			next = d.due
		}
		return d.ending
	}
	running := make(map[string]*countdown, len(c.sessions))
	sessions, _ := snap.Sessions()
	for _, s := range sessions {
		if s.TTL == 0 {
			continue
		}
		d := c.sessions[s.ID]
		if d == nil {
			d = &countdown{due: now.Add(lifeOf(s.TTL))}
		}
		running[s.ID] = d
		if over(d) {
			commands = append(commands, &catalog.DestroySession{ID: s.ID})
		}
	}
	c.sessions = running

	running = make(map[string]*countdown, len(c.delays))
	delays, _ := snap.Delays()
	for _, row := range delays {
		d := c.delays[row.Key]
		if d == nil || d.index != row.Index {
			d = &countdown{due: now.Add(row.Delay), index: row.Index}
		}
		running[row.Key] = d
		if over(d) {
			commands = append(commands, &catalog.EndDelays{Delays: []catalog.DelayOf{{Key: []byte(row.Key), Index: row.Index}}})
		}
	}
	c.delays = running
	return commands, next
}

// apply carries out what a look came to.
func (c *sessionClock) apply(ctx context.Context, commands []catalog.Command) error {
	ctx, cancel := context.WithTimeout(ctx, deedTime)
	defer cancel()
	var errs []error
	for part := range slices.Chunk(commands, maxDeeds) {
		res, err := c.applier.Apply(ctx, &catalog.Batch{Commands: part})
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		for _, out := range res.Batch {
			errs = append(errs, out.Err)
		}
	}
	return errors.Join(errs...)
}

// Renew implements httpapi.Sessions.
func (c *sessionClock) Renew(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.leads {
		return catalog.Errorf(catalog.Unavailable, "this server does not keep the time of sessions yet; try again")
	}
	s, _ := c.snapshot().Session(id)
	if s == nil {
		return catalog.Errorf(catalog.NotFound, "there is no session with id %.80q", id)
	}
	if s.TTL == 0 {
		return nil
	}
	if d := c.sessions[id]; d != nil && d.ending {
		return catalog.Errorf(catalog.NotFound, "the time of the session with id %.80q is up", id)
	}
	c.sessions[id] = &countdown{due: time.Now().Add(lifeOf(s.TTL))}
	return nil
}
