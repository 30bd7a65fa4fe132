//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"muster/contrib/cluster/fleet"
)

// writer writes one key after the other, each through the next agent that is up,
// and remembers when writes were acknowledged.
type writer struct {
	c      *cluster
	cancel context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	acked  []ack
	failed int
}

type ack struct {
	key string
	at  time.Time
}

// writeTime is how long a write is given. It waits out an election; who gives up
// sooner does not see that.
const writeTime = 10 * time.Second

func (c *cluster) startWriter() *writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &writer{c: c, cancel: cancel, done: make(chan struct{})}
	go w.run(ctx)
	return w
}

func (w *writer) stop() { w.cancel(); <-w.done }

func (w *writer) run(ctx context.Context) {
	defer close(w.done)
	for i := 0; ctx.Err() == nil; i++ {
		if a := w.c.Agents[i%len(w.c.Agents)]; a.Up() {
			w.write(ctx, a, fmt.Sprintf("chaos/%d", i))
		}
		rest(ctx, 2*time.Millisecond)
	}
}

func (w *writer) write(ctx context.Context, a *fleet.Agent, key string) {
	try, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	err := w.c.Call(try, a, "PUT", "/v1/kv/"+key, "v", nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.acked = append(w.acked, ack{key, time.Now()})
	} else if ctx.Err() == nil {
		w.failed++
	}
}

// gapAfter waits until writes go on after a moment, and returns how long they paused.
func (w *writer) gapAfter(ctx context.Context, moment time.Time) (gap time.Duration, err error) {
	err = fleet.Await(ctx, func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		var on bool
		if gap, on = pause(w.acked, moment); !on {
			return fmt.Errorf("nothing was written since %s", moment.Format(time.TimeOnly))
		}
		return nil
	})
	return gap, err
}

// onTheWay is how long after a leader's death writes may still be acknowledged that it had committed.
const onTheWay = 100 * time.Millisecond

// pause returns the longest time without an acknowledgement, from the last one before a
// moment to the first that cannot have been on its way then; on is false while there is none.
func pause(acked []ack, moment time.Time) (longest time.Duration, on bool) {
	before := moment
	for _, a := range acked {
		if a.at.Before(moment) {
			before = a.at
			continue
		}
		longest = max(longest, a.at.Sub(before))
		if a.at.After(moment.Add(onTheWay)) {
			return longest, true
		}
		before = a.at
	}
	return 0, false
}

// lost counts the acknowledged keys that are not there.
func (c *cluster) lost(ctx context.Context, w *writer) (int, error) {
	var keys []string
	err := fleet.Await(ctx, func(ctx context.Context) error {
		return c.Call(ctx, c.Agents[0], "GET", "/v1/kv/chaos/?keys&consistent", nil, &keys)
	})
	if err != nil {
		return 0, err
	}
	return missing(w.acked, keys), nil
}

func missing(acked []ack, keys []string) int {
	there := map[string]bool{}
	for _, k := range keys {
		there[k] = true
	}
	n := 0
	for _, a := range acked {
		if !there[a.key] {
			n++
		}
	}
	return n
}
