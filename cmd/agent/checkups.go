package agent

import (
	"context"
	"sync"
	"time"

	"muster/catalog"
	"muster/consensus"
	"muster/consensus/rpc"
)

// checkups is how the leader knows how every server does: it asks them.
type checkups struct {
	self      string // the leader's node id
	servers   func() []consensus.Server
	autopilot func() catalog.Autopilot
	own       func() rpc.Standing
	ask       func(ctx context.Context, address string) (rpc.Standing, error)

	mu   sync.Mutex
	last map[string]checkup // by node id
}

// checkup is what a server said last. While it is silent, the last contact goes on ageing.
type checkup struct {
	rpc.Standing
	heard   time.Time // when it last had contact; zero: never
	healthy bool
	since   time.Time // of healthy being what it is
}

const (
	checkupEvery = time.Second
	checkupTime  = 800 * time.Millisecond // for an answer
)

// run asks every server each second until ctx ends, which ends the term of this leader too.
func (c *checkups) run(ctx context.Context) {
	defer c.set(nil)
	for ctx.Err() == nil {
		c.set(c.round(ctx))
		rest(ctx, checkupEvery)
	}
}

func (c *checkups) set(last map[string]checkup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = last
}

// of returns the last checkup of a server, if it has had one.
func (c *checkups) of(id string) (checkup, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.last[id]
	return k, ok
}

// round asks everybody at once.
func (c *checkups) round(ctx context.Context) map[string]checkup {
	ctx, cancel := context.WithTimeout(ctx, checkupTime)
	defer cancel()
	leader := c.own()
	settings := c.autopilot()
	servers := c.servers()
	said := make([]checkup, len(servers))
	var asking sync.WaitGroup
	for i, s := range servers {
		asking.Go(func() {
			now, answered := leader, true
			if s.ID != c.self {
				var err error
				now, err = c.ask(ctx, s.Address)
				answered = err == nil
			}
			said[i] = c.judge(s.ID, now, answered, leader, settings)
		})
	}
	asking.Wait()
	out := map[string]checkup{}
	for i, s := range servers {
		out[s.ID] = said[i]
	}
	return out
}

// judge makes a checkup of what a server says now, if it answered.
func (c *checkups) judge(id string, now rpc.Standing, answered bool, leader rpc.Standing, settings catalog.Autopilot) checkup {
	was, known := c.of(id)
	k := checkup{Standing: now, since: time.Now()}
	switch {
	case answered:
		if now.LastContact >= 0 {
			k.heard = time.Now().Add(-now.LastContact)
		}
		k.healthy = wellBehind(now, leader, settings)
	case was.heard.IsZero():
		k.Standing = rpc.Standing{LastContact: -1}
	default:
		k.Standing, k.heard = was.Standing, was.heard
		k.LastContact = time.Since(was.heard)
	}
	if known && was.healthy == k.healthy {
		k.since = was.since
	}
	return k
}

// wellBehind reports whether a server follows the leader as autopilot's settings ask.
func wellBehind(s, leader rpc.Standing, settings catalog.Autopilot) bool {
	return s.LastContact >= 0 && s.LastContact <= max(settings.LastContactThreshold, minContact) &&
		s.Term == leader.Term && s.LastIndex+settings.MaxTrailingLogs >= leader.LastIndex
}

// minContact is the least threshold that makes sense: leaders are heard about ten times a second.
const minContact = 200 * time.Millisecond
