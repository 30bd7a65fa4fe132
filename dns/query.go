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
	rd, cd   bool
	counts   [4]uint16 // questions, answers, authority, additional
}

func readHead(b []byte) (h head, ok bool) {
	if len(b) < headSize {
		return h, false
	}
	bits := binary.BigEndian.Uint16(b[2:])
	h = head{
		id: binary.BigEndian.Uint16(b), response: bits&(1<<15) != 0, opcode: int(bits>>11) & 0xf,
		rd: bits&(1<<8) != 0, cd: bits&(1<<4) != 0,
	}
	for i := range h.counts {
		h.counts[i] = binary.BigEndian.Uint16(b[4+2*i:])
	}
	return h, true
}

// bare is the reply to a query that cannot be answered: the header, and OPT if the query
// had one that can be read. Without it the client would take us for a server that has no EDNS.
func (h head) bare(wire []byte, rcode int) *dns.Msg {
	m := &dns.Msg{MsgHdr: dns.MsgHdr{Id: h.id, Response: true, Opcode: h.opcode, RecursionDesired: h.rd, Rcode: rcode}}
	if e := strayEDNS(h, wire); e.present {
		m.Extra = []dns.RR{opt(e.do)}
	}
	return m
}

// query is a query message, understood.
type query struct {
	msg      *dns.Msg // header and question alone
	question dns.Question
	end      int // where the question ends in the message
	edns     edns
	client   netip.Addr
	udp      bool
	cookie   cookieState
	cookies  []byte // the reply's COOKIE option; nil: none
}

// readQuery reads a message that is not a response. A code other than NOERROR says
// why it cannot be answered; the bare reply is then all there is to say.
func readQuery(h head, wire []byte) (*query, int) {
	switch {
	case h.opcode != dns.OpcodeQuery:
		return nil, dns.RcodeNotImplemented
	case h.counts[0] > 1 || h.counts[1] > 0 || h.counts[2] > 1 || h.counts[3] > 2:
		// IXFR carries an SOA in the authority section; OPT and TSIG may both be present.
		return nil, dns.RcodeFormatError
	}
	q := &query{end: headSize, msg: &dns.Msg{MsgHdr: dns.MsgHdr{Id: h.id, RecursionDesired: h.rd, CheckingDisabled: h.cd}}}
	if h.counts[0] == 1 && !q.readQuestion(wire) {
		return nil, dns.RcodeFormatError
	}
	e, ok := readEDNS(wire, q.end, h.counts)
	if !ok || h.counts[0] == 0 && e.cookie == nil {
		return nil, dns.RcodeFormatError
	}
	q.edns = e
	return q, dns.RcodeSuccess
}

// readQuestion reads the question. Its name comes first in the message, so there
// is nothing that it could be compressed against (RFC 1035 section 4.1.4).
func (q *query) readQuestion(wire []byte) bool {
	end, compressed, ok := skipName(wire, headSize)
	if !ok || compressed || len(wire) < end+4 {
		return false
	}
	name, _, err := dns.UnpackDomainName(wire, headSize)
	if err != nil {
		return false
	}
	q.question = dns.Question{Name: name, Qtype: binary.BigEndian.Uint16(wire[end:]), Qclass: binary.BigEndian.Uint16(wire[end+2:])}
	q.msg.Question = []dns.Question{q.question}
	q.end = end + 4
	return true
}

// empty reports whether the query has no question and asks for a cookie only (RFC 7873 section 5.4).
func (q *query) empty() bool { return len(q.msg.Question) == 0 }

// origin is on whose behalf the query is: its client subnet's, or else its client.
func (q *query) origin() netip.Addr {
	if a := subnetAddr(q.edns.subnet); a.IsValid() && !q.edns.malformed {
		return a.Unmap()
	}
	return q.client
}

// limit is the most octets the reply may have.
func (q *query) limit() int {
	if q.udp {
		return q.edns.udpSize()
	}
	return dns.MaxMsgSize
}
