package local

import (
	"context"
	"time"
)

const (
	// coalesce is how long a change that comes after a quiet time waits for company: what
	// fails together is taken out together.
	coalesce = 3 * time.Millisecond
	// urgentGap is the least time between a raft entry of this agent and the next one.
	urgentGap = 20 * time.Millisecond
	// newsBurst entries within newsPeriod are the most that mere news is reason for. Both
	// bound what an agent whose checks are in turmoil costs the cluster.
	newsBurst  = 4
	newsPeriod = 400 * time.Millisecond
	// restless is within which time of the turn before the last one a check's failure is
	// mere news: who flaps does not hasten everybody.
	restless = 3 * time.Second
	// settle is how long a change of this node's rows in the catalog that was not
	// awaited is left alone. Mostly it is this agent's own, seen late; two who
	// contend for a row must not do so without end in sight.
	settle = 500 * time.Millisecond
)

// wakes are the reasons for a pass before its time; each channel is closed, or nil.
type wakes struct {
	urgent <-chan struct{} // the catalog must learn of it at once
	news   <-chan struct{} // it must learn of it
	behind <-chan struct{} // the catalog changed behind the store's back
}

// pace knows when the last entries were written. The zero value: long ago.
type pace struct {
	wrote [newsBurst]time.Time // a ring
	next  int                  // the oldest of them
}

// write notes an entry.
func (p *pace) write(now time.Time) {
	p.wrote[p.next] = now
	p.next = (p.next + 1) % newsBurst
}

// urgent is when an entry with something urgent may follow that is known now.
func (p *pace) urgent(now time.Time) time.Time {
	last := p.wrote[(p.next+newsBurst-1)%newsBurst]
	return later(now.Add(coalesce), last.Add(urgentGap))
}

// news is when one with mere news may.
func (p *pace) news(now time.Time) time.Time {
	return later(p.urgent(now), p.wrote[p.next].Add(newsPeriod))
}

// rest waits for the end of pause or, and then as long as the pace asks, for a reason
// for a pass. It returns false when ctx ended.
func rest(ctx context.Context, w wakes, pause time.Duration, p *pace) bool {
	end := time.Now().Add(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	by := func(at time.Time) {
		if at.Before(end) {
			end = at
			timer.Reset(time.Until(end))
		}
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.urgent:
			w.urgent = nil
			by(p.urgent(time.Now()))
		case <-w.news:
			w.news = nil
			by(p.news(time.Now()))
		case <-w.behind:
			w.behind = nil
			by(time.Now().Add(settle))
		case <-timer.C:
			return true
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
