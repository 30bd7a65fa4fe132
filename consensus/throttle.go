package consensus

import (
	"sync"
	"time"
)

const (
	// throttleTime is how long the same complaint is held back after it was logged, and
	// throttleMost how long at most: the time doubles for as long as it is made.
	throttleTime = 10 * time.Second
	throttleMost = 10 * time.Minute
	// throttleKeys bounds how many complaints are told apart.
	throttleKeys = 256
)

// throttle lets a complaint through once in a while. Raft repeats itself several times a
// second for as long as a member is away, and others may make it complain at will.
type throttle struct {
	mu   sync.Mutex
	said map[string]*complaint
}

type complaint struct {
	hold  time.Duration // for how long it is held back
	until time.Time     // of that
	held  int
}

func newThrottle() *throttle { return &throttle{said: map[string]*complaint{}} }

// pass reports whether a complaint may be logged now, and how many of its kind were held back before.
func (t *throttle) pass(key string, now time.Time) (held int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.said[key]
	if c == nil {
		if len(t.said) >= throttleKeys {
			clear(t.said)
		}
		c = &complaint{}
		t.said[key] = c
	}
	if now.Before(c.until) {
		c.held++
		return 0, false
	}
	hold := throttleTime
	if now.Before(c.until.Add(c.hold)) {
		hold = min(2*c.hold, throttleMost)
	}
	held, *c = c.held, complaint{hold: hold, until: now.Add(hold)}
	return held, true
}
