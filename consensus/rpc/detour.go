package rpc

import (
	"sync"
	"time"
)

// detour remembers which servers did not answer this agent: what is for such a leader
// is given to another server to pass on.
type detour struct {
	mu   sync.Mutex
	lost map[string]time.Time
}

func newDetour() *detour { return &detour{lost: map[string]time.Time{}} }

// direct reports whether to ask a server without a detour. For avoidFor after a
// failure nobody does; then one request a second goes and sees.
func (d *detour) direct(addr string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, lost := d.lost[addr]
	switch {
	case !lost:
		return true
	case time.Since(at) < avoidFor:
		return false
	}
	d.lost[addr] = at.Add(connectTimeout) // all others wait for what this one finds
	return true
}

// suspect reports whether a server has not answered since it failed last.
func (d *detour) suspect(addr string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, lost := d.lost[addr]
	return lost
}

// note takes down whether a server answered.
func (d *detour) note(addr string, answered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if answered {
		delete(d.lost, addr)
		return
	}
	now := time.Now()
	d.lost[addr] = now
	for other, at := range d.lost {
		if now.Sub(at) > 10*avoidFor { // nobody asks it any more
			delete(d.lost, other)
		}
	}
}
