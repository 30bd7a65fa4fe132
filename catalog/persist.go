package catalog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
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

// Persist writes every row, so that Restore on another State makes an equal one.
func (s *Snapshot) Persist(w io.Writer) error {
	p := &persister{sum: sha256.New()}
	buffered := bufio.NewWriterSize(w, 64<<10)
	p.w = io.MultiWriter(buffered, p.sum)
	p.bytes([]byte(persistMagic))
	p.bytes(binary.BigEndian.AppendUint64(nil, s.Index))
	persistRows[Node](p, s, tableNodes, recordNode, nil)
	persistRows[Instance](p, s, tableInstances, recordInstance, nil)
	persistRows[Check](p, s, tableChecks, recordCheck, nil)
	persistRows(p, s, tableKeys, recordKey, func(r *Pair) any { return &pairRecord{Pair: *r, Key: []byte(r.Key)} })
	persistRows(p, s, tableGraves, recordGrave, func(r *grave) any { return &graveRecord{[]byte(r.Key), r.Index} })
	persistRows[version](p, s, tableVersions, recordVersion, nil)
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

func persistRows[T any](p *persister, s *Snapshot, table string, k recordKind, wrap func(*T) any) {
	for row := range rows[T](s.txn, table, "id", "") {
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

// Restore replaces every row by what Persist wrote, and the applied index with
// it. Input that is damaged, truncated or foreign is refused before any row changes.
func (s *State) Restore(r io.Reader) error {
	index, tables, err := readPersisted(r)
	if err != nil {
		return fmt.Errorf("restore catalog: %w", err)
	}
	t := &tx{Txn: s.db.Txn(true), state: s, index: index}
	for _, name := range []string{tableNodes, tableInstances, tableChecks, tableKeys, tableGraves, tableVersions} {
		if _, err := t.DeleteAll(name, "id"); err != nil {
			panic(fmt.Sprintf("catalog: empty %s: %v", name, err))
		}
		for _, row := range tables[name] {
			t.put(name, row)
		}
	}
	s.graves = len(tables[tableGraves])
	t.share()
	t.Commit()
	s.advanceTo(index)
	return nil
}

// share lets freshly decoded rows repeat each other's strings without holding
// copies of them. No reader has seen them yet, so they may still be written to.
func (t *tx) share() {
	for i := range rows[Instance](t.Txn, tableInstances, "id", "") {
		if n := first[Node](t.Txn, tableNodes, "id", nodeKey(i.Node)); n != nil {
			i.Node = n.Name
		}
	}
	for c := range rows[Check](t.Txn, tableChecks, "id", "") {
		if i := first[Instance](t.Txn, tableInstances, "id", onNodeKey(c.Node, c.ServiceID)); i != nil {
			c.Node, c.ServiceID, c.ServiceName, c.ServiceTags = i.Node, i.ID, i.Name, i.Tags
		} else if n := first[Node](t.Txn, tableNodes, "id", nodeKey(c.Node)); n != nil {
			c.Node = n.Name
		}
	}
}

// readPersisted reads a whole persisted state and checks it.
func readPersisted(r io.Reader) (index uint64, tables map[string][]any, err error) {
	sum := sha256.New()
	in := &summed{r: bufio.NewReaderSize(r, 64<<10), sum: sum}
	head := make([]byte, len(persistMagic)+8)
	if err := in.full(head); err != nil {
		return 0, nil, fmt.Errorf("header: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(persistMagic)) {
		return 0, nil, fmt.Errorf("header: not a muster catalog, or of another version")
	}
	index = binary.BigEndian.Uint64(head[len(persistMagic):])
	tables = map[string][]any{}
	for n := uint64(0); ; n++ {
		k, err := in.byte()
		if err != nil {
			return 0, nil, fmt.Errorf("row %d: %w", n, err)
		}
		if recordKind(k) == recordEnd {
			return index, tables, in.end(n)
		}
		table, row, err := in.row(recordKind(k))
		if err != nil {
			return 0, nil, fmt.Errorf("row %d: %w", n, err)
		}
		tables[table] = append(tables[table], row)
	}
}

// summed reads and sums what it reads.
type summed struct {
	r   *bufio.Reader
	sum hash.Hash
}

func (in *summed) full(b []byte) error {
	if _, err := io.ReadFull(in.r, b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	in.sum.Write(b)
	return nil
}

func (in *summed) byte() (byte, error) {
	var b [1]byte
	err := in.full(b[:])
	return b[0], err
}

// row reads one record after its kind byte.
func (in *summed) row(k recordKind) (table string, row any, err error) {
	var size [4]byte
	if err := in.full(size[:]); err != nil {
		return "", nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxRecordBytes {
		return "", nil, fmt.Errorf("length %d is over %d", n, maxRecordBytes)
	}
	body := make([]byte, n)
	if err := in.full(body); err != nil {
		return "", nil, err
	}
	switch k {
	case recordNode:
		table, row = tableNodes, &Node{}
	case recordInstance:
		table, row = tableInstances, &Instance{}
	case recordCheck:
		table, row = tableChecks, &Check{}
	case recordVersion:
		table, row = tableVersions, &version{}
	case recordKey:
		var p pairRecord
		err = json.Unmarshal(body, &p)
		p.Pair.Key = string(p.Key)
		if err == nil && p.Pair.Key == "" {
			err = fmt.Errorf("key is empty")
		}
		return tableKeys, &p.Pair, err
	case recordGrave:
		var g graveRecord
		err = json.Unmarshal(body, &g)
		if err == nil && len(g.Key) == 0 {
			err = fmt.Errorf("key is empty")
		}
		return tableGraves, &grave{string(g.Key), g.Index}, err
	default:
		return "", nil, fmt.Errorf("unknown kind %d", k)
	}
	return table, row, json.Unmarshal(body, row)
}

// end checks the end record: the number of rows and the sum of all that came before.
func (in *summed) end(rows uint64) error {
	var count [8]byte
	if err := in.full(count[:]); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	want := in.sum.Sum(nil)
	got := make([]byte, sha256.Size)
	if err := in.full(got); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("end: checksum does not match, the data is damaged")
	}
	if n := binary.BigEndian.Uint64(count[:]); n != rows {
		return fmt.Errorf("end: %d rows promised, %d read", n, rows)
	}
	return nil
}
