package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// lockKeys are contended for.
	lockKeys = 6
	// lockTTL is the shortest that sessions may have.
	lockTTL = 10 * time.Second
)

// contender is a client that takes locks, holds them for a while and lets go, each in one of several ways.
type contender struct {
	id    int
	began time.Time
	door  func() string // the URL of its agent's HTTP API; "" while that is down
	http  *http.Client
	rng   *rand.Rand
	mute  *atomic.Bool  // whether clients go away without a word now and then
	taken *atomic.Int64 // locks, by all contenders

	session *lockSession // nil: none
	lockHistory
}

func (c *contender) since() int64 { return time.Since(c.began).Nanoseconds() }

// ask makes a request. status 0 stands for an outcome that is unknown.
func (c *contender) ask(method, path, body string) (status int, text string, call int64) {
	call = c.since()
	door := c.door()
	if door == "" {
		return 0, "", call
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, door+path, strings.NewReader(body))
	if err != nil {
		panic(err) // the parts are known
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", call
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode == http.StatusServiceUnavailable {
		return 0, "", call
	}
	return resp.StatusCode, string(data), call
}

// work contends for locks until ctx ends, and takes its session with it.
func (c *contender) work(ctx context.Context) {
	for ctx.Err() == nil {
		if c.fresh() {
			c.contend(ctx, fmt.Sprintf("locks/%d", c.rng.IntN(lockKeys)))
		}
		rest(ctx, time.Duration(c.rng.IntN(25))*time.Millisecond)
	}
	c.destroy()
	c.http.CloseIdleConnections()
}

// fresh makes sure that there is a session with most of its time ahead.
func (c *contender) fresh() bool {
	if c.session == nil {
		return c.create()
	}
	if c.since()-c.session.renewed < (lockTTL / 4).Nanoseconds() {
		return true
	}
	return c.renew()
}

func (c *contender) create() bool {
	s := &lockSession{client: c.id, ttl: lockTTL, checked: c.rng.IntN(2) == 0, delay: []time.Duration{0, 0, 200 * time.Millisecond}[c.rng.IntN(3)]}
	checks, behavior := `[]`, "release"
	if s.checked {
		checks = `["serfHealth"]`
	}
	if c.rng.IntN(3) == 0 {
		behavior = "delete"
	}
	status, text, call := c.ask("PUT", "/v1/session/create", fmt.Sprintf(`{"TTL":"%s","LockDelay":"%s","NodeChecks":%s,"Behavior":"%s"}`, s.ttl, s.delay, checks, behavior))
	var made struct{ ID string }
	if status != http.StatusOK || json.Unmarshal([]byte(text), &made) != nil {
		if status != 0 && !strings.Contains(text, "critical state") { // its node was taken for dead
			c.odd = append(c.odd, fmt.Sprintf("create: %d %s", status, text))
		}
		return false
	}
	s.id, s.renewed, s.seen = made.ID, call, call
	c.session = s
	return true
}

// renew reports whether the session lives on. It is dropped when it does not.
func (c *contender) renew() bool {
	s := c.session
	status, text, call := c.ask("PUT", "/v1/session/renew/"+s.id, "")
	switch status {
	case http.StatusOK:
		s.renewed, s.seen = call, call
		return true
	case http.StatusNotFound:
		if ret := c.since(); !s.checked && ret < s.renewed+s.ttl.Nanoseconds() {
			c.early = append(c.early, fmt.Sprintf("client %d: session %s renewed at %v is gone at %v", c.id, s.id, time.Duration(s.renewed), time.Duration(ret)))
		}
		c.session = nil
	case 0:
	default:
		c.odd = append(c.odd, fmt.Sprintf("renew: %d %s", status, text))
	}
	return false
}

// destroy ends the session. Asked in vain, it leaves it to its TTL.
func (c *contender) destroy() {
	for try := 0; c.session != nil && try < 5; try++ {
		if status, text, _ := c.ask("PUT", "/v1/session/destroy/"+c.session.id, ""); status == http.StatusOK {
			break
		} else if status != 0 {
			c.odd = append(c.odd, fmt.Sprintf("destroy: %d %s", status, text))
		}
		rest(context.Background(), 20*time.Millisecond)
	}
	c.session = nil
}

// look reads a key; nil: nobody could say.
func (c *contender) look(key string) *sight {
	status, text, call := c.ask("GET", "/v1/kv/"+key+"?consistent", "")
	var pairs []struct {
		Session                string
		LockIndex, CreateIndex uint64
	}
	s := &sight{key: key, call: call, ret: c.since()}
	switch {
	case status == 0:
		return nil
	case status == http.StatusOK && json.Unmarshal([]byte(text), &pairs) == nil && len(pairs) == 1:
		s.seat, s.session = seat{pairs[0].CreateIndex, pairs[0].LockIndex}, pairs[0].Session
	case status != http.StatusNotFound:
		c.odd = append(c.odd, fmt.Sprintf("read: %d %s", status, text))
		return nil
	}
	c.sights = append(c.sights, s)
	return s
}

// contend tries to take a lock, and holds it for a while.
func (c *contender) contend(ctx context.Context, key string) {
	s := c.session
	status, text, call := c.ask("PUT", "/v1/kv/"+key+"?acquire="+s.id, "")
	from := c.since()
	switch {
	case status == http.StatusOK && text == "true":
		s.seen = call
	case status == http.StatusOK && text == "false":
		c.look(key)
		return
	case status == http.StatusInternalServerError && strings.Contains(text, "invalid session"):
		c.renew() // which says whether that can be
		return
	case status == 0: // the lock may be its own, now or later
	default:
		c.odd = append(c.odd, fmt.Sprintf("acquire: %d %s", status, text))
	}
	seen := c.look(key)
	if seen == nil || seen.session != s.id {
		if status == http.StatusOK && !s.checked && seen != nil && seen.ret < s.renewed+s.ttl.Nanoseconds() {
			c.early = append(c.early, fmt.Sprintf("client %d: told that it holds %s, which is at %+v of %q", c.id, key, seen.seat, seen.session))
		}
		c.destroy()
		return
	}
	if status == 0 {
		from = seen.ret
	}
	s.seen = max(s.seen, seen.call)
	h := &hold{by: s, key: key, seat: seen.seat, from: from}
	c.taken.Add(1)
	c.keep(ctx, h)
	h.renewed, h.seen = s.renewed, s.seen
	c.holds = append(c.holds, h)
	c.letGo(h)
}

// keep holds a lock for a while, and goes on when nobody answers until its session is gone or must be taken for it.
func (c *contender) keep(ctx context.Context, h *hold) {
	s := h.by
	for range c.rng.IntN(4) {
		c.look(h.key)
		for !c.renew() && c.session != nil {
			if ctx.Err() != nil {
				return
			}
			if c.since() > s.renewed+s.ttl.Nanoseconds() {
				c.session = nil
			}
			rest(ctx, 20*time.Millisecond)
		}
		if c.session == nil {
			return
		}
		rest(ctx, time.Duration(c.rng.IntN(40))*time.Millisecond)
	}
}

// letGo ends a hold.
func (c *contender) letGo(h *hold) {
	dice := c.rng.IntN(100)
	h.endedAt = c.since()
	switch {
	case c.session == nil:
		h.end = ended
	case h.key == "locks/0" && dice < 30 && c.mute.Load():
		h.end, c.session = silent, nil
	case dice < 25:
		h.end = destroyed
		c.destroy()
	default:
		h.end = released
		if status, text, _ := c.ask("PUT", "/v1/kv/"+h.key+"?release="+h.by.id, ""); status == 0 {
			c.destroy() // the lock may still be its own
		} else if status != http.StatusOK || text == "false" && !h.by.checked && c.since() < h.by.renewed+h.by.ttl.Nanoseconds() {
			c.early = append(c.early, fmt.Sprintf("release: %d %s: %s", status, text, h))
		}
	}
}
