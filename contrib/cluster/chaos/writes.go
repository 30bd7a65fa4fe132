//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"
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
		a := w.c.agents[i%len(w.c.agents)]
		if !a.up.Load() {
			continue
		}
		key := fmt.Sprintf("chaos/%d", i)
		// A write waits out an election; give up on it late enough to see that.
		try, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := w.c.call(try, a, "PUT", "/v1/kv/"+key, "v", nil)
		cancel()
		w.mu.Lock()
		if err == nil {
			w.acked = append(w.acked, ack{key, time.Now()})
		} else if ctx.Err() == nil {
			w.failed++
		}
		w.mu.Unlock()
		rest(ctx, 2*time.Millisecond)
	}
}

// gapAfter waits for the first write acknowledged after a moment and returns how
// long the pause round that moment was.
func (w *writer) gapAfter(ctx context.Context, moment time.Time) (gap time.Duration, err error) {
	err = await(ctx, func(context.Context) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		before := moment
		for i, a := range w.acked {
			if a.at.After(moment.Add(100 * time.Millisecond)) { // not one that was on its way
				if i > 0 {
					before = w.acked[i-1].at
				}
				gap = a.at.Sub(before)
				return nil
			}
		}
		return fmt.Errorf("nothing was written since %s", moment.Format(time.TimeOnly))
	})
	return gap, err
}

// lost counts the acknowledged keys that are not there.
func (c *cluster) lost(ctx context.Context, w *writer) (int, error) {
	var keys []string
	err := await(ctx, func(ctx context.Context) error {
		return c.call(ctx, c.agents[0], "GET", "/v1/kv/chaos/?keys&consistent", nil, &keys)
	})
	if err != nil {
		return 0, err
	}
	there := map[string]bool{}
	for _, k := range keys {
		there[k] = true
	}
	lost := 0
	for _, a := range w.acked {
		if !there[a.key] {
			lost++
		}
	}
	return lost, nil
}
