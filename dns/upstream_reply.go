package dns

import (
	"bytes"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"muster/catalog"
)

const (
	// maxPositive and maxNegative bound how long a reply is kept, whatever its TTLs say
	// (RFC 8767 section 4 and RFC 2308 section 5 recommend days and hours).
	maxPositive, maxNegative = 24 * time.Hour, time.Hour
	// failureLife is how long it is remembered that no upstream answered a question: the
	// least that RFC 9520 section 3.2 demands is one second.
	failureLife = 2 * time.Second
)

// found is what the upstreams had to say to a question: a reply, or the error.
// It is read only, since several clients may share it.
type found struct {
	wire     []byte        // the reply, its question in lower case
	err      error         // why there is none
	life     time.Duration // how long it may be kept; 0: not at all
	negative bool          // no record of the type asked, or failed
	age      uint32        // seconds it has been kept, rounded up so that nothing outlives its TTL
}

// readReply makes sense of a reply that belongs to a question, and takes it over.
func readReply(wire []byte, q asked) (found, error) {
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil {
		return found{}, fmt.Errorf("reply cannot be read: %w", err)
	}
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return found{}, refusal(m.Rcode)
	}
	copy(wire[headSize:], q.name)
	f := found{wire: wire}
	f.life, f.negative = lifeOf(m, q.qtype)
	return f, nil
}

// refusal is an answer that says no more than that there is none.
type refusal int

func (r refusal) Error() string { return "says " + rcodeName(int(r)) }

// lifeOf is how long a reply may be kept: as long as the shortest TTL in it. One
// without the records asked for may only with a SOA record (RFC 2308 section 5).
func lifeOf(m *dns.Msg, qtype uint16) (life time.Duration, negative bool) {
	negative = isNegative(m, qtype)
	least, signed := uint32(maxTTL), !negative
	for _, section := range [][]dns.RR{m.Answer, m.Ns, withoutHop(m.Extra)} {
		for _, rr := range section {
			least = min(least, ttlOf(rr, negative))
		}
	}
	for _, rr := range m.Ns {
		signed = signed || rr.Header().Rrtype == dns.TypeSOA
	}
	if !signed {
		return 0, negative
	}
	limit := maxPositive
	if negative {
		limit = maxNegative
	}
	return min(time.Duration(least)*time.Second, limit), negative
}

// isNegative reports whether a reply has no record of the type asked.
func isNegative(m *dns.Msg, qtype uint16) bool {
	if m.Rcode == dns.RcodeNameError || len(m.Answer) == 0 {
		return true
	}
	return qtype != dns.TypeANY && !hasType(m.Answer, qtype)
}

// ttlOf is the TTL of a record, 0 when it is out of range (RFC 2181 section 8). The SOA of
// a negative answer tells how long that holds: no more than its own minimum (RFC 2308 section 3).
func ttlOf(rr dns.RR, negative bool) uint32 {
	ttl := rr.Header().Ttl
	if ttl > maxTTL {
		return 0
	}
	if soa, ok := rr.(*dns.SOA); ok && negative {
		ttl = min(ttl, soa.Minttl)
	}
	return ttl
}

// message returns the reply as the answer to a question spelled so, in wire form and in text:
// TTLs counted down, records that concern one hop only taken off. The caller owns it.
func (f found) message(spelled []byte, name string) (*dns.Msg, error) {
	// Names in the reply that were compressed point into its question, and so follow its spelling.
	wire := bytes.Clone(f.wire)
	copy(wire[headSize:], spelled)
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil {
		return nil, fmt.Errorf("kept reply cannot be read: %w", err)
	}
	m.Extra = withoutHop(m.Extra)
	for _, section := range [][]dns.RR{m.Answer, m.Ns, m.Extra} {
		for _, rr := range section {
			h := rr.Header()
			ttl := ttlOf(rr, f.negative)
			h.Ttl = ttl - min(f.age, ttl)
			if catalog.EqualFold(h.Name, name) {
				h.Name = name
			}
		}
	}
	return m, nil
}

// withoutHop leaves out the records that concern one hop only.
func withoutHop(extra []dns.RR) []dns.RR {
	var out []dns.RR
	for _, rr := range extra {
		if t := rr.Header().Rrtype; t != dns.TypeOPT && t != dns.TypeTSIG && t != dns.TypeSIG {
			out = append(out, rr)
		}
	}
	return out
}
