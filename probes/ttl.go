package probes

import (
	"context"
	"fmt"
	"time"

	"muster/catalog"
)

// beat is what a ttl check was last told.
type beat struct {
	deadline time.Time // when silence turns it critical
	expired  bool      // it did, and the owner knows
	output   string
}

// expectHeartbeats turns a check critical when no update came for its TTL. The
// timer is not moved by updates: when it goes off early it is set to what is
// left. It goes off at least once per TTL, so never later than a deadline.
func expectHeartbeats(ctx context.Context, c *check) {
	timer := time.NewTimer(c.startTTL())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(c.expire(time.Now()))
		case <-c.repeat:
			c.repeatTTL(time.Now())
		}
	}
}

func (c *check) startTTL() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastBeat.deadline.IsZero() { // an update may have come before this goroutine ran
		c.lastBeat.deadline = time.Now().Add(c.def.TTL)
	}
	return c.def.TTL
}

// expire turns the check critical if its time is up and returns how long to wait before asking again.
func (c *check) expire(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left := c.lastBeat.deadline.Sub(now); left > 0 {
		return left
	}
	if !c.stopped && !c.lastBeat.expired {
		c.verdict = verdict{status: catalog.Critical}
		c.count(Result{Status: catalog.Critical}, 0)
		c.lastBeat.expired = c.tell(c.silence(), now) // else it is said again
	}
	return c.def.TTL
}

// silence is the output of a check whose heartbeat did not come. mu is held.
func (c *check) silence() string {
	text := fmt.Sprintf("TTL expired: no update within %v", c.def.TTL)
	if c.lastBeat.output != "" {
		text += ". Last output: " + c.lastBeat.output
	}
	return text
}

// repeatTTL reports the check's status once more, to an owner that holds another.
func (c *check) repeatTTL(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	output := c.lastBeat.output
	if c.lastBeat.expired {
		output = c.silence()
	}
	c.tell(output, now)
}

// update is a heartbeat: it reports status and output as they are and puts the
// deadline off. One that the owner refuses has no effect.
func (c *check) update(s catalog.Status, output string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return unknown(c.def.ID)
	}
	was := c.verdict
	c.verdict = verdict{status: s}
	if err := c.report(output, now); err != nil {
		c.verdict = was
		return err
	}
	c.unheard = false
	c.lastBeat = beat{deadline: now.Add(c.def.TTL), output: head(output, outputLimit(&c.def))}
	c.count(Result{Status: s}, 0)
	return nil
}
