package dns

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"github.com/miekg/dns"
)

const (
	// maxMarks is how many watched rows an image may depend on: looking at them must stay cheaper than the slow path.
	maxMarks = 32
	// maxWeighed is how many records may be drawn by weight for one reply. The draw takes time with their square.
	maxWeighed = 256
)

// compile decides a question and makes the image of its answer. It is a slow one when
// every reply needs a decision of its own, and nil when no image may be kept: the slow path tells why.
func (c *cache) compile(q *plain) (im *image) {
	defer func() {
		if p := recover(); p != nil {
			c.h.log.Error("dns answer not compiled", "name", q.wireKey(), "panic", p, "stack", string(debug.Stack()))
			im = nil
		}
	}()
	name, _, err := dns.UnpackDomainName(q.wireKey(), 0)
	if err != nil {
		return nil
	}
	query := &query{question: dns.Question{Name: name, Qtype: q.qtype, Qclass: dns.ClassINET}, udp: c.udp}
	query.msg = &dns.Msg{Question: []dns.Question{query.question}}
	if _, done := c.set.refuse(query); done {
		return nil
	}
	luck, seen := &luck{}, &watch{}
	a := c.set.resolver.resolve(Question{Name: name, Type: q.qtype, UDP: c.udp}, c.view, rand.New(luck), nil, seen)
	if !c.keepable(&a) {
		return nil
	}
	if !luck.used && len(seen.marks) <= maxMarks {
		im = c.pack(q, query, &a, seen.draws)
	}
	if im == nil {
		im = &image{head: append(make([]byte, headSize, headSize+q.name+2), q.wireKey()...), slow: true}
	}
	im.marks, im.name, im.reason = seen.marks, q.name, a.Reason
	im.cell = c.tally.Cell(dns.TypeToString[q.qtype], rcodeName(a.Rcode))
	im.size += slotBytes + cap(im.head) + cap(im.opt) + cap(im.optText) + 8*cap(im.marks) + len(a.Reason.Subject)
	return im
}

// keepable reports whether an answer depends on the catalog and the question alone.
func (c *cache) keepable(a *Answer) bool {
	switch {
	case a.Stale, a.Rcode == dns.RcodeServerFailure:
		return false
	case a.Reason.Kind == NotInZone, a.Outside != "":
		return c.set.recursor == nil // which may be asked, and answers for a time of its own
	}
	return true
}

// luck is a source of random numbers that remembers having been asked: what depends on it is no one's twice.
type luck struct{ used bool }

func (l *luck) Uint64() uint64 { l.used = true; return rand.Uint64() }

// pack makes the image of an answer, or nil when its records depend on where they stand in the message.
func (c *cache) pack(q *plain, query *query, a *Answer, draws []draw) *image {
	m := c.set.compose(query, *a)
	im := &image{}
	var units []dns.RR
	switch len(draws) {
	case 0:
	case 1:
		fixed := len(m.Answer) - len(draws[0].shares)
		if fixed < 0 || len(m.Ns) > 0 || a.Reason.Kind != OK {
			return nil
		}
		units = m.Answer[fixed:]
		for _, rr := range units {
			if h := rr.Header(); h.Name != draws[0].owner || h.Rrtype != units[0].Header().Rrtype {
				return nil
			}
		}
		m.Answer = m.Answer[:fixed]
	default:
		return nil
	}
	glue := m.Extra
	if units != nil {
		m.Extra = nil
	}
	var err error
	if im.head, err = m.Pack(); err != nil || !slices.Equal(im.head[headSize:headSize+q.name+2], q.wireKey()) {
		return nil
	}
	if units != nil {
		p := packer{names: c.set.names(m), scratch: c.scratch, at: len(im.head)}
		im.drawn, c.scratch = p.drawn(units, draws[0], glue), p.scratch
		if im.drawn == nil {
			return nil
		}
		im.size += im.drawn.size()
	}
	return c.finish(im, a)
}

// finish adds what does not depend on the records: the places of serials, and OPT.
func (c *cache) finish(im *image, a *Answer) *image {
	var ok bool
	if im.serials, ok = serials(im.head); !ok {
		return nil
	}
	if im.opt, ok = packOPT(a.extended(false)); !ok {
		return nil
	}
	if im.optText, ok = packOPT(a.extended(true)); !ok {
		return nil
	}
	if len(im.opt) == len(im.optText) {
		im.optText = im.opt
	}
	return im
}

// packOPT returns the wire form of an OPT record with extended errors, DO clear.
func packOPT(errors []dns.EDNS0) ([]byte, bool) {
	o := opt(false)
	o.Option = errors
	b := make([]byte, dns.Len(o))
	n, err := dns.PackRR(o, b, 0, nil, false)
	return b[:n:n], err == nil
}

// serials returns where the serials of SOA records stand in a message without OPT.
func serials(wire []byte) (at []int, ok bool) {
	off, _, ok := skipName(wire, headSize)
	if off += 4; !ok {
		return nil, false
	}
	for range int(binary.BigEndian.Uint16(wire[6:])) + int(binary.BigEndian.Uint16(wire[8:])) + int(binary.BigEndian.Uint16(wire[10:])) {
		r, end, ok := nextRecord(wire, off)
		if !ok {
			return nil, false
		}
		if r.rtype == dns.TypeSOA {
			at = append(at, end-20) // serial, refresh, retry, expire, minimum
		}
		off = end
	}
	return at, off == len(wire)
}
