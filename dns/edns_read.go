package dns

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// readEDNS reads the records behind the question, of which only an OPT matters. It fails when
// they are not what the header claims, when octets follow them, when there are several OPT, one
// outside the additional section, or one that is not owned by the root (RFC 6891 section 6.1.1).
func readEDNS(wire []byte, off int, counts [4]uint16) (e edns, ok bool) {
	for section := 1; section < len(counts); section++ {
		for range counts[section] {
			var r record
			if r, off, ok = nextRecord(wire, off); !ok {
				return edns{}, false
			}
			if r.rtype != dns.TypeOPT {
				continue
			}
			if section != 3 || e.present || !r.root {
				return edns{}, false
			}
			e = ednsOf(r)
		}
	}
	return e, off == len(wire)
}

// strayEDNS reads the OPT record of a message whose header rules out an answer. Messages of
// every opcode but the youngest have their sections where those of queries have them.
func strayEDNS(h head, wire []byte) edns {
	off := headSize
	for range h.counts[0] {
		end, _, ok := skipName(wire, off)
		if !ok || end+4 > len(wire) {
			return edns{}
		}
		off = end + 4
	}
	e, ok := readEDNS(wire, off, h.counts)
	if !ok {
		return edns{}
	}
	return e
}

// ednsOf reads an OPT record. What the options of a version above ours mean is unknown, so they are not read.
func ednsOf(r record) edns {
	e := edns{present: true, version: uint8(r.ttl >> 16), size: r.class, do: r.ttl&0x8000 != 0}
	if e.version > 0 {
		return e
	}
	for data := r.data; len(data) > 0; {
		if len(data) < 4 || len(data)-4 < int(binary.BigEndian.Uint16(data[2:])) {
			e.malformed = true
			return e
		}
		code, end := binary.BigEndian.Uint16(data), 4+int(binary.BigEndian.Uint16(data[2:]))
		e.option(code, data[4:end])
		data = data[end:]
	}
	return e
}

// option reads one option. Unknown ones are ignored (RFC 6891 section 6.1.2), and so is a second one of a kind.
func (e *edns) option(code uint16, data []byte) {
	switch {
	case code == dns.EDNS0NSID:
		e.nsid = true
	case code == dns.EDNS0TCPKEEPALIVE:
		e.keepalive = true
	case code == dns.EDNS0SUBNET && e.subnet == nil:
		e.subnet = data
		e.malformed = e.malformed || !subnetWellFormed(data)
	case code == dns.EDNS0COOKIE && e.cookie == nil:
		e.cookie = data
		e.malformed = e.malformed || !cookieOption(data).wellFormed()
	}
}

// subnetWellFormed checks a query's client subnet (RFC 7871 sections 6 and 7.1.2): scope 0, and
// the address cut to the octets that hold its prefix, the bits behind that being zero.
func subnetWellFormed(data []byte) bool {
	if len(data) < 4 || data[3] != 0 {
		return false
	}
	bits, addr := int(data[2]), data[4:]
	most := map[uint16]int{1: 32, 2: 128}[binary.BigEndian.Uint16(data)] // family 0 has no address
	if bits > most || binary.BigEndian.Uint16(data) > 2 || len(addr) != (bits+7)/8 {
		return false
	}
	return bits%8 == 0 || addr[len(addr)-1]<<(bits%8) == 0
}
