package catalog

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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
	s.commit(t, index, func() { s.watches.tellAll(t.batch) })
	return nil
}

// readPersisted reads a whole persisted state into empty tables and checks it.
func (t *tables) readPersisted(r io.Reader) (index uint64, err error) {
	return t.readRecords(r, func(recordKind, []byte) {})
}

// readRecords is readPersisted that shows each record, before it is decoded.
func (t *tables) readRecords(r io.Reader, visit func(recordKind, []byte)) (index uint64, err error) {
	in := &summed{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
	head := make([]byte, len(persistMagic)+8)
	if err := in.full(head); err != nil {
		return 0, fmt.Errorf("header: %w", err)
	}
	if !bytes.HasPrefix(head, []byte(persistMagic)) {
		return 0, fmt.Errorf("header: not a muster catalog, or of another version")
	}
	d := newDecoder()
	err = in.records(d, visit)
	pieces, bad := d.end()
	if err = cmp.Or(bad, err); err != nil { // what was read first is told
		return 0, err
	}
	t.fill(pieces)
	return binary.BigEndian.Uint64(head[len(persistMagic):]), nil
}

// records reads all records and the end, and has them decoded, until one cannot be.
func (in *summed) records(d *decoder, visit func(recordKind, []byte)) error {
	for n := uint64(0); !d.failed.Load(); n++ {
		k, err := in.byte()
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		if recordKind(k) == recordEnd {
			return in.end(n)
		}
		size, err := in.size()
		if err == nil {
			body := d.room(size)
			if err = in.full(body); err == nil {
				visit(recordKind(k), body)
				d.add(recordKind(k), body)
			}
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return nil // the decoder knows
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

// size reads the length of a record.
func (in *summed) size() (int, error) {
	var size [4]byte
	if err := in.full(size[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxRecordBytes {
		return 0, fmt.Errorf("length %d is over %d", n, maxRecordBytes)
	}
	return int(n), nil
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
