//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"muster/contrib/cluster/fleet"
)

// questions go to all agents all the time.
type questions struct {
	asked   atomic.Int64
	slowest atomic.Int64 // time an answer took, in nanoseconds
	done    chan struct{}
	once    sync.Once
	askers  sync.WaitGroup
	mu      sync.Mutex
	failed  []string // what went wrong on agents that were up
}

func (c *cluster) startQuestions(every time.Duration) *questions {
	q := &questions{done: make(chan struct{})}
	for _, a := range c.Agents {
		q.askers.Go(func() { q.askAll(a, every) })
	}
	return q
}

func (q *questions) stop() {
	q.once.Do(func() { close(q.done) })
	q.askers.Wait()
}

// askAll asks one agent for the steady service, and counts as failed what it does
// not answer well within a second, unless it was going down or not up.
func (q *questions) askAll(a *fleet.Agent, every time.Duration) {
	conn, err := net.Dial("udp", a.DNS())
	if err != nil {
		q.fail(a, err)
		return
	}
	defer conn.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for id := uint16(1); ; id++ {
		select {
		case <-q.done:
			return
		case <-tick.C:
		}
		epoch := a.Epoch()
		if !a.Up() {
			continue
		}
		sent := time.Now()
		got, err := fleet.AskOn(conn, id, steady, time.Second)
		took := time.Since(sent)
		if a.Epoch() != epoch {
			continue // it went down meanwhile
		}
		q.asked.Add(1)
		if err == nil && got != fleet.Found {
			err = errors.New(got.String())
		}
		if err != nil {
			q.fail(a, err)
			continue
		}
		q.took(took)
	}
}

// took notes how long an answer took.
func (q *questions) took(d time.Duration) {
	for {
		most := q.slowest.Load()
		if int64(d) <= most || q.slowest.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

func (q *questions) fail(a *fleet.Agent, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = append(q.failed, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), a.Name, err))
}
