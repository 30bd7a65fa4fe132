package dns

import "encoding/binary"

// image is an answer as it goes out, compiled once and then copied: what differs
// between two replies is written into the copy. An image never changes. Its fields stand in
// the order of their use: the first fill one line of the processor's cache.
type image struct {
	// wire is in one piece what a reply is made of: the header, the question (folded) and the
	// records that every reply holds; an OPT record, for clients that sent one; the same with the
	// texts of extended errors, for those who may read them, if there are any; and the units,
	// records of which a reply holds some or all.
	wire             []byte
	fixed, opt, text uint32 // where the first three parts end
	each             uint32 // octets of every unit, or of the largest; 0: there are none
	keep             uint32 // units that a reply holds, if they fit
	name             uint8  // octets of the question's name
	slow             bool   // the question is the slow path's: there is nothing but the question
	serial           uint16 // where the serial of an SOA record stands: it follows the catalog's index; 0: none
	choice           *choice
	cell             int // of the tally

	marks  []<-chan struct{} // the image holds until one of them is closed
	reason Reason
	size   int // bytes in memory, about
}

// key is what the image's question is known by: name and type.
func (im *image) key() []byte { return im.wire[headSize : headSize+int(im.name)+2] }

func (im *image) rcode() int { return int(im.wire[3] & 0xf) }

// positive reports whether the answer has records of the name.
func (im *image) positive() bool { return im.each > 0 || im.wire[6]|im.wire[7] != 0 }

// holds reports whether nothing has changed that the image was made of.
func (im *image) holds() bool {
	for _, m := range im.marks {
		select {
		case <-m:
			return false
		default:
		}
	}
	return true
}

// replyTo is what of a client's circumstances shows in its reply.
type replyTo struct {
	limit     int    // octets
	serial    uint32 // of our zones
	recursion bool   // there are recursors for this client
	text      bool   // it may read the texts of extended errors
	markTC    bool   // TC is set when records are left out
}

// Bits of a header's third and fourth octet.
const (
	bitRD, bitTC = 1 << 0, 1 << 1
	bitCD, bitRA = 1 << 4, 1 << 7
)

// write turns a query into its reply, in place, and returns the reply's size. msg has room
// for to.limit octets. With 0 it has changed nothing: only the slow path can tell what to leave out.
func (im *image) write(msg []byte, q *plain, to *replyTo, p *picker) int {
	var opt []byte
	if q.edns.present {
		opt = im.wire[im.fixed:im.opt]
		if to.text && im.opt < im.text && int(im.fixed+im.text-im.opt) <= to.limit {
			opt = im.wire[im.opt:im.text]
		}
	}
	room := to.limit - int(im.fixed) - len(opt)
	if room < int(im.each) || im.choice != nil && !im.choice.reachable(im, room) {
		return 0
	}
	writeHead(msg, im.wire, to.recursion)
	n := q.end()
	n += copy(msg[n:], im.wire[n:im.fixed])
	if im.serial > 0 {
		binary.BigEndian.PutUint32(msg[im.serial:], to.serial)
	}
	if im.choice != nil {
		n = im.writeChoice(msg, n, n+room, to.markTC, p)
	} else if im.each > 0 {
		n = im.writeUnits(msg, n, room, to.markTC, p)
	}
	if opt != nil {
		copy(msg[n:], opt)
		if q.edns.do {
			msg[n+7] |= 1 << 7
		}
		n += len(opt)
		addCount(msg[10:], 1)
	}
	return n
}

// writeHead turns a query's header into that of a reply, of which an example is at hand.
func writeHead(msg, like []byte, recursion bool) {
	msg[2] = msg[2]&bitRD | like[2]
	msg[3] = msg[3]&bitCD | like[3]
	if recursion {
		msg[3] |= bitRA
	}
	copy(msg[4:headSize], like[4:headSize])
}

// writeUnits appends units of one size, of which no one goes before another, in random order.
func (im *image) writeUnits(msg []byte, n, room int, markTC bool, p *picker) int {
	units, each := im.wire[im.text:], int(im.each)
	m := min(int(im.keep), room/each)
	addCount(msg[6:], m)
	if m < int(im.keep) && markTC {
		msg[2] |= bitTC
	}
	for _, i := range p.shuffle(len(units)/each, m) {
		n += copy(msg[n:], units[int(i)*each:][:each])
	}
	return n
}

// addCount adds to one of a header's counts of records.
func addCount(count []byte, n int) {
	binary.BigEndian.PutUint16(count, binary.BigEndian.Uint16(count)+uint16(n))
}
