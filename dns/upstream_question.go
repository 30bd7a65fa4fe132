package dns

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/miekg/dns"
)

// asked is a question as it is put to upstreams, class IN understood. It is read only.
type asked struct {
	name   []byte // wire form, letters in lower case
	qtype  uint16
	do, cd bool
}

// wireName is the wire form of a name, spelled as given.
func wireName(name string) ([]byte, error) {
	buf := make([]byte, 256)
	n, err := dns.PackDomainName(name, buf, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", name, err)
	}
	return buf[:n:n], nil
}

// key tells questions apart: two with the same key have the same answer.
func (a asked) key() string {
	b := make([]byte, 0, len(a.name)+3)
	b = append(b, a.name...)
	b = binary.BigEndian.AppendUint16(b, a.qtype)
	var flags byte
	if a.do {
		flags |= 1
	}
	if a.cd {
		flags |= 2
	}
	return string(append(b, flags))
}

// query makes a message that asks the question: RD set, id random, EDNS with our size.
// With mixed the letters of the name are in random case ("0x20"), which a forger has to guess as well.
func (a asked) query(mixed bool) []byte {
	const (
		rd, cd, do = 1 << 8, 1 << 4, 1 << 15
		optSize    = 11
	)
	b := make([]byte, headSize, headSize+len(a.name)+4+optSize)
	_, _ = rand.Read(b[:2]) // never fails
	flags := uint16(rd)
	if a.cd {
		flags |= cd
	}
	binary.BigEndian.PutUint16(b[2:], flags)
	b[5], b[11] = 1, 1 // one question, one additional record
	b = append(b, a.name...)
	if mixed {
		mixCase(b[headSize:])
	}
	b = binary.BigEndian.AppendUint16(b, a.qtype)
	b = binary.BigEndian.AppendUint16(b, dns.ClassINET)
	b = append(b, 0) // the OPT record: owner, type, size, DO, no options
	b = binary.BigEndian.AppendUint16(b, dns.TypeOPT)
	b = binary.BigEndian.AppendUint16(b, ownSize)
	flags = 0
	if a.do {
		flags = do
	}
	return append(b, 0, 0, byte(flags>>8), 0, 0, 0)
}

// mixCase draws the case of each letter of a name in wire form. Lengths of labels are
// below 64 and so never letters.
func mixCase(name []byte) {
	coins := make([]byte, len(name))
	_, _ = rand.Read(coins) // never fails
	for i, c := range name {
		if isLower(c) && coins[i]&1 == 1 {
			name[i] = c - 'a' + 'A'
		}
	}
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// lowerName folds a name in wire form in place.
func lowerName(name []byte) {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c - 'A' + 'a'
		}
	}
}

// belonging says how a reply relates to a query.
type belonging int

const (
	foreign   belonging = iota // no reply, or to something else: late or forged
	otherCase                  // id and question are right but for the letter case
	belongs
)

// judgeReply compares a reply with the query it was received for, in wire form. A
// question stands uncompressed in both: there is nothing before it to point to.
func judgeReply(query, reply []byte) belonging {
	end := len(query) - 11
	if len(reply) < end || !bytes.Equal(reply[:2], query[:2]) ||
		reply[2]&0xf8 != 0x80 || reply[4] != 0 || reply[5] != 1 { // QR, opcode QUERY, one question
		return foreign
	}
	sent, echoed := query[headSize:end], reply[headSize:end]
	if bytes.Equal(sent, echoed) {
		return belongs
	}
	a, b := bytes.Clone(sent), bytes.Clone(echoed)
	lowerName(a[:len(a)-4])
	lowerName(b[:len(b)-4])
	if bytes.Equal(a, b) {
		return otherCase
	}
	return foreign
}

// cutShort reports whether a message that belongs to a query has TC set.
func cutShort(reply []byte) bool { return reply[2]&2 != 0 }
