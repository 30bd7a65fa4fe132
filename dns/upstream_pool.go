package dns

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// upstream is one resolver that questions are put to.
type upstream struct {
	addr   netip.AddrPort
	folds  atomic.Bool // changes the letter case of questions, so a mixed case tells nothing
	loops  atomic.Bool // sent our own questions back to us
	health health      // guarded by the pool's lock
}

// upstreamPool is the upstreams of one configuration and what is remembered of them.
type upstreamPool struct {
	list []*upstream // as configured
	mu   sync.Mutex
}

func newPool(addrs []netip.AddrPort) *upstreamPool {
	p := &upstreamPool{}
	for _, a := range addrs {
		p.list = append(p.list, &upstream{addr: a})
	}
	return p
}

// order is the order in which to try the upstreams for one question: those that are up as
// configured, or shuffled, then those that are down. One that is due for a probe takes its
// place among the first for this question; further questions find it last again for the
// length of lease, so that a dead upstream holds up one question and not all of them.
func (p *upstreamPool) order(now time.Time, random bool, lease time.Duration) []*upstream {
	list := p.list
	if random {
		list = slices.Clone(list)
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out, probing := make([]*upstream, 0, len(list)), false
	var down []*upstream
	for _, u := range list {
		switch h := &u.health; {
		case !h.down:
			out = append(out, u)
		case !probing && h.due(now):
			probing = true
			h.retry = now.Add(lease)
			out = append(out, u)
		default:
			down = append(down, u)
		}
	}
	slices.SortStableFunc(down, func(a, b *upstream) int { return a.health.retry.Compare(b.health.retry) })
	return append(out, down...)
}

// delay is how long to wait for a reply of u before another is asked.
func (p *upstreamPool) delay(u *upstream, limit time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return u.health.delay(limit)
}

// note changes the memory of u, and reports whether that took it down or brought it back.
func (p *upstreamPool) note(u *upstream, change func(*health)) (down, back bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := u.health.down
	change(&u.health)
	return !was && u.health.down, was && !u.health.down
}

const (
	// hedgeShare is how many questions pay for one second try, and hedgeBurst how many tries can
	// be saved up: a slow network must not get twice the questions for being slow.
	hedgeShare, hedgeBurst = 8, 64
)

// hedges is the allowance of second tries made because a first reply is late. The
// zero value has the full burst.
type hedges struct {
	mu   sync.Mutex
	owed int // eighths of a try: what has been spent and not earned again
}

// earn counts one question.
func (h *hedges) earn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owed = max(h.owed-1, 0)
}

// spend reports whether a second try may be made, and counts it.
func (h *hedges) spend() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owed+hedgeShare > hedgeBurst*hedgeShare {
		return false
	}
	h.owed += hedgeShare
	return true
}
