package consensus

import (
	"sync"
	"testing"
)

func TestBeacon(t *testing.T) {
	b := newBeacon()
	show := func(s sight) { b.look(func() sight { return s }) }
	isClosed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	before, changed := b.see()
	if before != (sight{}) {
		t.Errorf("a new beacon shows %+v", before)
	}
	for _, tc := range []struct {
		to    sight
		tells bool
	}{
		{sight{}, false},
		{sight{"a:1", false}, true},
		{sight{"a:1", false}, false},
		{sight{"a:1", true}, true},
		{sight{"b:1", false}, true},
		{sight{"", false}, true},
	} {
		show(tc.to)
		if got := isClosed(changed); got != tc.tells {
			t.Errorf("shown %+v: told %v", tc.to, got)
		}
		var now sight
		if now, changed = b.see(); now != tc.to {
			t.Errorf("shows %+v, want %+v", now, tc.to)
		}
	}
}

// Whoever takes channel and value together, and waits for the channel, ends up with the last value.
func TestBeaconMissesNothing(t *testing.T) {
	b := newBeacon()
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for s, changed := b.see(); s.leader != "end:1"; s, changed = b.see() {
				<-changed
			}
		})
	}
	var mu sync.Mutex
	truth := ""
	for range 4 {
		work.Go(func() {
			for range 500 {
				mu.Lock()
				truth += "x"
				mu.Unlock()
				b.look(func() sight { mu.Lock(); defer mu.Unlock(); return sight{leader: truth} })
			}
			mu.Lock()
			over := len(truth) == 4*500
			if over {
				truth = "end:1"
			}
			mu.Unlock()
			b.look(func() sight { mu.Lock(); defer mu.Unlock(); return sight{leader: truth} })
		})
	}
	work.Wait()
}
