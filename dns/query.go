package dns

import (
	"encoding/binary"
	"net/netip"

	"github.com/miekg/dns"
)

// headSize is the size of a message header (RFC 1035 section 4.1.1).
const headSize = 12

// head is the fixed part of a message.
type head struct {
	id       uint16
	response bool
	opcode   int
	rd       bool
	counts   [4]uint16 // questions, answers, authority, additional
}

func readHead(b []byte) (h head, ok bool) {
	if len(b) < headSize {
		return h, false
	}
	bits := binary.BigEndian.Uint16(b[2:])
	h = head{id: binary.BigEndian.Uint16(b), response: bits&(1<<15) != 0, opcode: int(bits>>11) & 0xf, rd: bits&(1<<8) != 0}
	for i := range h.counts {
		h.counts[i] = binary.BigEndian.Uint16(b[4+2*i:])
	}
	return h, true
}

// bare is a reply without question or records, for queries that cannot be read.
func (h head) bare(rcode int) *dns.Msg {
	return &dns.Msg{MsgHdr: dns.MsgHdr{Id: h.id, Response: true, Opcode: h.opcode, RecursionDesired: h.rd, Rcode: rcode}}
}

// query is a query message, understood.
type query struct {
	msg      *dns.Msg
	question dns.Question
	edns     edns
	client   netip.Addr
	udp      bool
}

// readQuery reads a message that is not a response. A code other than NOERROR says
// why it cannot be answered; the bare reply is then all there is to say.
func readQuery(h head, wire []byte) (*query, int) {
	switch {
	case h.opcode != dns.OpcodeQuery:
		return nil, dns.RcodeNotImplemented
	case h.counts[0] != 1 || h.counts[1] > 0 || h.counts[2] > 1 || h.counts[3] > 2:
		// IXFR carries an SOA in the authority section; OPT and TSIG may both be present.
		return nil, dns.RcodeFormatError
	}
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil || len(m.Question) != 1 {
		return nil, dns.RcodeFormatError
	}
	if len(m.Answer)+len(m.Ns)+len(m.Extra) != int(h.counts[1])+int(h.counts[2])+int(h.counts[3]) {
		return nil, dns.RcodeFormatError // fewer records than the header claims
	}
	e, ok := ednsOf(m)
	if !ok {
		return nil, dns.RcodeFormatError
	}
	return &query{msg: m, question: m.Question[0], edns: e}, dns.RcodeSuccess
}

// limit is the most octets the reply may have.
func (q *query) limit() int {
	if q.udp {
		return q.edns.udpSize()
	}
	return dns.MaxMsgSize
}
