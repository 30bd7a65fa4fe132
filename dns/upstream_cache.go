package dns

import (
	"container/list"
	"sync"
	"time"
)

// entryOverhead is what an entry takes beside its key and reply: structs, map slot, allocator slack.
const entryOverhead = 320

// replyCache keeps what upstreams said for as long as TTLs permit, in bounded memory. A
// quarter of that is for negative answers and failures, so that random names drive out only
// their like. It has no clock; times are handed in. It is safe for concurrent use.
type replyCache struct {
	mu       sync.Mutex
	positive shelf
	negative shelf
}

// newReplyCache makes a cache of at most so many bytes. 0 keeps nothing.
func newReplyCache(bytes int) *replyCache {
	return &replyCache{positive: newShelf(bytes - bytes/4), negative: newShelf(bytes / 4)}
}

// get returns what is known of a question, with its age.
func (c *replyCache) get(key string, now time.Time) (found, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.positive.get(key, now); ok {
		return f, true
	}
	return c.negative.get(key, now)
}

// put keeps what was found just now for as long as it may be kept, in place of
// what was known, and returns the bytes taken by all.
func (c *replyCache) put(key string, f found, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.positive.remove(key)
	c.negative.remove(key)
	if f.negative {
		c.negative.put(key, f, now)
	} else {
		c.positive.put(key, f, now)
	}
	return c.positive.size + c.negative.size
}

// shelf is a part of a cache with a bound of its own. The entries used longest ago go first.
type shelf struct {
	max, size int // bytes
	entries   map[string]*list.Element
	order     *list.List // of *keptReply, the one used last in front
}

type keptReply struct {
	key  string
	what found
	put  time.Time
}

func newShelf(bytes int) shelf {
	return shelf{max: bytes, entries: map[string]*list.Element{}, order: list.New()}
}

func (s *shelf) get(key string, now time.Time) (found, bool) {
	e, ok := s.entries[key]
	if !ok {
		return found{}, false
	}
	kept := e.Value.(*keptReply)
	age := now.Sub(kept.put)
	if age < 0 || age >= kept.what.life { // a clock set back tells nothing of the age
		s.remove(key)
		return found{}, false
	}
	s.order.MoveToFront(e)
	f := kept.what
	f.age = uint32((age + time.Second - 1) / time.Second)
	return f, true
}

func (s *shelf) put(key string, f found, now time.Time) {
	e := &keptReply{key: key, what: f, put: now}
	if f.life <= 0 || e.bytes() > s.max/8 { // no single one may drive out the many
		return
	}
	s.entries[key] = s.order.PushFront(e)
	s.size += e.bytes()
	for s.size > s.max {
		s.remove(s.order.Back().Value.(*keptReply).key)
	}
}

func (s *shelf) remove(key string) {
	if e, ok := s.entries[key]; ok {
		s.size -= s.order.Remove(e).(*keptReply).bytes()
		delete(s.entries, key)
	}
}

func (e *keptReply) bytes() int {
	n := entryOverhead + len(e.key) + cap(e.what.wire)
	if e.what.err != nil {
		n += len(e.what.err.Error())
	}
	return n
}
