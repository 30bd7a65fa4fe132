package agent

import (
	"context"
	"net/http"
	"time"
)

// leaderRecheck bounds how late a leader is noticed when no change told of it: its disk may be well again.
const leaderRecheck = 100 * time.Millisecond

// leaderDoor finds who serves requests that only the leader can.
type leaderDoor struct {
	own   string // this server's host:port
	leads func() bool
	watch func() (addr string, changed <-chan struct{}) // the leader's host:port
	to    http.Handler                                  // passes a request to the leader
}

// find waits until this server leads and is ready, or another leads; there is nil when ctx ends
// first. A server that was just elected has itself for the leader before it may serve reads: to pass a
// request on to that one would bring it back here.
func (d leaderDoor) find(ctx context.Context) (there http.Handler, leads bool) {
	for {
		leader, changed := d.watch()
		switch {
		case d.leads():
			return nil, true
		case leader != "" && leader != d.own:
			return d.to, false
		}
		select {
		case <-changed:
		case <-time.After(leaderRecheck):
		case <-ctx.Done():
			return nil, false
		}
	}
}
