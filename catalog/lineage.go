package catalog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Lineage names the history that a state is made by. Two states of one lineage
// with one index are equal; of two lineages, indexes cannot be compared. A cluster
// that is built anew has another lineage, so a copy of the old one's state is
// not taken for an earlier state of the new one. Zero: nobody named it yet.
type Lineage [16]byte

// SetLineage names a history. The first one in a log counts; the Result of others is not OK.
type SetLineage struct{ Lineage Lineage }

func (c *SetLineage) apply(t *tx) (Result, error) {
	switch {
	case c.Lineage == Lineage{}:
		return Result{}, Errorf(Invalid, "lineage is missing")
	case t.lineage != Lineage{}:
		return Result{}, nil
	}
	t.lineage = c.Lineage
	return Result{OK: true}, nil
}

// Lineage returns the lineage of the state, zero when none was set.
func (s *Snapshot) Lineage() Lineage { return s.lineage }

// branch returns the lineage of the history that leaves this one at an index. It is
// never zero: what is restored has a name, though nobody gave it one.
func (l Lineage) branch(index uint64) Lineage {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(l[:], index))
	return Lineage(sum[:len(l)])
}

// String returns the lineage in hex.
func (l Lineage) String() string { return hex.EncodeToString(l[:]) }

// MarshalText implements encoding.TextMarshaler.
func (l Lineage) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Lineage) UnmarshalText(text []byte) error {
	id, err := decodeID(string(text))
	if err != nil {
		return fmt.Errorf("lineage: %w", err)
	}
	*l = id
	return nil
}
