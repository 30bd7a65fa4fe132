package dns

import "encoding/binary"

// choice is what an image knows of its units when they differ: in size, in priority
// or weight where a limit cuts them, or in the additional records that belong to them.
type choice struct {
	ways
	at       []uint32 // where in wire each unit begins, and where the last ends
	smallest int      // unit, in octets

	// targets are the additional records of all targets, by the index that of gives for
	// each unit. of is nil when there are none.
	targets [][]glueRecord
	of      []uint32
	shared  bool // some units have one target
}

// glueRecord is one additional record in wire. Its owner is a pointer to the target's
// name: back octets into the unit that brings it. If back is 0 the owner says itself who it is.
type glueRecord struct {
	from, to uint32
	back     uint16
}

// maxPointer is the last octet of a message that a compression pointer reaches.
const maxPointer = 1<<14 - 1

// reachable reports whether all names that additional records may point to will be in
// reach. The slow path spells out the owners of those that are not.
func (c *choice) reachable(im *image, room int) bool {
	return c.of == nil || int(im.fixed)+min(room, int(c.at[len(c.at)-1]-c.at[0])) <= maxPointer
}

func (im *image) unit(i uint32) []byte { return im.wire[im.choice.at[i]:im.choice.at[i+1]] }

// writeChoice appends to the n octets of msg as many units as fit into limit octets,
// then their additional records, and sets counts and TC.
func (im *image) writeChoice(msg []byte, n, limit int, markTC bool, p *picker) int {
	c := im.choice
	picks := p.pick(&c.ways, min(c.keep, (limit-n)/c.smallest))
	first, done := n, 0
	for _, i := range picks {
		u := im.unit(i)
		if n+len(u) > limit {
			break
		}
		n += copy(msg[n:], u)
		done++
	}
	addCount(msg[6:], done)
	switch {
	case done < c.keep:
		if markTC {
			msg[2] |= bitTC
		}
	case c.of != nil:
		return im.writeGlue(msg, first, n, limit, picks)
	}
	return n
}

// writeGlue appends the additional records of the units picked, which begin at first,
// each target's once, until one does not fit.
func (im *image) writeGlue(msg []byte, first, n, limit int, picks []uint32) int {
	c, unit, records := im.choice, first, 0
	defer func() { addCount(msg[10:], records) }()
	for k, i := range picks {
		target := c.of[i]
		if !c.shared || c.isFirst(target, picks[:k]) {
			for _, g := range c.targets[target] {
				rr := im.wire[g.from:g.to]
				if n+len(rr) > limit {
					return n
				}
				copy(msg[n:], rr)
				if g.back > 0 {
					binary.BigEndian.PutUint16(msg[n:], 0xc000|uint16(unit+int(g.back)))
				}
				n += len(rr)
				records++
			}
		}
		unit += len(im.unit(i))
	}
	return n
}

// isFirst reports whether no unit picked before has a target.
func (c *choice) isFirst(target uint32, before []uint32) bool {
	for _, i := range before {
		if c.of[i] == target {
			return false
		}
	}
	return true
}
