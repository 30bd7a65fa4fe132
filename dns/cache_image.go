package dns

import "encoding/binary"

// image is an answer as it goes out, compiled once and then copied: what differs
// between two replies is written into the copy. An image never changes.
type image struct {
	head    []byte // header, question (folded), and the records that every reply holds
	name    int    // octets of the question's name
	serials []int  // where SOA serials stand in head: they follow the catalog's index
	drawn   *drawn // answer records of which a reply holds some or all, in an order of its own; nil: none
	// opt is the OPT record for clients that sent one, optText the same with the texts of extended
	// errors, for those who may read them. They are one when there are none.
	opt, optText []byte

	marks  []<-chan struct{} // the image holds until one of them is closed
	slow   bool              // the question is the slow path's: there is nothing but a question
	reason Reason
	cell   int // of the tally
	size   int // bytes in memory, about
}

// key is what the image's question is known by: name and type.
func (im *image) key() []byte { return im.head[headSize : headSize+im.name+2] }

// positive reports whether the answer has records of its name.
func (im *image) positive() bool { return im.drawn != nil || im.head[6]|im.head[7] != 0 }

func (im *image) rcode() int { return int(im.head[3] & 0xf) }

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

// write makes the reply to a query in out, which has room for to.limit octets, and
// returns its size, or 0 when only the slow path can tell what to leave out.
func (im *image) write(out, query []byte, q *plain, to *replyTo, p *picker) int {
	var opt []byte
	if q.edns.present {
		opt = im.opt
		if to.text && len(im.head)+len(im.optText) <= to.limit {
			opt = im.optText
		}
	}
	if len(im.head)+len(opt) > to.limit {
		return 0
	}
	n := copy(out, im.head)
	out[0], out[1] = query[0], query[1]
	out[2] |= query[2] & bitRD
	out[3] |= query[3] & bitCD
	if to.recursion {
		out[3] |= bitRA
	}
	copy(out[headSize:], query[headSize:headSize+im.name])
	for _, at := range im.serials {
		binary.BigEndian.PutUint32(out[at:], to.serial)
	}
	if im.drawn != nil {
		if n = im.drawn.write(out, n, to.limit-len(opt), to.markTC, p); n == 0 {
			return 0
		}
	}
	if opt != nil {
		copy(out[n:], opt)
		if q.edns.do {
			out[n+7] |= 1 << 7
		}
		n += len(opt)
		addCount(out[10:], 1)
	}
	return n
}

// addCount adds to one of a header's counts of records.
func addCount(count []byte, n int) {
	binary.BigEndian.PutUint16(count, binary.BigEndian.Uint16(count)+uint16(n))
}
