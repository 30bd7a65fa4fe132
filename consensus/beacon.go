package consensus

import "sync"

// beacon shows who leads, and tells of changes. It is told to look again by
// whoever changed something, in any order: what it shows is what it finds when it looks.
type beacon struct {
	mu      sync.Mutex
	shown   sight
	changed chan struct{}
}

// sight is what there is to see of leadership.
type sight struct {
	leader string // host:port, "" if unknown
	serves bool   // this replica leads and may serve reads
}

func newBeacon() *beacon { return &beacon{changed: make(chan struct{})} }

func (b *beacon) look(now func() sight) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := now(); s != b.shown {
		b.shown = s
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

func (b *beacon) see() (sight, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shown, b.changed
}

// look brings the beacon up to date. It may be called from raft's goroutines.
func (r *Replica) look() {
	r.beacon.look(func() sight {
		m := r.raft.Load()
		return sight{leader: r.Leader(), serves: m != nil && r.leads(m)}
	})
}

// LeaderWatch returns the leader's host:port, "" while none is known, and a channel
// that is closed at the next change. It may close early. Nothing is missed by who
// takes the next channel before acting on the address it came with.
func (r *Replica) LeaderWatch() (addr string, changed <-chan struct{}) {
	s, changed := r.beacon.see()
	return s.leader, changed
}
