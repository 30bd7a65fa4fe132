//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answer is what came of a question.
type answer int

const (
	found answer = iota
	noName
	bad // any other rcode, or no record
)

func (a answer) String() string { return [...]string{"with records", "NXDOMAIN", "badly"}[a] }

// ask sends one question over UDP and waits for its answer.
func ask(addr, name string, wait time.Duration) (answer, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return bad, err
	}
	defer conn.Close()
	return askOn(conn, 1, name, wait)
}

func askOn(conn net.Conn, id uint16, name string, wait time.Duration) (answer, error) {
	qname, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return bad, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id},
		Questions: []dnsmessage.Question{{Name: qname, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	query, err := m.Pack()
	if err != nil {
		return bad, err
	}
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return bad, err
	}
	if _, err := conn.Write(query); err != nil {
		return bad, err
	}
	buf := make([]byte, 1500)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return bad, err
		}
		if err := m.Unpack(buf[:n]); err != nil {
			return bad, err
		}
		if m.ID != id {
			continue // late, and counted already
		}
		switch {
		case m.RCode == dnsmessage.RCodeSuccess && len(m.Answers) > 0:
			return found, nil
		case m.RCode == dnsmessage.RCodeNameError:
			return noName, nil
		}
		return bad, fmt.Errorf("%s with %d records", m.RCode, len(m.Answers))
	}
}

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
	for _, a := range c.agents {
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
func (q *questions) askAll(a *agent, every time.Duration) {
	conn, err := net.Dial("udp", a.dns())
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
		epoch := a.epoch.Load()
		if !a.up.Load() {
			continue
		}
		sent := time.Now()
		got, err := askOn(conn, id, steady, time.Second)
		took := time.Since(sent)
		if a.epoch.Load() != epoch {
			continue // it went down meanwhile
		}
		q.asked.Add(1)
		if err == nil && got != found {
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

func (q *questions) fail(a *agent, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = append(q.failed, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), a.name, err))
}
