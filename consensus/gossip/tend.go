package gossip

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"
)

const (
	tendEvery = 500 * time.Millisecond
	// settleAfter is how long members known from disk have to be heard of before they count as failed.
	settleAfter = 5 * time.Second
	firstRetry  = time.Second
	longRetry   = 30 * time.Second
	// crowd is the number of living members among which each tries a failed one as
	// often as it would alone; more share the work.
	crowd = 16
)

// tend keeps the book in order, on disk too, and objects when this agent is said to have left.
func (p *Pool) tend() {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	started := time.Now()
	var saved uint64
	var last time.Time
	for {
		select {
		case <-p.ctx.Done():
			return
		case run := <-p.refute:
			p.answerClaim(run)
			continue
		case <-tick.C:
		}
		now := time.Now()
		if now.Sub(started) >= settleAfter {
			p.book.giveUpOnRemembered()
		}
		p.book.reap(now)
		p.cfg.Metrics.Set(p.book.count())
		p.cfg.Metrics.Strain(p.Strain())
		if v := p.book.at(); v != saved && now.Sub(last) >= saveEvery {
			if err := p.save(); err != nil {
				p.report.seldom("save", slog.LevelError, "members cannot be kept on disk", "error", err)
			}
			saved, last = v, now
		}
	}
}

// reconnect looks for members known from before, and then for those that started again or failed, one at a time.
func (p *Pool) reconnect() {
	p.rejoin()
	tick := time.NewTicker(tendEvery / 2)
	defer tick.Stop()
	for moved := 0; ; {
		select {
		case <-p.ctx.Done():
			return
		case <-tick.C:
		}
		list := p.running()
		if list == nil || p.isLeaving() {
			continue
		}
		if !p.displaced.Load() {
			moved = 0
		} else if others := p.book.others(); len(others) > 0 && rand.IntN(1+moved/8) == 0 {
			// Until the old address is found dead nobody takes the new one, and nobody tells us when.
			moved++
			m := others[rand.IntN(len(others))]
			p.contact(list, netip.AddrPortFrom(m.Addr, m.Port))
		}
		if m, due := p.book.due(time.Now(), rand.Float64); due {
			p.contact(list, netip.AddrPortFrom(m.Addr, m.Port))
		}
	}
}

// spacing is the time between tries to reach a failed member; draw is in [0, 1).
func spacing(tries, alive int, draw float64) time.Duration {
	base := min(firstRetry<<min(tries, 10), longRetry)
	return time.Duration(float64(base) * max(1, float64(alive)/crowd) * (0.5 + draw))
}

// greeters is how many of the living greet a member that started again. It may
// have been found by a probe while it knew nobody, and would not look for us.
const greeters = 3

// due returns a member to contact now: one that started again, or else a failed
// one, any of those whose time has come, and plans its next try.
func (b *book) due(now time.Time, draw func() float64) (Member, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	alive, ready := 0, 0
	for _, e := range b.members {
		if e.alive {
			alive++
		}
	}
	var pick *entry
	for _, e := range b.members {
		switch {
		case e.alive && e.greet:
			if e.greet = false; draw()*float64(alive) < greeters {
				return e.Member, true
			}
		case e.Status != Failed || now.Before(e.next):
		case e.next.IsZero():
			e.next = now.Add(spacing(0, alive, draw()))
		default:
			if ready++; draw()*float64(ready) < 1 {
				pick = e
			}
		}
	}
	if pick == nil {
		return Member{}, false
	}
	pick.tries++
	pick.next = now.Add(spacing(pick.tries, alive, draw()))
	return pick.Member, true
}

// reap forgets members that are gone for longer than they are kept.
func (b *book) reap(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, e := range b.members {
		if e.alive || name == b.self || now.Sub(e.Since) < b.keep.of(e.Status == Left) {
			continue
		}
		delete(b.members, name)
		if b.holders[e.ID] == name {
			delete(b.holders, e.ID)
		}
		if !e.hidden() {
			b.report.report(slog.LevelInfo, "member forgotten", "member", name, "id", e.ID, "status", string(e.Status))
		}
		b.touch()
	}
}

// giveUpOnRemembered counts members as failed that were not heard of since the start.
func (b *book) giveUpOnRemembered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.members {
		if e.Remembered {
			e.alive, e.Remembered = false, false
			b.settle(e, b.now())
		}
	}
}

// at returns the number of changes so far.
func (b *book) at() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version
}
