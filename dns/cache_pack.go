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
	placed  int // additional records that found their target
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

// drawn packs the records of a draw and the additional records of their targets. It
// returns nil for records that say something else at another place of the message.
func (p *packer) drawn(units []dns.RR, from draw, glue []dns.RR) *drawn {
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(from.shares[a].priority, from.shares[b].priority) })
	shares := make([]share, len(order))
	for i, at := range order {
		shares[i] = from.shares[at]
	}
	d := &drawn{count: len(units), ways: newWays(shares, from.keep)}
	if d.sums != nil && d.keep > maxWeighed {
		return nil
	}
	byTarget := map[string][]dns.RR{}
	for _, rr := range glue {
		key := catalog.Fold(rr.Header().Name)
		byTarget[key] = append(byTarget[key], rr)
	}
	packed := map[string]uint32{} // targets, by their index
	for _, i := range order {
		if !p.add(d, units[i], byTarget, packed) {
			return nil
		}
	}
	if p.placed < len(glue) || d.shared && slices.ContainsFunc(glue, isTXT) {
		// Additional records of something else; or meta of the node whose instance brings its target first.
		return nil
	}
	d.settle(len(glue) > 0)
	return d
}

// add packs one record and, if it is the first with its target, the target's records.
func (p *packer) add(d *drawn, rr dns.RR, byTarget map[string][]dns.RR, packed map[string]uint32) bool {
	target, ok := targetOf(rr)
	if !ok {
		return false
	}
	names := p.names
	if target != "" && names != nil {
		names = maps.Clone(names) // the target's name is compressed against by its own records only
	}
	end, ok := p.pack(rr, p.at, names)
	if !ok {
		return false
	}
	d.at = append(d.at, uint32(len(d.units)))
	d.units = append(d.units, p.scratch[p.at:end]...)
	key := catalog.Fold(target)
	index, known := packed[key]
	if !known {
		index = uint32(len(d.targets))
		packed[key] = index
		records, ok := p.addGlue(d, byTarget[key], end, names)
		if !ok {
			return false
		}
		d.targets = append(d.targets, records)
		p.placed += len(records)
	}
	d.shared = d.shared || known
	d.of = append(d.of, index)
	return true
}

// addGlue packs the records of a target behind its unit.
func (p *packer) addGlue(d *drawn, records []dns.RR, unitEnd int, names map[string]int) ([]glueRecord, bool) {
	var out []glueRecord
	for _, rr := range records {
		switch rr.(type) {
		case *dns.A, *dns.AAAA, *dns.TXT:
		default:
			return nil, false
		}
		end, ok := p.pack(rr, unitEnd, names)
		if !ok {
			return nil, false
		}
		wire := p.scratch[unitEnd:end]
		g := glueRecord{from: uint32(len(d.glue))}
		if pointer, at := ownerPointer(wire); pointer >= p.at {
			if at != 0 {
				return nil, false
			}
			g.back = uint16(pointer - p.at)
		}
		d.glue = append(d.glue, wire...)
		g.to = uint32(len(d.glue))
		out = append(out, g)
	}
	return out, true
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

// ownerPointer returns where a record's owner points to, and at which octet of it the
// pointer stands; pointer is -1 when the owner is spelled out.
func ownerPointer(wire []byte) (pointer, at int) {
	for wire[at] != 0 {
		if wire[at] >= 0xc0 {
			return int(wire[at]&0x3f)<<8 | int(wire[at+1]), at
		}
		at += 1 + int(wire[at])
	}
	return -1, 0
}

// settle drops what all units have in common.
func (d *drawn) settle(glue bool) {
	if !glue {
		d.of, d.targets, d.shared = nil, nil, false
	}
	d.at = append(d.at, uint32(len(d.units)))
	d.each = len(d.units)
	same := true
	for i := range d.count {
		size := int(d.at[i+1] - d.at[i])
		same = same && size == int(d.at[1])
		d.each = min(d.each, size)
	}
	if same {
		d.at = nil
	}
	d.units, d.glue = slices.Clip(d.units), slices.Clip(d.glue)
}

// size is how many bytes of memory it takes, about.
func (d *drawn) size() int {
	const itself, perTarget, perRecord = 200, 24, 12
	n := itself + cap(d.units) + cap(d.glue) + 4*(cap(d.at)+cap(d.of)+cap(d.ends)+cap(d.zeroes)) + 8*cap(d.sums)
	for _, t := range d.targets {
		n += perTarget + perRecord*cap(t)
	}
	return n
}
