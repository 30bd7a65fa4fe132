package dns

import (
	"bufio"
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync"

	"github.com/miekg/dns"
)

// desk answers plain queries over TCP from a cache. Connections take turns at it,
// which nobody holds for longer than it takes to copy answers.
type desk struct {
	mu    sync.Mutex
	cache *cache
	msg   [dns.MaxMsgSize]byte
}

// mostReplies is how many octets of replies a connection collects before it sends them.
const mostReplies = 64 << 10

// newDesks returns as many desks as can be at work at once.
func (h *Handler) newDesks() []*desk {
	desks := make([]*desk, runtime.GOMAXPROCS(0))
	for i := range desks {
		desks[i] = &desk{cache: h.newCache(false, len(desks))}
	}
	return desks
}

// serve answers a query, and those that follow it whole in r, as long as they are
// plain and their answers at hand. It appends the framed replies to out and
// takes off r what it has answered. It is not ok when not even the first query has a reply.
func (d *desk) serve(query []byte, r *bufio.Reader, client netip.Addr, out []byte) (replies []byte, ok bool) {
	if !new(plain).read(query) {
		return nil, false // spares the others the wait
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cache.begin()
	defer d.cache.idle()
	defer d.cache.end()
	size, ok := d.cache.answer(d.msg[:], copy(d.msg[:], query), client)
	if !ok {
		return nil, false
	}
	for {
		out = binary.BigEndian.AppendUint16(out, uint16(size))
		out = append(out, d.msg[:size]...)
		next := peekQuery(r)
		if next == nil || len(out) > mostReplies {
			return out, true
		}
		if size, ok = d.cache.answer(d.msg[:], copy(d.msg[:], next), client); !ok {
			return out, true
		}
		_, _ = r.Discard(2 + len(next)) // it was there a moment ago
	}
}

// peekQuery returns the next query if all of it has arrived.
func peekQuery(r *bufio.Reader) []byte {
	if r.Buffered() < 2 {
		return nil
	}
	size, _ := r.Peek(2)
	n := int(binary.BigEndian.Uint16(size))
	if n < headSize || r.Buffered() < 2+n {
		return nil
	}
	framed, _ := r.Peek(2 + n)
	return framed[2:]
}
