package dns

import "encoding/binary"

const (
	// maxName and maxLabel are the most octets of a name and of a label (RFC 1035 section 2.3.4).
	maxName, maxLabel = 255, 63
	// recordFixed is the size of a record's fields between its owner and its data.
	recordFixed = 10
)

// skipName returns where the name at off ends. A compression pointer ends it, and is not followed.
func skipName(wire []byte, off int) (end int, compressed, ok bool) {
	for start := off; off < len(wire); {
		n := int(wire[off])
		switch {
		case n == 0:
			return off + 1, false, off+1-start <= maxName
		case n >= 0xc0:
			return off + 2, true, off+2 <= len(wire)
		case n > maxLabel:
			return 0, false, false // label types of old that nobody may use (RFC 6891 section 5)
		}
		off += 1 + n
	}
	return 0, false, false
}

// record is one resource record as it lies in a message.
type record struct {
	root  bool // the owner is the root
	rtype uint16
	class uint16
	ttl   uint32
	data  []byte
}

// nextRecord reads the record at off, and returns where it ends.
func nextRecord(wire []byte, off int) (r record, end int, ok bool) {
	fixed, _, ok := skipName(wire, off)
	if !ok || len(wire) < fixed+recordFixed {
		return r, 0, false
	}
	r = record{
		root: wire[off] == 0, rtype: binary.BigEndian.Uint16(wire[fixed:]),
		class: binary.BigEndian.Uint16(wire[fixed+2:]), ttl: binary.BigEndian.Uint32(wire[fixed+4:]),
	}
	data := fixed + recordFixed
	end = data + int(binary.BigEndian.Uint16(wire[fixed+8:]))
	if end > len(wire) {
		return r, 0, false
	}
	r.data = wire[data:end]
	return r, end, true
}
