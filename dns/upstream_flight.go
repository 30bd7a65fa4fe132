package dns

import (
	"context"
	"errors"
	"sync"
)

// errGivenUp is what is found when the one who asked went away before there was an answer.
var errGivenUp = errors.New("given up")

// flights lets questions that are equal wait for one answer. The zero value is ready.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

type flight struct {
	done chan struct{} // closed once what holds
	what found
}

// do calls work, unless that is being done for the same key already: then it waits for
// that one to end and shares what it found. Work runs under the caller's ctx; when that ends
// first, one of those who wait takes over.
func (f *flights) do(ctx context.Context, key string, work func() found) (what found, shared bool) {
	for {
		under, mine := f.join(key)
		if mine {
			defer f.land(key, under)
			under.what = work()
			return under.what, false
		}
		select {
		case <-ctx.Done():
			return found{err: errGivenUp}, true
		case <-under.done:
			if !errors.Is(under.what.err, errGivenUp) {
				return under.what, true
			}
		}
	}
}

// join returns the flight for a key, and whether it is the caller's to fly.
func (f *flights) join(key string) (under *flight, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if under, ok := f.byKey[key]; ok {
		return under, false
	}
	if f.byKey == nil {
		f.byKey = map[string]*flight{}
	}
	// What holds until work returns, and if it panics.
	under = &flight{done: make(chan struct{}), what: found{err: errGivenUp}}
	f.byKey[key] = under
	return under, true
}

func (f *flights) land(key string, under *flight) {
	f.mu.Lock()
	delete(f.byKey, key)
	f.mu.Unlock()
	close(under.done)
}
