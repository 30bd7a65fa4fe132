package dns

import (
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"muster/catalog"
)

// known reports whether the catalog has an address, healthy or not.
func known(s reads, a netip.Addr) bool {
	return len(s.NodesAt(a)) > 0 || len(s.InstancesAt(a)) > 0
}

// hostPrefix is the network that is one address. Outside the configured networks
// that is all we are authoritative for.
func hostPrefix(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// pointer answers within a reverse zone.
func (l *lookup) pointer(labels []label, apex bool, qtype uint16) Answer {
	if apex && (qtype == dns.TypeSOA || qtype == dns.TypeNS) {
		l.step.read(request{form: formApex})
		return l.apex(qtype)
	}
	addr, whole := reverseAddr(labels)
	if !whole {
		l.step.read(request{})
		if shortReverse(labels) {
			l.step.read(request{form: formNonTerminal})
			return l.nodata(Reason{Kind: EmptyNonTerminal})
		}
		return l.nxdomain(Reason{Kind: BadName})
	}
	l.step.readAs(Reading{Form: "reverse name of address", Address: addr.String()})
	var tally Tally
	records := l.pointers(addr, &tally)
	switch {
	case len(records) == 0:
		return l.nxdomain(Reason{Kind: UnknownAddress, Tally: tally})
	case qtype != dns.TypePTR && qtype != dns.TypeANY:
		return l.nodata(Reason{Kind: NoSuchType})
	}
	return l.found(records, NoSuchType)
}

// shortReverse reports whether a name could stand above complete reverse names.
func shortReverse(labels []label) bool {
	labels = slices.Clone(labels)
	full := 4 + 2
	if catalog.EqualFold(labels[len(labels)-2].text, "ip6") {
		full = 32 + 2
	}
	for len(labels) < full {
		labels = slices.Insert(labels, 0, label{text: "0"})
	}
	_, ok := reverseAddr(labels)
	return ok
}

// pointers is all names an address has: the nodes, then the services with a healthy instance that
// states it as its own. Instances that use their node's address are found through the node.
func (l *lookup) pointers(a netip.Addr, tally *Tally) []dns.RR {
	var out []dns.RR
	have := map[string]bool{}
	add := func(label, kind string, ttl uint32, seen *Considered) {
		name := under(label+"."+kind+"."+l.cfg.Datacenter, l.domain)
		if _, ok := dns.IsDomainName(name); !ok {
			return
		}
		seen.become(Answered)
		if have[catalog.Fold(name)] {
			return
		}
		have[catalog.Fold(name)] = true
		out = append(out, &dns.PTR{Hdr: header(l.name, dns.TypePTR, ttl), Ptr: name})
	}
	for _, n := range l.snap.NodesAt(a) {
		seen := l.considerNode(n, l.nodeTTL)
		if catalog.ValidNodeName(n.Name) == nil {
			add(n.Name, "node", l.nodeTTL, seen)
		}
	}
	tally.OnlyPassing = l.cfg.OnlyPassing
	for _, i := range l.snap.InstancesAt(a) {
		checks := append(slices.Clone(l.snap.ChecksOfInstance(i.Node, "")), l.snap.ChecksOfInstance(i.Node, i.ID)...)
		status := catalog.Worst(checks)
		tally.add(status)
		seen := l.considerInstance(i, checks, status)
		if status == catalog.Passing || status == catalog.Warning && !l.cfg.OnlyPassing {
			if catalog.ValidServiceName(i.Name) == nil {
				add(i.Name, "service", l.serviceTTL(i.Name, []candidate{{Entry: &catalog.Entry{Instance: i}}}), seen)
			}
		} else if status == catalog.Warning {
			seen.become(NotPassing)
		}
	}
	oneTTL(out)
	return out
}
