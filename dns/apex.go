package dns

import (
	"github.com/miekg/dns"

	"muster/catalog"
)

// apexOwn reports whether the apex has a type of itself: whatever is configured there, these stay ours.
func apexOwn(qtype uint16) bool {
	return qtype == dns.TypeSOA || qtype == dns.TypeNS || qtype == dns.TypeANY
}

// apex answers for a zone's origin.
func (l *lookup) apex(qtype uint16) (a Answer) {
	live, ns, glue := l.nameServers()
	if l.trace != nil {
		defer func() { l.settle(live, a.Answer, qtype) }()
	}
	switch qtype {
	case dns.TypeSOA:
		return Answer{Authoritative: true, Answer: []dns.RR{l.soa()}, Ns: ns, Extra: glue}
	case dns.TypeNS:
		a = l.found(ns, NoSuchType)
		a.Extra = glue
		return a
	case dns.TypeANY:
		records := []dns.RR{l.soa()}
		if !l.udp {
			records = append(records, ns...)
		}
		return l.found(records, NoSuchType)
	}
	return l.nodata(Reason{Kind: NoSuchType})
}

// servers returns the servers whose checks are not critical. Unlike for services a
// warning never hides them: a zone without name servers helps nobody.
func (l *lookup) servers(tally *Tally) []candidate {
	var out []candidate
	entries := l.snap.Entries(catalog.ServersService)
	for i := range entries {
		e := &entries[i]
		status := e.Status()
		tally.add(status)
		at, seen := instanceAddresses(e, l.name), l.step.considerEntry(e, status, l.name)
		if status != catalog.Critical && status != catalog.Maintenance && len(at.all()) > 0 {
			out = append(out, candidate{Entry: e, at: at, seen: seen})
		} else if len(at.all()) == 0 && byHealth(status) == Unused {
			seen.become(NoAddress)
		}
	}
	return out
}

// nameServers returns the healthy servers, the zone's NS RRset of them, and the addresses of its targets.
func (l *lookup) nameServers() (live []candidate, ns, addrs []dns.RR) {
	l.step.ttl(l.nodeTTL, nodeTTLKey)
	g := glue{lookup: l, ttl: l.nodeTTL, seen: map[string]bool{}}
	live = l.servers(new(Tally))
	l.rng.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
	for _, c := range live {
		target := l.target(c.Node, c.at)
		if g.add(target, c) {
			ns = append(ns, &dns.NS{Hdr: header(l.origin, dns.TypeNS, l.nodeTTL), Ns: target})
		}
	}
	return live, ns, g.records
}

// nameServer answers for ns.DOMAIN, the SOA's MNAME: the addresses of the healthy servers.
func (l *lookup) nameServer(qtype uint16) Answer {
	var tally Tally
	live := l.servers(&tally)
	if len(live) == 0 {
		if tally.Total() == 0 {
			return l.nodata(Reason{Kind: UnknownService, Subject: catalog.ServersService})
		}
		return l.nodata(Reason{Kind: Unhealthy, Tally: tally})
	}
	for i := range live {
		live[i].weight = 1
	}
	l.step.ttl(l.nodeTTL, nodeTTLKey)
	a := l.reached(live, l.nodeTTL, qtype)
	l.settle(live, a.Answer, qtype)
	return a
}
