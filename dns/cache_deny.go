package dns

import (
	"net/netip"
	"runtime/debug"
	"unsafe"

	"github.com/miekg/dns"

	"muster/metrics"
)

const (
	// maxDenied is how many labels below our domain a name may have to be denied at once.
	maxDenied = 16
	// deniedTypes are the types for which they are. Nearly all that clients ask for are below, ANY too.
	deniedTypes = 256
)

// denier is what a worker needs to deny names that the catalog has not got: anybody
// can make those up without end. It keeps nothing of them, so it neither grows nor drives
// anything out, and it asks the snapshot at hand, so nothing has to be watched.
type denier struct {
	ready  []denial // by zone and kind, each made when it is first needed
	made   *collected
	cells  [deniedTypes]int16 // of the tally, plus 1; 0: not known yet, negative: the type is never answered
	labels [maxDenied]string  // of the name at hand, and only as long as that
	text   [2 * maxText]byte
}

// forget lets go of what is no longer so with other settings or another catalog.
func (d *denier) forget() { d.ready, d.made = nil, new(collected) }

// deny turns the query in msg into its reply if its name certainly does not exist. The reply is what
// the slow path says. If it is not ok nothing is decided, and the query is as it was.
func (c *cache) deny(msg []byte, client netip.Addr) (size int, ok bool) {
	q, d := &c.plain, &c.denier
	cell, ok := c.deniedCell()
	if !ok {
		return 0, false
	}
	z, why, ok := c.absent()
	if !ok {
		return 0, false
	}
	form := d.find(z, why.Kind)
	if form == nil {
		if form = c.prepare(z, why.Kind); form == nil {
			return 0, false
		}
	}
	var text []byte
	if q.edns.present && contains(c.set.cfg.ExplainNetworks, client) {
		text = printable(why.appendText(d.text[:0]))
	}
	if size = form.write(msg, q, c.circumstances(client), text); size == 0 {
		return 0, false
	}
	if c.udp {
		size = c.limit(msg, size, dns.RcodeNameError, client)
	}
	if size > 0 {
		c.tally.Count(cell)
		c.log(metrics.Negative, msg, client, dns.RcodeNameError, &why)
	}
	return size, true
}

// absent looks whether the name at hand certainly does not exist, in which zone, and why.
// What it returns may lie in the query, and is good as long as that.
func (c *cache) absent() (z *zone, why Reason, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			c.h.log.Error("dns name not denied", "name", c.plain.wireKey(), "panic", p, "stack", string(debug.Stack()))
			ok = false
		}
	}()
	name := c.plain.key[:c.plain.name]
	r := c.set.resolver
	z, labels := r.below(name, c.denier.labels[:0])
	if len(labels) == 0 || z.reverse || z.static.has(name[:len(name)-len(z.wire)]) {
		return nil, Reason{}, false
	}
	if last := labels[len(labels)-1]; last == serverLabel || last == mailboxLabel {
		return nil, Reason{}, false // a name in the SOA record would be a pointer to it: no denial has that
	}
	why, ok = r.absent(parseName(labels), c.view, c.denier.made)
	return z, why, ok
}

// below returns the zone that owns a name, folded and in wire form, and appends to into the labels of the name below the
// zone's origin, in the name's own memory. There are none when no zone does, or when they are more than into has room for.
func (r *Resolver) below(name []byte, into []string) (*zone, []string) {
	for at := 0; name[at] != 0; {
		for _, z := range r.zones {
			if string(name[at:]) == z.wire { // the first to be met is the longest
				return z, into
			}
		}
		if len(into) == cap(into) {
			break
		}
		size := int(name[at])
		into = append(into, unsafe.String(&name[at+1], size))
		at += 1 + size
	}
	return nil, nil
}

// deniedCell returns where replies to the question's type are counted. It is not ok when
// names are not denied to that type: there may be another answer for it, whatever the name.
func (c *cache) deniedCell() (cell int, ok bool) {
	qtype := c.plain.qtype
	if qtype >= deniedTypes {
		return 0, false
	}
	known := &c.denier.cells[qtype]
	if *known == 0 {
		*known = -1
		if _, refused := refuseType(qtype); !refused {
			*known = int16(1 + c.tally.Cell(metrics.Negative, dns.TypeToString[qtype], rcodeName(dns.RcodeNameError)))
		}
	}
	return int(*known) - 1, *known > 0
}
