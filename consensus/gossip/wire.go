package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// encoder appends fields: numbers as varints, strings and bytes behind their length.
type encoder []byte

func (e *encoder) byte(b byte)     { *e = append(*e, b) }
func (e *encoder) number(n uint64) { *e = binary.AppendUvarint(*e, n) }

func (e *encoder) string(s string) {
	e.number(uint64(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) bytes(b []byte) { e.string(string(b)) }

// address appends an address with its port; the zero value is one, too.
func (e *encoder) address(a netip.AddrPort) {
	b, _ := a.MarshalBinary() // never fails
	e.bytes(b)
}

// decoder takes fields off the front. After the first that is not there every
// further one is zero, and err says so.
type decoder struct {
	rest []byte
	err  error
}

var errTruncated = errors.New("truncated")

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = nil
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail(errTruncated)
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// number takes a number of at most limit.
func (d *decoder) number(limit uint64) uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail(errTruncated)
		return 0
	}
	d.rest = d.rest[size:]
	if n > limit {
		d.fail(fmt.Errorf("a number is %d, above %d", n, limit))
		return 0
	}
	return n
}

// string takes text of at most limit bytes, and copies it.
func (d *decoder) string(limit int) string {
	s := string(d.raw(limit))
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		d.fail(errors.New("a string is not text"))
		return ""
	}
	return s
}

// bytes takes and copies at most limit bytes.
func (d *decoder) bytes(limit int) []byte { return append([]byte(nil), d.raw(limit)...) }

// address takes an address with its port.
func (d *decoder) address() (a netip.AddrPort) {
	if b := d.raw(32); d.err == nil {
		if err := a.UnmarshalBinary(b); err != nil {
			d.fail(err)
		}
	}
	return a
}

func (d *decoder) raw(limit int) []byte {
	n := int(d.number(uint64(limit)))
	if n > len(d.rest) {
		d.fail(errTruncated)
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}
