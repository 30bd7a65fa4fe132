package dns

import (
	"github.com/miekg/dns"

	"muster/catalog"
)

// node answers for a node, whatever its health: its name is who it is, not what it offers.
func (l *lookup) node(name string, qtype uint16) (a Answer) {
	n := l.snap.Node(name)
	if n == nil {
		if l.snap.HasNodeBelow(name) {
			return l.nodata(Reason{Kind: EmptyNonTerminal})
		}
		return l.nxdomain(Reason{Kind: UnknownNode, Subject: name})
	}
	at := nodeAddresses(n)
	if l.trace != nil {
		seen := l.considerNode(n, l.nodeTTL)
		defer func() { l.settle([]candidate{{Entry: &catalog.Entry{Node: n}, at: at, seen: seen}}, a.Answer, qtype) }()
	}
	if catalog.EqualFold(at.host, l.name) {
		at = addresses{}
	}
	if at.host != "" {
		return l.alias(at.host, l.nodeTTL, qtype)
	}
	meta := metaTXT(l.name, n.Meta, l.nodeTTL, everyKey)
	switch qtype {
	case dns.TypeA, dns.TypeAAAA:
		a = l.addressesAt(at, qtype)
	case dns.TypeTXT:
		return l.found(meta, NoSuchType)
	case dns.TypeANY:
		return l.anyOfNode(at, meta)
	default:
		return l.nodata(Reason{Kind: NoSuchType})
	}
	if l.cfg.EnableAdditionalNodeMetaTXT {
		a.Extra = append(a.Extra, meta...)
	}
	return a
}

// addressesAt answers an A or AAAA question with the one address of that family.
func (l *lookup) addressesAt(at addresses, qtype uint16) Answer {
	if ip := at.of(qtype); ip.IsValid() {
		return l.found([]dns.RR{addressRecord(l.name, ip, l.nodeTTL)}, NoSuchType)
	}
	if at.none() {
		return l.nodata(Reason{Kind: NoSuchType})
	}
	return l.nodata(Reason{Kind: WrongFamily})
}

// anyOfNode answers ANY: over TCP with all there is, over UDP with one RRset.
func (l *lookup) anyOfNode(at addresses, meta []dns.RR) Answer {
	var records []dns.RR
	for _, ip := range at.all() {
		records = append(records, addressRecord(l.name, ip, l.nodeTTL))
	}
	switch {
	case !l.udp:
		records = append(records, meta...)
	case len(records) > 0:
		records = records[:1] // one address of a family is its whole RRset
	default:
		records = meta
	}
	return l.found(records, NoSuchType)
}
