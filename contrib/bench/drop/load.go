//go:build linux

package main

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"muster/contrib/cluster/fleet"
)

// load asks all agents for a name, at a steady rate.
type load struct {
	done           chan struct{}
	workers        sync.WaitGroup
	began          time.Time
	sent, answered atomic.Int64
}

// loadEvery is how often a sender sends what is due.
const loadEvery = 2 * time.Millisecond

// startLoad sends so many questions a second, spread evenly over agents, whether or not they are answered.
func startLoad(agents []*fleet.Agent, name string, rate int) (*load, error) {
	l := &load{done: make(chan struct{}), began: time.Now()}
	query, err := question(name)
	if err != nil {
		return nil, err
	}
	for i, a := range agents {
		conn, err := net.Dial("udp", a.DNS())
		if err != nil {
			l.stop()
			return nil, err
		}
		share := (rate + i) / len(agents)
		l.workers.Go(func() {
			defer conn.Close() // which ends count
			l.send(conn, query, share)
		})
		l.workers.Go(func() { l.count(conn) })
	}
	return l, nil
}

func (l *load) send(conn net.Conn, query []byte, rate int) {
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for sent := 0; ; {
		select {
		case <-l.done:
			return
		case <-tick.C:
		}
		// Never more than a tenth of a second at once, should the machine have paused.
		due := int(time.Since(l.began).Seconds() * float64(rate))
		for sent = max(sent, due-rate/10); sent < due; sent++ {
			if _, err := conn.Write(query); err == nil {
				l.sent.Add(1)
			}
		}
	}
}

func (l *load) count(conn net.Conn) {
	for buf := make([]byte, 4096); ; {
		if _, err := conn.Read(buf); err != nil {
			return
		}
		l.answered.Add(1)
	}
}

// stop ends the load and returns how many questions a second were sent and answered.
func (l *load) stop() (sent, answered float64) {
	close(l.done)
	l.workers.Wait()
	took := time.Since(l.began).Seconds()
	return float64(l.sent.Load()) / took, float64(l.answered.Load()) / took
}
