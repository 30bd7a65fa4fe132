package dns

import (
	"slices"

	"github.com/miekg/dns"

	"muster/catalog"
)

// maxAliases is how many CNAMEs in a row are followed within our zones.
const maxAliases = 8

// alias answers with a CNAME and, for a target within our zones, with what the
// type asked has there. The rcode is that of the last name in the chain (RFC 6604).
func (l *lookup) alias(target string, ttl uint32, qtype uint16) Answer {
	cname := &dns.CNAME{Hdr: header(l.name, dns.TypeCNAME, ttl), Target: target}
	a := Answer{Authoritative: true, Answer: []dns.RR{cname}}
	if qtype == dns.TypeCNAME || qtype == dns.TypeANY {
		return a
	}
	follow, ours := l.within(target)
	switch {
	case !ours:
		a.Outside = target
	case follow == nil:
		a.Reason = Reason{Kind: AliasLoop, Subject: target}
	default:
		end := follow(qtype)
		end.Answer = append(a.Answer, end.Answer...)
		return end
	}
	return a
}

// within tells whether a name lies in one of our zones, and how to look it up
// there; the latter is nil when the chain of CNAMEs came round or got too long.
func (l *lookup) within(name string) (look func(qtype uint16) Answer, ours bool) {
	labels := splitName(name)
	z := l.zoneOf(labels)
	if z == nil {
		return nil, false
	}
	visited := append(slices.Clone(l.visited), catalog.Fold(l.name))
	if len(visited) >= maxAliases || slices.Contains(visited, catalog.Fold(name)) {
		return nil, true
	}
	return func(qtype uint16) Answer {
		next := l.in(z, labels, name)
		next.visited = visited
		return next.answer(labels, qtype)
	}, true
}
