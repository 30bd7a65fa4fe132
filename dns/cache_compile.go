package dns

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"github.com/miekg/dns"

	"muster/metrics"
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
	seen := &watch{}
	c.luck.used = false
	a := c.set.resolver.resolve(Question{Name: name, Type: q.qtype, UDP: c.udp}, c.view, c.rng, nil, seen)
	if seen.abroad || seen.personal || !c.keepable(&a) {
		return nil
	}
	if !c.luck.used && len(seen.marks) <= maxMarks {
		im = c.pack(q, query, &a, seen.draws)
	}
	if im == nil {
		im = &image{wire: append(make([]byte, headSize, headSize+q.name+2), q.wireKey()...), slow: true}
	}
	im.marks, im.name, im.reason = seen.marks, uint8(q.name), a.Reason
	im.cell = c.tally.Cell(metrics.Hit, dns.TypeToString[q.qtype], rcodeName(a.Rcode))
	im.size += slotBytes + cap(im.wire) + 8*cap(im.marks) + len(a.Reason.Subject)
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
	var units, glue []dns.RR
	if len(draws) > 0 {
		fixed := len(m.Answer) - len(draws[0].shares)
		if len(draws) > 1 || fixed < 0 || len(m.Ns) > 0 || a.Reason.Kind != OK || !draws[0].made(m.Answer[fixed:]) {
			return nil
		}
		m.Answer, units = m.Answer[:fixed], m.Answer[fixed:]
		m.Extra, glue = nil, m.Extra
	}
	wire, err := m.PackBuffer(c.room[:])
	if err != nil || len(wire) > dns.MaxMsgSize || !bytes.Equal(wire[headSize:headSize+q.name+2], q.wireKey()) {
		return nil
	}
	im := &image{wire: wire, fixed: uint32(len(wire))}
	if !im.findSerial() || !im.addOPT(a) {
		return nil
	}
	if units != nil {
		p := packer{names: c.set.names(m), scratch: c.scratch, at: int(im.fixed), targets: map[string]uint32{}}
		ok := p.drawn(im, units, draws[0], glue)
		c.scratch = p.scratch
		if !ok {
			return nil
		}
	}
	im.wire = bytes.Clone(im.wire) // no longer than it must be, and not in the room for the next one
	return im
}

// made reports whether records are those that a draw was about.
func (d draw) made(records []dns.RR) bool {
	return !slices.ContainsFunc(records, func(rr dns.RR) bool {
		return rr.Header().Name != d.owner || rr.Header().Rrtype != records[0].Header().Rrtype
	})
}

// addOPT appends the OPT record of replies, DO clear, without and with the texts of
// extended errors. It fails when there are options of another kind.
func (im *image) addOPT(a *Answer) bool {
	errors := a.extended(true)
	texts := false
	for _, o := range errors {
		e, ok := o.(*dns.EDNS0_EDE)
		if !ok {
			return false
		}
		texts = texts || e.ExtraText != ""
	}
	im.wire = appendErrors(im.wire, errors, false)
	im.opt = uint32(len(im.wire))
	if texts {
		im.wire = appendErrors(im.wire, errors, true)
	}
	im.text = uint32(len(im.wire))
	return true
}

// appendErrors appends an OPT record of ours with extended errors, see [opt].
func appendErrors(b []byte, errors []dns.EDNS0, texts bool) []byte {
	b = append(b, 0)
	b = binary.BigEndian.AppendUint16(b, dns.TypeOPT)
	b = binary.BigEndian.AppendUint16(b, ownSize)
	b = append(b, 0, 0, 0, 0, 0, 0) // code, version, flags; size of data
	data := len(b)
	for _, o := range errors {
		e, text := o.(*dns.EDNS0_EDE), ""
		if texts {
			text = e.ExtraText
		}
		b = binary.BigEndian.AppendUint16(b, dns.EDNS0EDE)
		b = binary.BigEndian.AppendUint16(b, uint16(2+len(text)))
		b = binary.BigEndian.AppendUint16(b, e.InfoCode)
		b = append(b, text...)
	}
	binary.BigEndian.PutUint16(b[data-2:], uint16(len(b)-data))
	return b
}

// findSerial looks for the SOA record of an answer, of which there is one at most.
func (im *image) findSerial() bool {
	off, _, ok := skipName(im.wire, headSize)
	if off += 4; !ok {
		return false
	}
	for off < int(im.fixed) {
		r, end, ok := nextRecord(im.wire, off)
		if !ok || r.rtype == dns.TypeSOA && (im.serial > 0 || end > dns.MaxMsgSize) {
			return false
		}
		if r.rtype == dns.TypeSOA {
			im.serial = uint16(end - 20) // serial, refresh, retry, expire, minimum
		}
		off = end
	}
	return true
}
