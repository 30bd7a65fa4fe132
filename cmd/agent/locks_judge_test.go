package agent

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// hold is the time for which a client takes itself for the holder of a lock. Times are ns of the history.
type hold struct {
	by      *lockSession
	key     string
	seat    seat
	from    int64 // when it heard that it holds the lock
	end     ending
	endedAt int64 // when it asked for the end; of released and destroyed holds

	// What was known of the session when the hold ended.
	renewed, seen int64
}

// seat is what tells the holders of a key apart: the lock index, which begins anew with a key that was deleted.
type seat struct{ create, lock uint64 }

func (s seat) compare(o seat) int {
	return cmp.Or(cmp.Compare(s.create, o.create), cmp.Compare(s.lock, o.lock))
}

// ending is how a hold ended.
type ending string

const (
	released  ending = "released"
	destroyed ending = "destroyed"
	silent    ending = "silent" // the client went away without a word
	ended     ending = "ended"  // the client was told that its session is gone
)

// lockSession is a session as its client knows it.
type lockSession struct {
	id      string
	client  int
	ttl     time.Duration
	delay   time.Duration
	checked bool  // it ends with its node, too
	renewed int64 // when the last renewal that succeeded was sent
	seen    int64 // when the last request was sent whose answer shows that it lives
}

// lives is until when the session of a hold cannot have ended by itself. A session that
// needs its node may go at any time; what a leader says of it is as old as its lease may be.
func (h *hold) lives(lease time.Duration) int64 {
	if h.by.checked {
		return h.seen - lease.Nanoseconds()
	}
	return h.renewed + h.by.ttl.Nanoseconds()
}

// held is until when the client surely holds the lock, and kept until when nobody else may have it.
func (h *hold) held(lease time.Duration) (held, kept int64) {
	held = h.lives(lease)
	kept = held + h.by.delay.Nanoseconds()
	switch h.end {
	case released:
		return min(held, h.endedAt), min(kept, h.endedAt)
	case destroyed:
		held = min(held, h.endedAt)
		return held, held + h.by.delay.Nanoseconds()
	}
	return held, kept
}

func (h *hold) String() string {
	return fmt.Sprintf("%s %+v of client %d (delay %v, checked %t) from %v, renewed %v, seen %v, %s %v", h.key, h.seat, h.by.client, h.by.delay, h.by.checked,
		time.Duration(h.from), time.Duration(h.renewed), time.Duration(h.seen), h.end, time.Duration(h.endedAt))
}

// sight is what a consistent read showed of a key.
type sight struct {
	key       string
	seat      seat   // zero: the key is not there
	session   string // "": nobody's
	call, ret int64
}

// lockHistory is what clients saw of locks.
type lockHistory struct {
	holds  []*hold
	sights []*sight
	early  []string // sessions that ended before they could
	odd    []string // answers that no client should get
}

// objections returns what must not be, by who objects: index, overlap, sight, early.
func (h *lockHistory) objections(lease time.Duration) map[string][]string {
	out := map[string][]string{"index": h.sharedIndexes(), "early": h.early}
	out["index"] = append(out["index"], h.fallenIndexes()...)
	byKey := map[string][]*hold{}
	for _, o := range h.holds {
		byKey[o.key] = append(byKey[o.key], o)
	}
	for _, holds := range byKey {
		out["overlap"] = append(out["overlap"], overlaps(holds, lease)...)
	}
	for _, s := range h.sights {
		for _, o := range byKey[s.key] {
			if held, _ := o.held(lease); s.call >= o.from && s.ret < held && (s.session != o.by.id || s.seat != o.seat) {
				out["sight"] = append(out["sight"], fmt.Sprintf("read %+v of %q at %v while it was held: %s", s.seat, s.session, time.Duration(s.ret), o))
			}
		}
	}
	return out
}

// sharedIndexes finds holders that share a lock index, and a session that came to a lock twice at the same one.
func (h *lockHistory) sharedIndexes() (out []string) {
	type place struct {
		key string
		seat
	}
	first, holder := map[place]*hold{}, map[place]string{}
	for _, o := range h.holds {
		at := place{o.key, o.seat}
		if was := first[at]; was != nil {
			out = append(out, fmt.Sprintf("two holds at one lock index: %s; %s", was, o))
		}
		first[at], holder[at] = o, o.by.id
	}
	for _, s := range h.sights {
		at := place{s.key, s.seat}
		if was, ok := holder[at]; ok && s.session != "" && was != s.session {
			out = append(out, fmt.Sprintf("%s at %+v was held by %s, and by %s", s.key, s.seat, was, s.session))
		} else if s.session != "" {
			holder[at] = s.session
		}
	}
	return out
}

// fallenIndexes finds reads that show a lower lock index than one that was over when they began.
func (h *lockHistory) fallenIndexes() (out []string) {
	byCall := slices.SortedFunc(slices.Values(h.sights), func(a, b *sight) int { return cmp.Compare(a.call, b.call) })
	byRet := slices.SortedFunc(slices.Values(h.sights), func(a, b *sight) int { return cmp.Compare(a.ret, b.ret) })
	highest := map[string]seat{}
	for _, s := range byCall {
		for len(byRet) > 0 && byRet[0].ret < s.call {
			if past := byRet[0]; past.seat.compare(highest[past.key]) > 0 {
				highest[past.key] = past.seat
			}
			byRet = byRet[1:]
		}
		if s.seat != (seat{}) && s.seat.compare(highest[s.key]) < 0 {
			out = append(out, fmt.Sprintf("%s at %+v behind %+v", s.key, s.seat, highest[s.key]))
		}
	}
	return out
}

// overlaps finds holds of one key that begin while another is kept.
func overlaps(holds []*hold, lease time.Duration) (out []string) {
	slices.SortFunc(holds, func(a, b *hold) int { return cmp.Compare(a.from, b.from) })
	var longest *hold
	until := int64(0)
	for _, o := range holds {
		if longest != nil && o.from < until {
			out = append(out, fmt.Sprintf("two hold a lock at once: %s; %s", longest, o))
		}
		if _, kept := o.held(lease); longest == nil || kept > until {
			longest, until = o, kept
		}
	}
	return out
}

// handOvers counts how often a lock went from one session to another, by how the first lost it.
func (h *lockHistory) handOvers() map[ending]int {
	count, last := map[ending]int{}, map[string]*hold{}
	for _, o := range slices.SortedFunc(slices.Values(h.holds), func(a, b *hold) int { return cmp.Compare(a.from, b.from) }) {
		if was := last[o.key]; was != nil && was.by != o.by {
			count[was.end]++
		}
		last[o.key] = o
	}
	return count
}
