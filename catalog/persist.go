package catalog

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"
)

// A persisted state is a magic, a format version and the raft index, then one
// record per row, then an end record with the number of rows and the SHA-256 of
// every byte before the sum. A record is a table byte, a length and JSON.
const (
	persistMagic   = "muster\x00\x01" // the last byte is the format version
	maxRecordBytes = 4 << 20          // far over any row; keeps a damaged length from taking all memory
)

// recordKind is a table on disk. Values are for ever.
type recordKind byte

const (
	recordEnd      recordKind = 0
	recordNode     recordKind = 1
	recordInstance recordKind = 2
	recordCheck    recordKind = 3
	recordKey      recordKind = 4
	recordGrave    recordKind = 5
	recordVersion  recordKind = 6

	recordMemory    recordKind = 7
	recordAutopilot recordKind = 8
	recordLineage   recordKind = 9
	recordObserved  recordKind = 10

	recordSession recordKind = 20
	recordDelay   recordKind = 21

	recordCoordinate    recordKind = 50
	recordTurn          recordKind = 30
	recordBrake         recordKind = 31
	recordEvent         recordKind = 40
	recordPreparedQuery recordKind = 41
)

// pairRecord is a Pair whose key may be any bytes, which JSON strings cannot carry.
type pairRecord struct {
	Pair
	Key []byte
}

// graveRecord is a grave with its key as bytes.
type graveRecord struct {
	Key   []byte
	Index uint64
}

// delayRecord is a Delay with its key as bytes.
type delayRecord struct {
	Key   []byte
	Delay time.Duration
	Index uint64
}

// Persist writes every row, so that Restore on another State makes an equal one.
func (s *Snapshot) Persist(w io.Writer) error {
	return s.persist(w, func(p *persister) {
		s.persistRegistered(p)
		persistRows(p, &s.keys, recordKey, func(r *Pair) any { return &pairRecord{Pair: *r, Key: []byte(r.Key)} })
		persistRows(p, &s.graves, recordGrave, func(r *grave) any { return &graveRecord{[]byte(r.Key), r.Index} })
		persistRows[version](p, &s.versions, recordVersion, nil)
		persistRows(p, &s.memories, recordMemory, recordOf)
		persistRows[Session](p, &s.sessions, recordSession, nil)
		persistRows(p, &s.delays, recordDelay, func(d *Delay) any { return &delayRecord{[]byte(d.Key), d.Delay, d.Index} })
		if s.autopilot != nil {
			p.record(recordAutopilot, s.autopilot)
		}
	})
}

// PersistDiscovery writes what [Changes] tells of: nodes, instances and checks with
// their indexes, events, prepared queries, and the lineage. Restore makes of it a state that has nothing else.
func (s *Snapshot) PersistDiscovery(w io.Writer) error {
	return s.persist(w, func(p *persister) {
		s.persistRegistered(p)
		for v := range s.versions.rows(byID, nil) {
			if ofDiscovery(v.Resource) {
				p.record(recordVersion, v)
			}
		}
	})
}

// persistRegistered writes what every agent is to know.
func (s *Snapshot) persistRegistered(p *persister) {
	if (s.lineage != Lineage{}) {
		p.record(recordLineage, s.lineage)
	}
	persistRows[Node](p, &s.nodes, recordNode, nil)
	persistRows[Instance](p, &s.instances, recordInstance, nil)
	persistRows[Check](p, &s.checks, recordCheck, nil)
	persistRows[NodeCoordinate](p, &s.coordinates, recordCoordinate, nil)
	persistRows[Observation](p, &s.observations, recordObserved, nil)
	persistRows[Turn](p, &s.turns, recordTurn, nil)
	persistRows[Brake](p, &s.brakes, recordBrake, nil)
	persistRows[Event](p, &s.events, recordEvent, nil)
	persistRows[PreparedQuery](p, &s.queries, recordPreparedQuery, nil)
}

func (s *Snapshot) persist(w io.Writer, rows func(*persister)) error {
	p := &persister{sum: sha256.New()}
	buffered := bufio.NewWriterSize(w, 64<<10)
	p.w = io.MultiWriter(buffered, p.sum)
	p.bytes([]byte(persistMagic))
	p.bytes(binary.BigEndian.AppendUint64(nil, s.Index))
	rows(p)
	p.bytes([]byte{byte(recordEnd)})
	p.bytes(binary.BigEndian.AppendUint64(nil, p.rows))
	p.bytes(p.sum.Sum(nil))
	if p.err == nil {
		p.err = buffered.Flush()
	}
	if p.err != nil {
		return fmt.Errorf("persist catalog: %w", p.err)
	}
	return nil
}

// persister writes until the first error and keeps it.
type persister struct {
	w    io.Writer
	sum  hash.Hash
	rows uint64
	err  error
}

func (p *persister) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *persister) record(k recordKind, row any) {
	if p.err != nil {
		return
	}
	body, err := json.Marshal(row)
	if err != nil {
		p.err = err
		return
	}
	head := append(make([]byte, 0, 5), byte(k))
	p.bytes(binary.BigEndian.AppendUint32(head, uint32(len(body))))
	p.bytes(body)
	p.rows++
}

func persistRows[T any](p *persister, from *table[T], k recordKind, wrap func(*T) any) {
	for row := range from.rows(byID, nil) {
		if wrap != nil {
			p.record(k, wrap(row))
		} else {
			p.record(k, row)
		}
		if p.err != nil {
			return
		}
	}
}
