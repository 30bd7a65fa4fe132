package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// denial is what replies to names that do not exist, in one zone and for one kind of reason, have in common:
// all but the name. It is cut out of the reply that the slow path has for one of them.
type denial struct {
	zone *zone
	kind Kind

	head     [headSize]byte
	soa      []byte   // the authority section
	pointers []uint16 // where in soa there are pointers to the zone's origin in the question
	serial   int      // where in soa its serial stands
	opt      []byte   // an OPT record with an extended error without text, DO clear
}

// Of an OPT record of ours with one extended error: its size, and where the octets of its data and of the option are counted.
const (
	denialOPT  = 1 + recordFixed + 4 + 2
	optData    = 1 + recordFixed - 2
	optErrSize = 1 + recordFixed + 2
)

// find returns the denial of a zone and a kind of reason, or nil.
func (d *denier) find(z *zone, kind Kind) *denial {
	for i := range d.ready {
		if d.ready[i].zone == z && d.ready[i].kind == kind {
			return &d.ready[i]
		}
	}
	return nil
}

// prepare makes the denial of a zone and a kind of reason out of the answer to the question
// at hand. It is nil, and the slow path has to answer, if that is of another form than expected.
func (c *cache) prepare(z *zone, kind Kind) *denial {
	q := &c.plain
	im := c.compile(q)
	if im == nil || im.slow || im.reason.Kind != kind || im.rcode() != dns.RcodeNameError || im.opt-im.fixed != denialOPT ||
		im.serial == 0 || binary.BigEndian.Uint64(im.wire[4:]) != 1<<48|1<<16 { // one question, one record of authority
		return nil
	}
	n := q.end()
	d := denial{
		zone: z, kind: kind, head: [headSize]byte(im.wire), soa: im.wire[n:im.fixed], serial: int(im.serial) - n,
		opt: im.wire[im.fixed:im.opt],
	}
	if !d.findPointers(q) {
		return nil
	}
	c.denier.ready = append(c.denier.ready, d)
	return &c.denier.ready[len(c.denier.ready)-1]
}

// origin is a pointer to where the zone's origin begins in a question (RFC 1035 section 4.1.4).
func (d *denial) origin(q *plain) uint16 { return 0xc000 | uint16(headSize+q.name-len(d.zone.wire)) }

// findPointers finds the pointers in the names of the SOA record: owner, MNAME, RNAME. Others than to the origin are none of a denial.
func (d *denial) findPointers(q *plain) bool {
	at := 0
	for _, between := range []int{recordFixed, 0, 0} {
		end, compressed, ok := skipName(d.soa, at)
		if !ok {
			return false
		}
		if compressed {
			if binary.BigEndian.Uint16(d.soa[end-2:]) != d.origin(q) {
				return false
			}
			d.pointers = append(d.pointers, uint16(end-2))
		}
		at = end + between
	}
	return at == d.serial
}

// write turns a query into its reply, in place, and returns the reply's size. The text is for
// the extended error, if there is room for it. With 0 it has changed nothing: the reply does not fit.
func (d *denial) write(msg []byte, q *plain, to replyTo, text []byte) int {
	n := q.end()
	size := n + len(d.soa)
	if q.edns.present {
		size += len(d.opt)
	}
	if size > to.limit {
		return 0
	}
	if size+len(text) > to.limit {
		text = nil
	}
	writeHead(msg, d.head[:], to.recursion)
	soa := msg[n:]
	n += copy(soa, d.soa)
	for _, at := range d.pointers {
		binary.BigEndian.PutUint16(soa[at:], d.origin(q))
	}
	binary.BigEndian.PutUint32(soa[d.serial:], to.serial)
	if !q.edns.present {
		return n
	}
	opt := msg[n:]
	n += copy(opt, d.opt)
	if q.edns.do {
		opt[7] |= 1 << 7
	}
	addCount(opt[optData:], len(text))
	addCount(opt[optErrSize:], len(text))
	addCount(msg[10:], 1)
	return n + copy(msg[n:], text)
}
