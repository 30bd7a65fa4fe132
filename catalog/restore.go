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

// Restore replaces every row by what Persist wrote, and the applied index with
// it. Input that is damaged, truncated or foreign is refused before any row changes.
func (s *State) Restore(r io.Reader) error {
	s.batch++
	t := newTables()
	t.batch = s.batch
	index, err := t.readPersisted(r)
	if err != nil {
		return fmt.Errorf("restore catalog: %w", err)
	}
	t.share()
	s.commit(t, index, func() { s.watches.tellAll(t.batch) })
	return nil
}

// share lets freshly decoded rows repeat each other's strings without holding
// copies of them. No reader has seen them yet, so they may still be written to.
func (t *tables) share() {
	for i := range t.instances.rows(byID, nil) {
		if n := t.node(i.Node); n != nil {
			i.Node = n.Name
		}
	}
	for c := range t.coordinates.rows(byID, nil) {
		if n := t.node(c.Node); n != nil {
			c.Node = n.Name
		}
	}
	for c := range t.checks.rows(byID, nil) {
		if i := t.instance(c.Node, c.ServiceID); i != nil {
			c.Node, c.ServiceID, c.ServiceName, c.ServiceTags = i.Node, i.ID, i.Name, i.Tags
		} else if n := t.node(c.Node); n != nil {
			c.Node = n.Name
		}
	}
	for o := range t.observations.rows(byID, nil) {
		if c := t.check(o.Node, o.CheckID); c != nil {
			o.Node, o.CheckID = c.Node, c.ID
		}
		if n := t.node(o.Observer); n != nil {
			o.Observer = n.Name
		}
	}
}

// readPersisted reads a whole persisted state into empty tables and checks it.
func (t *tables) readPersisted(r io.Reader) (index uint64, err error) {
	return t.readRecords(r, func(recordKind, []byte) {})
}

// readRecords is readPersisted that shows each record once its row is in its table.
func (t *tables) readRecords(r io.Reader, visit func(recordKind, []byte)) (index uint64, err error) {
	sum := sha256.New()
	in := &summed{r: bufio.NewReaderSize(r, 64<<10), sum: sum}
	head := make([]byte, len(persistMagic)+8)
	if err := in.full(head); err != nil {
		return 0, fmt.Errorf("header: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(persistMagic)) {
		return 0, fmt.Errorf("header: not a muster catalog, or of another version")
	}
	index = binary.BigEndian.Uint64(head[len(persistMagic):])
	for n := uint64(0); ; n++ {
		k, err := in.byte()
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", n, err)
		}
		if recordKind(k) == recordEnd {
			return index, in.end(n)
		}
		body, err := in.body()
		if err == nil {
			err = t.putRecord(recordKind(k), body)
		}
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", n, err)
		}
		visit(recordKind(k), body)
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

// body reads one record after its kind byte.
func (in *summed) body() ([]byte, error) {
	var size [4]byte
	if err := in.full(size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxRecordBytes {
		return nil, fmt.Errorf("length %d is over %d", n, maxRecordBytes)
	}
	body := make([]byte, n)
	return body, in.full(body)
}

// putRecord puts the row of a record into its table.
func (t *tables) putRecord(k recordKind, body []byte) error {
	switch k {
	case recordNode:
		return putJSON(t, &t.nodes, body)
	case recordInstance:
		return putJSON(t, &t.instances, body)
	case recordCheck:
		return putJSON(t, &t.checks, body)
	case recordObserved:
		return putJSON(t, &t.observations, body)
	case recordVersion:
		return putJSON(t, &t.versions, body)
	case recordCoordinate:
		return putJSON(t, &t.coordinates, body)
	case recordKey:
		var p pairRecord
		if err := json.Unmarshal(body, &p); err != nil {
			return err
		}
		if len(p.Key) == 0 {
			return fmt.Errorf("key is empty")
		}
		pair := p.Pair
		pair.Key = string(p.Key)
		t.keys.put(t.batch, &pair)
	case recordGrave:
		var g graveRecord
		if err := json.Unmarshal(body, &g); err != nil {
			return err
		}
		if len(g.Key) == 0 {
			return fmt.Errorf("key is empty")
		}
		t.graves.put(t.batch, &grave{string(g.Key), g.Index})
	case recordSession:
		return putJSON(t, &t.sessions, body)
	case recordDelay:
		var d delayRecord
		if err := json.Unmarshal(body, &d); err != nil {
			return err
		}
		if len(d.Key) == 0 {
			return fmt.Errorf("key is empty")
		}
		t.delays.put(t.batch, &Delay{string(d.Key), d.Delay, d.Index})
	case recordMemory:
		var r memoryRecord
		if err := json.Unmarshal(body, &r); err != nil {
			return err
		}
		m, err := r.memory()
		if err != nil {
			return err
		}
		t.memories.put(t.batch, m)
	case recordAutopilot:
		t.autopilot = &Autopilot{}
		return json.Unmarshal(body, t.autopilot)
	case recordLineage:
		return json.Unmarshal(body, &t.lineage)
	default:
		return fmt.Errorf("unknown kind %d", k)
	}
	return nil
}

func putJSON[T any](t *tables, into *table[T], body []byte) error {
	row := new(T)
	if err := json.Unmarshal(body, row); err != nil {
		return err
	}
	into.put(t.batch, row)
	return nil
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
