package dns

import (
	"strings"

	"muster/catalog"
)

// maxTTL is the largest TTL there is (RFC 2181 section 8).
const maxTTL = 1<<31 - 1

// zone is a subtree of names this server is authoritative for.
type zone struct {
	origin  string // lower case, fully qualified
	labels  []string
	wire    string // the origin in wire form
	reverse bool   // holds PTR records rather than services and nodes
	static  statics
}

func newZone(origin string, reverse bool) *zone {
	z := &zone{origin: origin, reverse: reverse, static: statics{}}
	for _, l := range splitName(origin) {
		z.labels = append(z.labels, l.text)
	}
	z.wire = staticKey(z.labels) + "\x00"
	return z
}

// originOf returns a domain as the origin of a zone.
func originOf(domain string) string {
	return catalog.Fold(strings.TrimSuffix(domain, ".")) + "."
}

// holds reports whether a name lies at or below the zone's origin.
func (z *zone) holds(name []label) bool {
	off := len(name) - len(z.labels)
	if off < 0 {
		return false
	}
	for i := len(z.labels) - 1; i >= 0; i-- {
		if !catalog.EqualFold(name[off+i].text, z.labels[i]) {
			return false
		}
	}
	return true
}

// zoneOf returns the zone that owns a name, the one with the longest origin if
// several hold it, or nil.
func (r *Resolver) zoneOf(name []label) *zone { return zoneAmong(r.zones, name) }

func zoneAmong(zones []*zone, name []label) *zone {
	var best *zone
	for _, z := range zones {
		if z.holds(name) && (best == nil || len(z.labels) > len(best.labels)) {
			best = z
		}
	}
	return best
}
