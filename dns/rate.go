package dns

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"

	"muster/metrics"
)

// A forged source address turns replies into a weapon against its owner. So replies over UDP to
// one network are limited in number, each kind apart: names that do not exist never use up what
// is there for those that do. Clients that can show a cookie of ours are real and not limited.

// rateClass is the kind of a reply, as the rate limit counts them.
type rateClass uint8

const (
	classAnswer   rateClass = iota // NOERROR, with records or without
	classNXDomain                  // the name does not exist
	classError                     // everything else
	rateClasses
)

func classOf(rcode int) rateClass {
	switch rcode {
	case dns.RcodeSuccess:
		return classAnswer
	case dns.RcodeNameError:
		return classNXDomain
	}
	return classError
}

// rateNames are the classes as metrics name them.
var rateNames = [rateClasses]metrics.ReplyClass{
	classAnswer: metrics.Answers, classNXDomain: metrics.NXDomains, classError: metrics.Errors,
}

// admission is what becomes of a reply.
type admission uint8

const (
	admitted  admission = iota // it is sent
	truncated                  // appendSlip's reply is sent in its place
	withheld                   // nothing is sent
)

// rateLimit decides which replies over UDP are sent. It is immutable but for its table.
type rateLimit struct {
	every  [rateClasses]time.Duration // between two replies in the long run; 0: no limit
	slip   uint32
	exempt []netip.Prefix
	table  *rateTable
}

func newRateLimit(cfg Config, t *rateTable) *rateLimit {
	l := &rateLimit{slip: uint32(cfg.RateLimitSlip), exempt: cfg.RateLimitExempt, table: t}
	for class, perSecond := range [rateClasses]int{
		classAnswer: cfg.RateLimit, classNXDomain: cfg.RateLimitErrors, classError: cfg.RateLimitErrors,
	} {
		if perSecond > 0 {
			l.every[class] = time.Second / time.Duration(perSecond)
		}
	}
	return l
}

// allow decides on one reply over UDP to a client that has shown no cookie of ours. It takes any
// number of callers at once and allocates nothing. now must carry a monotonic reading.
func (l *rateLimit) allow(client netip.Addr, class rateClass, now time.Time) admission {
	every := l.every[class]
	if every == 0 || contains(l.exempt, client) {
		return admitted
	}
	return l.table.take(rateKey(client, class), now.Sub(l.table.born), every, l.slip)
}

// rateKey names a client's network, /24 or /56, and a class. It is never 0.
func rateKey(client netip.Addr, class rateClass) uint64 {
	const used, six = 1 << 63, 1 << 62
	key := used | uint64(class)<<56
	a := client.Unmap()
	if a.Is4() {
		v4 := a.As4()
		return key | uint64(binary.BigEndian.Uint32(v4[:])>>8)
	}
	v6 := a.As16()
	return key | six | binary.BigEndian.Uint64(v6[:8])>>8
}

const (
	// maxRate is the highest limit a second that can be told apart from none.
	maxRate = 10_000_000
	// rateSets times rateWays networks and classes are remembered, in 1 MiB.
	rateSets, rateWays = 8192, 5
	// rateBurst is how long a network may have been silent to its advantage: what it
	// would have been allowed in that time it may have at once.
	rateBurst = time.Second
)

// rateTable remembers when each network's next reply is due. It is of fixed size.
type rateTable struct {
	born time.Time
	seed maphash.Seed // keeps strangers from choosing networks that meet in one set
	sets [rateSets]rateSet
}

// rateSet fills two cache lines: workers that serve different networks seldom meet.
type rateSet struct {
	mu   sync.Mutex
	ways [rateWays]rateEntry
}

type rateEntry struct {
	key    uint64
	due    time.Duration // since born: when all replies so far would have been sent, evenly spaced
	denied uint32
}

func newRateTable(now time.Time) *rateTable { return &rateTable{born: now, seed: maphash.MakeSeed()} }

// take counts one reply. at is the time since the table was born.
func (t *rateTable) take(key uint64, at, every time.Duration, slip uint32) admission {
	set := &t.sets[maphash.Comparable(t.seed, key)%rateSets]
	set.mu.Lock()
	defer set.mu.Unlock()
	e := set.entry(key)
	if e.due < at {
		e.due = at
	}
	if e.due-at <= rateBurst-every {
		e.due += every
		return admitted
	}
	e.denied++
	if slip > 0 && e.denied%slip == 0 {
		return truncated
	}
	return withheld
}

// entry returns a key's entry. A new key takes the place of the one nearest to being
// forgotten anyway, so that a flood of many networks does not free one that is limited.
func (s *rateSet) entry(key uint64) *rateEntry {
	least := &s.ways[0]
	for i := range s.ways {
		e := &s.ways[i]
		if e.key == key {
			return e
		}
		if e.due < least.due {
			least = e
		}
	}
	*least = rateEntry{key: key}
	return least
}
