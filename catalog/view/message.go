package view

import (
	"encoding/binary"
	"fmt"
	"time"

	"muster/catalog"
)

// status is a heartbeat. It also opens a stream and follows each snapshot.
type status struct {
	sent    uint64        // index that the follower has reached who took all that was sent before
	index   uint64        // of the source; less than sent if the follower is ahead of it
	age     time.Duration // of the rows at sent
	ready   bool          // the source's state is loaded
	lineage catalog.Lineage
	leader  string
}

const (
	statusBytes = 8 + 8 + 8 + 1 + len(catalog.Lineage{}) + 1 // and the leader
	maxLeader   = 255
)

func (s status) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, s.sent)
	b = binary.BigEndian.AppendUint64(b, s.index)
	b = binary.BigEndian.AppendUint64(b, uint64(max(0, s.age)))
	ready := byte(0)
	if s.ready {
		ready = 1
	}
	b = append(append(b, ready), s.lineage[:]...)
	leader := s.leader[:min(len(s.leader), maxLeader)]
	return append(append(b, byte(len(leader))), leader...)
}

// parseStatus is the inverse of append. Bytes behind it are for later versions to use.
func parseStatus(b []byte) (s status, err error) {
	if len(b) < statusBytes || len(b) < statusBytes+int(b[statusBytes-1]) {
		return s, fmt.Errorf("%w: a status of %d bytes", errInvalid, len(b))
	}
	s.sent = binary.BigEndian.Uint64(b)
	s.index = binary.BigEndian.Uint64(b[8:])
	s.age = time.Duration(binary.BigEndian.Uint64(b[16:]))
	s.ready = b[24] == 1
	s.lineage = catalog.Lineage(b[25 : 25+len(s.lineage)])
	s.leader = string(b[statusBytes:][:b[statusBytes-1]])
	if s.age < 0 {
		return s, fmt.Errorf("%w: an age of %d ns", errInvalid, s.age)
	}
	return s, nil
}

// appendSteps appends the head of a message of steps; appendStep goes on with it.
func appendSteps(b []byte, from, to uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, from), to)
}

func appendStep(b []byte, index uint64, command []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, index)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(command))), command...)
}

// steps leads a state from one index to another.
type steps struct {
	from, to uint64
	list     []catalog.Step // the last one is at to
	rows     bool           // there are commands among them
}

func parseSteps(b []byte) (s steps, err error) {
	if len(b) < 16 {
		return s, fmt.Errorf("%w: steps of %d bytes", errInvalid, len(b))
	}
	s.from, s.to = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	last := s.from
	for b = b[16:]; len(b) > 0; {
		if len(b) < 12 || uint64(len(b)-12) < uint64(binary.BigEndian.Uint32(b[8:])) {
			return s, fmt.Errorf("%w: a step is cut off", errInvalid)
		}
		index, size := binary.BigEndian.Uint64(b), int(binary.BigEndian.Uint32(b[8:]))
		if index <= last || index > s.to {
			return s, fmt.Errorf("%w: step %d behind %d, on the way to %d", errInvalid, index, last, s.to)
		}
		command, err := catalog.Decode(b[12 : 12+size])
		if err != nil {
			return s, fmt.Errorf("%w: step %d: %w", errInvalid, index, err)
		}
		s.list = append(s.list, catalog.Step{Index: index, Command: command})
		last, b = index, b[12+size:]
	}
	if s.to < s.from {
		return s, fmt.Errorf("%w: steps from %d back to %d", errInvalid, s.from, s.to)
	}
	s.rows = len(s.list) > 0
	if last < s.to {
		s.list = append(s.list, catalog.Step{Index: s.to})
	}
	return s, nil
}
