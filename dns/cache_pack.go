package dns

import (
	"cmp"
	"maps"
	"slices"

	"github.com/miekg/dns"

	"muster/catalog"
)

// packer puts the records of a drawn answer into wire form, one by one, as they
// would come out behind the fixed part of the message.
type packer struct {
	names   map[string]int // of the fixed part, by which owners are compressed; nil: they are not
	scratch []byte
	at      int // where the fixed part ends

	targets map[string]uint32 // of the units, folded, by their index
	first   []placed          // the first unit of each
}

// names returns the names in a message, and where, as compression finds them.
func (s *settings) names(m *dns.Msg) map[string]int {
	if s.cfg.DisableCompression {
		return nil
	}
	names := map[string]int{}
	scratch := make([]byte, m.Len()+maxName)
	off, err := dns.PackDomainName(m.Question[0].Name, scratch, headSize, names, true)
	off += 4
	for _, rr := range m.Answer {
		if err == nil {
			off, err = dns.PackRR(rr, scratch, off, names, true)
		}
	}
	return names
}

// drawn appends to an image's wire the units of a draw and the additional records of
// their targets. It fails for records that say something else at another place of a message.
func (p *packer) drawn(im *image, units []dns.RR, from draw, glue []dns.RR) bool {
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(from.shares[a].priority, from.shares[b].priority) })
	shares := make([]share, len(order))
	for i, at := range order {
		shares[i] = from.shares[at]
	}
	c := &choice{ways: newWays(shares, from.keep), smallest: dns.MaxMsgSize}
	if c.sums != nil && c.keep > maxWeighed {
		return false
	}
	for _, i := range order {
		if !p.addUnit(im, c, units[i]) {
			return false
		}
	}
	im.keep = uint32(c.keep)
	c.at = append(c.at, uint32(len(im.wire)))
	if len(glue) == 0 {
		c.of = nil
	} else if !p.addGlue(im, c, glue) {
		return false
	}
	if len(glue) > 0 || c.sums != nil || len(c.ends) > 1 || int(c.ends[0]) < len(units) || c.smallest < int(im.each) {
		im.choice = c
		im.size += c.bytes()
	}
	return true
}

// addUnit packs one unit.
func (p *packer) addUnit(im *image, c *choice, rr dns.RR) bool {
	target, ok := targetOf(rr)
	if !ok {
		return false
	}
	names := p.names
	if target != "" && names != nil {
		names = maps.Clone(names) // its target is no name for other units to be compressed against
	}
	end, ok := p.pack(rr, p.at, names)
	if !ok {
		return false
	}
	c.at = append(c.at, uint32(len(im.wire)))
	im.wire = append(im.wire, p.scratch[p.at:end]...)
	im.each, c.smallest = max(im.each, uint32(end-p.at)), min(c.smallest, end-p.at)
	index, known := p.targets[catalog.Fold(target)]
	if !known {
		index = uint32(len(p.targets))
		p.targets[catalog.Fold(target)] = index
		p.first = append(p.first, placed{names, end})
	}
	c.shared = c.shared || known
	c.of = append(c.of, index)
	return true
}

// placed is what follows the first unit of a target: the names in the message so far, and its end.
type placed struct {
	names map[string]int
	end   int
}

// addGlue packs the additional records of all targets, each as if it came right behind
// the target's unit.
func (p *packer) addGlue(im *image, c *choice, glue []dns.RR) bool {
	if c.shared && slices.ContainsFunc(glue, isTXT) {
		return false // it is that of the node whose instance brings the target first
	}
	c.targets = make([][]glueRecord, len(p.targets))
	for _, rr := range glue {
		target, ok := p.targets[catalog.Fold(rr.Header().Name)]
		if t := rr.Header().Rrtype; !ok || t != dns.TypeA && t != dns.TypeAAAA && t != dns.TypeTXT {
			return false // not a target's own address or text
		}
		at := p.first[target]
		end, ok := p.pack(rr, at.end, at.names)
		if !ok {
			return false
		}
		wire := p.scratch[at.end:end]
		g := glueRecord{from: uint32(len(im.wire)), to: uint32(len(im.wire) + len(wire))}
		if pointer, after := ownerPointer(wire); pointer >= p.at {
			if after > 0 {
				return false
			}
			g.back = uint16(pointer - p.at)
		}
		im.wire = append(im.wire, wire...)
		c.targets[target] = append(c.targets[target], g)
	}
	return true
}

// pack packs a record at off of the scratch message, which grows with it.
func (p *packer) pack(rr dns.RR, off int, names map[string]int) (end int, ok bool) {
	if need := off + dns.Len(rr); need > len(p.scratch) {
		p.scratch = append(p.scratch, make([]byte, need-len(p.scratch))...)
	}
	end, err := dns.PackRR(rr, p.scratch, off, names, names != nil)
	return end, err == nil
}

// targetOf returns the name that additional records of a record are owned by, "" if
// there are none. It is not ok for records whose data compression may shorten.
func targetOf(rr dns.RR) (target string, ok bool) {
	switch rr := rr.(type) {
	case *dns.A, *dns.AAAA, *dns.TXT:
		return "", true
	case *dns.SRV:
		return rr.Target, true
	case *dns.SVCB:
		return rr.Target, true
	case *dns.HTTPS:
		return rr.Target, true
	}
	return "", false
}

func isTXT(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeTXT }

// ownerPointer returns where a record's owner points to, and after how many of its
// octets the pointer stands; pointer is -1 when the owner is spelled out.
func ownerPointer(wire []byte) (pointer, at int) {
	for wire[at] != 0 {
		if wire[at] >= 0xc0 {
			return int(wire[at]&0x3f)<<8 | int(wire[at+1]), at
		}
		at += 1 + int(wire[at])
	}
	return -1, 0
}

// bytes is how much memory the choice takes, about.
func (c *choice) bytes() int {
	const itself, perTarget, perRecord = 160, 24, 12
	n := itself + 4*(cap(c.at)+cap(c.of)+cap(c.ends)+cap(c.zeroes)) + 8*cap(c.sums)
	for _, t := range c.targets {
		n += perTarget + perRecord*cap(t)
	}
	return n
}
