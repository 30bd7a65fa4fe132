package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// slip says what the reply to a limited client carries.
type slip struct {
	rcode    int
	ra       bool // recursion is available to this client
	edns, do bool // the query had an OPT record; with DO
	cookie   []byte
}

// appendSlip appends the reply that a limited client gets in place of an answer: the question, and
// TC, so that a real client asks again over TCP while the owner of a forged address gets no more
// than was sent in his name. Errors cannot be had over TCP either; they keep their code. query is
// the message, which end is known of: where its question, if any, ends.
func appendSlip(dst, query []byte, end int, s slip) []byte {
	const qr, tc, rd, ra, cd = 1 << 15, 1 << 9, 1 << 8, 1 << 7, 1 << 4
	flags := qr | binary.BigEndian.Uint16(query[2:])&(rd|cd)
	rcode := s.rcode
	if classOf(rcode) != classError {
		flags, rcode = flags|tc, dns.RcodeSuccess
	}
	if s.ra {
		flags |= ra
	}
	dst = append(dst, query[:2]...)
	dst = binary.BigEndian.AppendUint16(dst, flags|uint16(rcode)&0xf)
	dst = append(dst, query[4], query[5], 0, 0, 0, 0, 0, 0)
	if s.edns {
		dst[len(dst)-1] = 1
	}
	dst = append(dst, query[headSize:end]...)
	if !s.edns {
		return dst
	}
	ttl := uint32(rcode>>4) << 24
	if s.do {
		ttl |= 1 << 15
	}
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, dns.TypeOPT)
	dst = binary.BigEndian.AppendUint16(dst, ownSize)
	dst = binary.BigEndian.AppendUint32(dst, ttl)
	if s.cookie == nil {
		return append(dst, 0, 0)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(4+len(s.cookie)))
	dst = binary.BigEndian.AppendUint16(dst, dns.EDNS0COOKIE)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s.cookie)))
	return append(dst, s.cookie...)
}
