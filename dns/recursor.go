package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"slices"
	"time"

	"muster/metrics"
)

// recursor puts questions to upstream resolvers. A change of settings makes another one, which
// takes over what this one has learned when it is about the same upstreams.
type recursor struct {
	*learned
	random  bool
	timeout time.Duration
	ask     func(ctx context.Context, u *upstream, q asked) (f found, rtt time.Duration, err error)
	log     *slog.Logger
	metrics *metrics.Recursor
}

// learned is what is known of a list of upstreams and of what they said.
type learned struct {
	list    []string // Config.Recursors
	bytes   int      // Config.RecursorCache
	pool    *upstreamPool
	hedges  hedges
	cache   *replyCache
	flights flights
	marks   loopMarks
}

// newRecursor returns nil when a validated configuration names no recursors. before is the one
// it replaces, or nil.
func newRecursor(cfg Config, before *recursor, log *slog.Logger, counts *metrics.Recursor) *recursor {
	if len(cfg.Recursors) == 0 {
		counts.Cached(0)
		return nil
	}
	r := &recursor{random: cfg.RecursorStrategy == Random, timeout: cfg.RecursorTimeout, log: log, metrics: counts}
	if before != nil && slices.Equal(before.list, cfg.Recursors) && before.bytes == cfg.RecursorCache {
		r.learned = before.learned
	} else {
		r.learned = newLearned(cfg)
		counts.Cached(0)
	}
	r.ask = (&exchanger{timeout: r.timeout, marks: &r.marks, metrics: counts}).ask
	return r
}

func newLearned(cfg Config) *learned {
	var addrs []netip.AddrPort
	for _, s := range cfg.Recursors {
		// One that is named twice is one. Validated, so there is no error.
		if a, err := recursorAddr(s); err == nil && !slices.Contains(addrs, a) {
			addrs = append(addrs, a)
		}
	}
	return &learned{
		list: slices.Clone(cfg.Recursors), bytes: cfg.RecursorCache,
		pool: newPool(addrs), cache: newReplyCache(cfg.RecursorCache),
	}
}

// kept returns what is known without asking, if anything.
func (r *recursor) kept(q asked) (found, bool) {
	f, ok := r.cache.get(q.key(), time.Now())
	if ok {
		r.metrics.Looked("hit")
	}
	return f, ok
}

// resolve asks the upstreams, once for all who have the same question at the same time.
func (r *recursor) resolve(ctx context.Context, q asked) found {
	key := q.key()
	f, shared := r.flights.do(ctx, key, func() found {
		// It may have been answered between the look into the cache and now.
		if f, ok := r.cache.get(key, time.Now()); ok {
			return f
		}
		f := r.race(ctx, q)
		r.metrics.Cached(r.cache.put(key, f, time.Now()))
		return f
	})
	if shared {
		r.metrics.Looked("shared")
	} else {
		r.metrics.Looked("miss")
	}
	return f
}

// try asks one upstream and takes note of how that went.
// A panic on the way must not take the agent down: it is an error like others.
func (r *recursor) try(ctx context.Context, u *upstream, q asked) (what found) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("recursor's reply failed", "recursor", u.addr, "panic", p, "stack", string(debug.Stack()))
			what = found{err: fmt.Errorf("recursor %s: internal error", u.addr)}
		}
	}()
	begun := time.Now()
	f, rtt, err := r.ask(ctx, u, q)
	result := r.judge(ctx, err)
	if result == "" {
		return found{err: errGivenUp}
	}
	r.metrics.Tried(result)
	r.remember(u, result, begun, rtt)
	switch {
	case result == "ok":
		r.metrics.Replied(time.Since(begun))
		return f
	case result == "timeout":
		err = fmt.Errorf("no reply in %s", r.timeout)
	}
	return found{err: fmt.Errorf("recursor %s: %w", u.addr, err)}
}

// judge names what became of a try, as the metrics do. Empty: the question was given
// up, which says nothing about the upstream.
func (r *recursor) judge(ctx context.Context, err error) string {
	_, refused := errors.AsType[refusal](err)
	network, _ := errors.AsType[net.Error](err)
	switch {
	case err == nil:
		return "ok"
	case refused:
		return "refused"
	case errors.Is(context.Cause(ctx), errLost):
		return "lost"
	case ctx.Err() != nil:
		return ""
	case network != nil && network.Timeout():
		return "timeout"
	}
	return "other"
}

// remember takes note of what became of a try, and logs when an upstream goes down or comes back.
func (r *recursor) remember(u *upstream, result string, begun time.Time, rtt time.Duration) {
	now := time.Now()
	down, back := r.pool.note(u, func(h *health) {
		switch result {
		case "ok":
			h.answered(rtt)
		case "refused":
			h.strike(begun, now)
		case "lost":
			// One that was asked only just now has not been slow.
			if now.Sub(begun) >= h.delay(r.timeout) {
				h.strike(begun, now)
			}
		default:
			h.failed(begun, now)
		}
	})
	if down {
		r.log.Warn("recursor is asked last for a while", "recursor", u.addr, "last", result)
	}
	if back {
		r.log.Info("recursor answers again", "recursor", u.addr)
	}
}

// loops reports whether a question that came in, named as given in wire form, is one of
// ours that an upstream has sent back.
func (r *recursor) loops(spelled []byte, qtype uint16) bool {
	u := r.marks.back(spelled, qtype)
	if u == nil {
		return false
	}
	if !u.loops.Swap(true) {
		r.log.Warn("recursor sends our own questions back to us: a loop", "recursor", u.addr)
	}
	return true
}
