package dns

import (
	"github.com/miekg/dns"

	"muster/catalog"
)

// statics are the configured records of a zone by the key of their owner. A key
// without records stands for a name that only others stand below.
type statics map[string][]dns.RR

// staticKey is a name below a zone's origin in wire form, folded. Unlike a text it
// cannot take a dot within a label for one between two.
func staticKey(labels []string) string {
	var key []byte
	for _, l := range labels {
		key = append(key, byte(len(l)))
		key = append(key, catalog.Fold(l)...)
	}
	return string(key)
}

// add puts a record at a name, and makes all names above it exist.
func (s statics) add(labels []string, rr dns.RR) {
	key := staticKey(labels)
	s[key] = append(s[key], rr)
	for i := range labels {
		above := staticKey(labels[i+1:])
		s[above] = s[above][:len(s[above]):len(s[above])]
	}
}

// at returns the records at a name, none if there are none, and whether the name exists for their sake.
func (s statics) at(labels []string) (records []dns.RR, exists bool) {
	if len(s) == 0 {
		return nil, false
	}
	records, exists = s[staticKey(labels)]
	return records, exists
}

// has reports whether the name of a key exists for their sake.
func (s statics) has(key []byte) bool {
	_, exists := s[string(key)]
	return exists
}

// static answers from the configured records at the name, which answer for it alone.
func (l *lookup) static(records []dns.RR, qtype uint16) Answer {
	l.step.readAs(Reading{Form: "static record"})
	if alias, ok := records[0].(*dns.CNAME); ok {
		l.step.ttl(alias.Hdr.Ttl, "dns_records")
		return l.alias(l.respelled(alias.Target), alias.Hdr.Ttl, qtype)
	}
	if qtype == dns.TypeANY && l.udp {
		qtype = records[0].Header().Rrtype // one RRset of them (RFC 8482)
	}
	var out []dns.RR
	for _, rr := range records {
		if qtype == dns.TypeANY || rr.Header().Rrtype == qtype {
			out = append(out, l.ownCopy(rr))
		}
	}
	if len(out) == 0 {
		return l.nodata(Reason{Kind: NoSuchType})
	}
	out = l.anyOrder(out)
	l.step.ttl(out[0].Header().Ttl, "dns_records")
	g := glue{lookup: l, seen: map[string]bool{}}
	for _, rr := range out {
		switch rr := rr.(type) {
		case *dns.MX:
			g.addHostOnce(rr.Mx)
		case *dns.SRV:
			g.addHostOnce(rr.Target)
		}
	}
	return Answer{Authoritative: true, Answer: out, Extra: g.records}
}

// ownCopy is a configured record as the answer to this question.
func (l *lookup) ownCopy(rr dns.RR) dns.RR {
	rr = dns.Copy(rr)
	rr.Header().Name = l.name
	switch rr := rr.(type) {
	case *dns.MX:
		rr.Mx = l.respelled(rr.Mx)
	case *dns.SRV:
		rr.Target = l.respelled(rr.Target)
	}
	return rr
}

// respelled is a name with our domain, if it ends in that, spelled as the question did.
func (l *lookup) respelled(name string) string {
	if cut := len(name) - len(l.origin); cut == 0 || cut > 0 && name[cut-1] == '.' {
		if catalog.EqualFold(name[cut:], l.origin) {
			return name[:cut] + l.origin
		}
	}
	return name
}

// anyOrder returns records in random order.
func (l *lookup) anyOrder(records []dns.RR) []dns.RR {
	out := make([]dns.RR, 0, len(records))
	for _, i := range l.pick(make([]share, len(records)), len(records)) {
		out = append(out, records[i])
	}
	return out
}

// addHostOnce is addHost for a name that may come several times.
func (g *glue) addHostOnce(host string) {
	if key := catalog.Fold(host); !g.seen[key] {
		g.seen[key] = true
		g.addHost(host)
	}
}
