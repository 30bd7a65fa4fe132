package dns

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/miekg/dns"
)

// minLetters is how many letters a name needs for its random case to be a mark: others
// who mix the case as well hit the same one in 4096 times, and must ask at the same moment.
const minLetters = 12

// loopMarks are the spellings in which questions are at upstreams right now. A question that comes
// in spelled as one of them is that question on its way back: an upstream forwards to us. An EDNS
// option would be a surer mark, but forwarders drop those and pass on the name as it is.
// Names with few letters are not marked; a loop of theirs waits for itself and ends with the try.
// The zero value is ready.
type loopMarks struct {
	mu  sync.Mutex
	out map[string]*upstream // by name, type and class in wire form
}

// add marks a query as being at u until release is called.
func (k *loopMarks) add(query []byte, u *upstream) (release func()) {
	spelled := string(query[headSize : len(query)-11])
	if !marked(spelled) {
		return func() {}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.out == nil {
		k.out = map[string]*upstream{}
	}
	k.out[spelled] = u
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.out, spelled)
	}
}

// back returns the upstream that a question must have come back from; nil: none. The
// name is in wire form, spelled as it came in.
func (k *loopMarks) back(name []byte, qtype uint16) *upstream {
	b := binary.BigEndian.AppendUint16(bytes.Clone(name), qtype)
	b = binary.BigEndian.AppendUint16(b, dns.ClassINET)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out[string(b)]
}

// marked reports whether a spelling is one that hardly anyone else would choose: it
// has enough letters, in both cases.
func marked(spelled string) bool {
	lower, upper := 0, 0
	for i := range len(spelled) - 4 {
		switch c := spelled[i]; {
		case isLower(c):
			lower++
		case 'A' <= c && c <= 'Z':
			upper++
		}
	}
	return lower+upper >= minLetters && lower > 0 && upper > 0
}
