package dns

import "encoding/binary"

// drawn is an RRset of which every reply holds a choice of its own, or all in an
// order of its own. Each record, a unit, is in wire form and says the same wherever in a message it stands.
type drawn struct {
	units []byte
	at    []uint32 // where each unit begins, and where the last ends; nil: all are of one size
	each  int      // the size of every unit, or of the smallest
	count int
	ways

	// glue holds the additional records of all targets, each in wire form. of names each unit's
	// target, an index of targets; it is nil when there is no glue.
	glue    []byte
	targets [][]glueRecord
	of      []uint32
	shared  bool // some units have one target
}

// glueRecord is one additional record in glue. Its owner is a pointer to the target's
// name: back octets into the unit that brings it, or, if back is 0, it stands as it is.
type glueRecord struct {
	from, to uint32
	back     uint16
}

func (d *drawn) unit(i uint32) []byte {
	if d.at == nil {
		from := int(i) * d.each
		return d.units[from : from+d.each]
	}
	return d.units[d.at[i]:d.at[i+1]]
}

// write appends to the message of n octets in out as many drawn records as fit into
// limit, sets counts and TC, and returns the message's size; 0 when not even one record fits.
func (d *drawn) write(out []byte, n, limit int, markTC bool, p *picker) int {
	most := min(d.keep, (limit-n)/d.each)
	if most <= 0 {
		return 0
	}
	picks := p.pick(&d.ways, most)
	first, done := n, 0
	for _, i := range picks {
		u := d.unit(i)
		if n+len(u) > limit {
			break
		}
		n += copy(out[n:], u)
		done++
	}
	if done == 0 {
		return 0
	}
	addCount(out[6:], done)
	switch {
	case done < d.keep:
		if markTC {
			out[2] |= bitTC
		}
	case d.of != nil:
		return d.writeGlue(out, first, n, limit, picks)
	}
	return n
}

// maxPointer is the last octet of a message that a compression pointer reaches.
const maxPointer = 1<<14 - 1

// writeGlue appends the additional records of the units picked, which begin at first,
// each target's once, until one does not fit.
func (d *drawn) writeGlue(out []byte, first, n, limit int, picks []uint32) int {
	unit, records := first, 0
	defer func() { addCount(out[10:], records) }()
	for k, i := range picks {
		target := d.of[i]
		if !d.shared || d.isFirst(target, picks[:k]) {
			for _, g := range d.targets[target] {
				rr := d.glue[g.from:g.to]
				if n+len(rr) > limit {
					return n
				}
				copy(out[n:], rr)
				if g.back > 0 {
					pointer := unit + int(g.back)
					if pointer > maxPointer {
						return 0 // the slow path spells such a name out
					}
					binary.BigEndian.PutUint16(out[n:], 0xc000|uint16(pointer))
				}
				n += len(rr)
				records++
			}
		}
		unit += len(d.unit(i))
	}
	return n
}

// isFirst reports whether no unit picked before has a target.
func (d *drawn) isFirst(target uint32, before []uint32) bool {
	for _, i := range before {
		if d.of[i] == target {
			return false
		}
	}
	return true
}
