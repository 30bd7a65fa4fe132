package view

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"muster/catalog"
)

// A copy on disk is a label and what Snapshot.PersistDiscovery writes, which has a checksum of its own.
// Beside it a second, small file holds a newer label of the same rows, for
// when nothing changed but time and index. A label is a magic, a length, JSON and a checksum.
const (
	labelMagic = "muster-copy\x00\x01" // the last byte is the format version
	maxLabel   = 64 << 10
)

// label says what rows a file holds. Fields may be added.
type label struct {
	Datacenter string
	Rows       int64     // names the rows: the two files belong together if it is the same
	Index      uint64    // raft index the rows are at
	Current    time.Time // when they were last known to be current
}

// errDamaged marks a file that is not what was once written.
var errDamaged = errors.New("damaged, or of another version")

func (l label) write(w io.Writer) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint32([]byte(labelMagic), uint32(len(body)))
	b = append(b, body...)
	_, err = w.Write(binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	return err
}

func readLabel(r io.Reader) (l label, err error) {
	head := make([]byte, len(labelMagic)+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return l, damage(err)
	}
	size := binary.BigEndian.Uint32(head[len(labelMagic):])
	if !bytes.HasPrefix(head, []byte(labelMagic)) || size > maxLabel {
		return l, fmt.Errorf("%w: it has no label", errDamaged)
	}
	rest := make([]byte, size+4)
	if _, err := io.ReadFull(r, rest); err != nil {
		return l, damage(err)
	}
	body, sum := rest[:size], binary.BigEndian.Uint32(rest[size:])
	if crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body) != sum {
		return l, fmt.Errorf("%w: checksum of the label does not match", errDamaged)
	}
	if err := json.Unmarshal(body, &l); err != nil {
		return l, fmt.Errorf("%w: label: %w", errDamaged, err)
	}
	return l, nil
}

// writeCopy writes a label and rows.
func writeCopy(w io.Writer, l label, rows *catalog.Snapshot) error {
	if err := l.write(w); err != nil {
		return err
	}
	return rows.PersistDiscovery(w)
}

// readCopy puts the rows of a copy into a state, if they are those of a datacenter.
func readCopy(r io.Reader, datacenter string, into *catalog.State) (label, error) {
	l, err := readLabel(r)
	if err != nil {
		return l, err
	}
	if l.Datacenter != datacenter {
		return l, fmt.Errorf("%w: it belongs to datacenter %q, not %q", errDamaged, l.Datacenter, datacenter)
	}
	in := &failing{r: r}
	err = into.Restore(in)
	switch {
	case in.err != nil:
		return l, in.err
	case err != nil:
		return l, fmt.Errorf("%w: %w", errDamaged, err)
	case into.Applied() != l.Index:
		return l, fmt.Errorf("%w: label says index %d, rows %d", errDamaged, l.Index, into.Applied())
	}
	return l, nil
}

// failing keeps the error of a reader that failed: the disk's fault, not the content's.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// damage is err, where an end of input is damage.
func damage(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it is cut off", errDamaged)
	}
	return err
}
