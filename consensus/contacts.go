package consensus

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// contacts remembers, of each follower, when the last message was sent that it has
// answered as one. What it promised by that, it promised after it was sent; when the
// answer came in says nothing, because an answer may be under way for long.
type contacts struct {
	mu   sync.Mutex
	term uint64
	sent map[raft.ServerID]time.Time
}

// note records that a message of the leader of a term was answered.
func (c *contacts) note(id raft.ServerID, term uint64, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if term > c.term {
		c.term, c.sent = term, map[raft.ServerID]time.Time{}
	}
	if term == c.term && sent.After(c.sent[id]) {
		c.sent[id] = sent
	}
}

// since reports whether a follower has answered a message of a term that was not sent before t.
func (c *contacts) since(id raft.ServerID, term uint64, t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return term == c.term && !c.sent[id].Before(t)
}
