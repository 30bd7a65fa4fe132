package dns

import "encoding/binary"

// plainOPT is the size of an OPT record without options: root, type, size, flags, no data.
const plainOPT = 1 + recordFixed

// plain is a query in the form that nearly every client sends: one question of
// class IN, and at most an OPT record without options. Any other is for the slow path.
type plain struct {
	key   [maxName + 2]byte // the name, folded, in wire form; the type behind it
	name  int               // octets of the name
	qtype uint16
	edns  edns
}

// wireKey is what the question is known by in a cache.
func (q *plain) wireKey() []byte { return q.key[:q.name+2] }

// end is where the question ends in the query.
func (q *plain) end() int { return headSize + q.name + 4 }

// read reads a query, or reports that it is not plain. It leaves no doubt: what it
// takes, readQuery takes too, and finds nothing more in it.
func (q *plain) read(wire []byte) bool {
	const smallest = headSize + 1 + 4
	if len(wire) < smallest ||
		wire[2]&0xf8 != 0 || wire[3]&0x0f != 0 || // a response, an opcode or a code
		binary.BigEndian.Uint32(wire[4:]) != 1<<16 || // one question, no answers
		binary.BigEndian.Uint32(wire[8:])&^1 != 0 { // no authority, one more record at most
		return false
	}
	end := headSize
	for wire[end] != 0 {
		if wire[end] > maxLabel {
			return false
		}
		if end += 1 + int(wire[end]); end >= len(wire) {
			return false
		}
	}
	end++
	q.name = end - headSize
	if q.name > maxName || len(wire) < end+4 || binary.BigEndian.Uint16(wire[end+2:]) != 1 {
		return false
	}
	foldInto(q.key[:], wire[headSize:end])
	q.key[q.name], q.key[q.name+1] = wire[end], wire[end+1]
	q.qtype = binary.BigEndian.Uint16(wire[end:])
	return q.readOPT(wire[end+4:], wire[11] == 1)
}

// readOPT reads what follows the question, which is nothing or an OPT record, as the header says.
func (q *plain) readOPT(rest []byte, expected bool) bool {
	q.edns = edns{}
	if !expected {
		return len(rest) == 0
	}
	if len(rest) != plainOPT || rest[0] != 0 || rest[1] != 0 || rest[2] != 41 ||
		rest[5] != 0 || rest[6] != 0 || // extended code, version
		rest[9] != 0 || rest[10] != 0 { // options
		return false
	}
	q.edns.present, q.edns.size, q.edns.do = true, binary.BigEndian.Uint16(rest[3:]), rest[7]&0x80 != 0
	return true
}

// foldInto copies a name in wire form with its letters in lower case. Lengths of
// labels are below 'A', so they pass as they are.
func foldInto(dst, name []byte) {
	i := 0
	for ; i+8 <= len(name); i += 8 {
		x := binary.LittleEndian.Uint64(name[i:])
		// Each octet by itself: bit 7 of (low7 + 0x80-c) says whether low7 is at least c.
		const ones, low7 = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
		low := x & low7
		letters := (low + ones*(0x80-'A')) &^ (low + ones*(0x80-'Z'-1)) &^ x & (ones << 7)
		binary.LittleEndian.PutUint64(dst[i:], x|letters>>2)
	}
	for ; i < len(name); i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst[i] = c
	}
}
