package dns

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"muster/catalog"
)

// candidate is an instance that is healthy enough to be answered.
type candidate struct {
	*catalog.Entry
	weight int
	ramp   int // how much of its weight it has, in parts of catalog.RampSteps
	at     addresses
	order  int         // lower ones are chosen first: the priority, unless distance has a say
	seen   *Considered // nil: nobody asks why
}

// wish says which of a service's instances are asked for, and how healthy they must be.
type wish struct {
	asked       func(*catalog.Entry) bool
	lacking     Verdict // of those that are not asked for
	status      func(*catalog.Entry) catalog.Status
	onlyPassing bool
	rank        func(*catalog.Entry) int // goes before the priority; nil: all are equal
}

// tagWish asks for the instances with a tag part, as [tagged] has it.
func (l *lookup) tagWish(entries []catalog.Entry, tag string) wish {
	carries := tagged(entries, tag)
	return wish{
		asked: func(e *catalog.Entry) bool { return carries(e.Instance) }, lacking: LacksTag,
		status: (*catalog.Entry).Status, onlyPassing: l.cfg.OnlyPassing,
	}
}

// service answers for a service, whichever form of name asked for it.
func (l *lookup) service(r request, qtype uint16) Answer {
	entries := l.snap.Entries(r.service)
	if len(entries) == 0 {
		if r.ancestor() {
			return l.nodata(Reason{Kind: EmptyNonTerminal})
		}
		return l.nxdomain(Reason{Kind: UnknownService, Subject: r.service})
	}
	var tally Tally
	live := l.candidates(entries, l.tagWish(entries, r.tag), &tally)
	if len(live) == 0 {
		return l.noInstance(entries, r, tally)
	}
	l.prefers = true
	return l.serve(r, live, l.serviceTTL(r.service, live), qtype)
}

// serve answers with what is asked of healthy instances.
func (l *lookup) serve(r request, live []candidate, ttl uint32, qtype uint16) (a Answer) {
	if l.trace != nil {
		defer func() { l.settle(live, a.Answer, qtype) }()
	}
	switch {
	case r.srvOnly && qtype == dns.TypePTR:
		return l.instances(live, ttl)
	case qtype == dns.TypeSRV, r.srvOnly && qtype == dns.TypeANY:
		return l.services(live, ttl)
	case r.srvOnly:
		return l.nodata(Reason{Kind: NoSuchType})
	case qtype == dns.TypeTXT:
		if txt := l.instanceTXT(live, ttl); len(txt) > 0 {
			return l.found(txt, NoSuchType)
		}
	case qtype == dns.TypeHTTPS, qtype == dns.TypeSVCB:
		if a, ok := l.bindings(live, ttl, qtype); ok {
			return a
		}
	}
	if r.noAlias && !slices.ContainsFunc(live, candidate.hasIP) {
		return l.nodata(Reason{Kind: NoSuchType})
	}
	return l.reached(live, ttl, qtype)
}

func (c candidate) hasIP() bool { return c.at.v4.IsValid() || c.at.v6.IsValid() }

// candidates returns the instances that are asked for and healthy enough, and counts those asked for.
func (l *lookup) candidates(entries []catalog.Entry, w wish, tally *Tally) []candidate {
	var live []candidate
	tally.OnlyPassing = w.onlyPassing
	guards := l.guards(entries)
	for i := range entries {
		e := &entries[i]
		status := w.status(e)
		seen := l.step.considerEntry(e, status, l.name)
		if !w.asked(e) {
			seen.become(w.lacking)
			continue
		}
		tally.add(status)
		weight, ramp := e.Instance.Weights.Passing, catalog.RampSteps
		keeping := NotKept
		if status == catalog.Critical {
			keeping = guards.keeps(e.Instance)
		}
		switch {
		case keeping != NotKept:
			seen.keep(keeping)
		case status == catalog.Warning && !w.onlyPassing:
			weight = e.Instance.Weights.Warning
		case status != catalog.Passing:
			if status == catalog.Warning {
				seen.become(NotPassing)
			}
			continue
		}
		if keeping == NotKept {
			ramp = guards.rampOf(e.Instance)
		}
		weight = min(max(weight, 0), maxWeight)
		c := candidate{Entry: e, weight: weight, ramp: ramp, at: instanceAddresses(e, l.name), seen: seen}
		c.order = c.priority()
		if w.rank != nil {
			c.order += w.rank(e) << 16
		}
		live = append(live, c)
	}
	slowStart(live)
	for _, c := range live {
		c.seen.weigh(c.weight, c.ramp)
	}
	return live
}

// noInstance is the answer when no healthy instance carries the tag asked for.
func (l *lookup) noInstance(entries []catalog.Entry, r request, tally Tally) Answer {
	if r.tag != "" {
		for _, c := range l.aside().candidates(entries, l.tagWish(nil, ""), new(Tally)) {
			for _, tag := range c.Instance.Tags {
				if strings.HasSuffix(catalog.Fold(tag), "."+catalog.Fold(r.tag)) {
					return l.nodata(Reason{Kind: EmptyNonTerminal}) // a.b.NAME.service exists below b.NAME.service
				}
			}
		}
		if tally.Total() == 0 {
			return l.nxdomain(Reason{Kind: UnknownTag, Subject: r.tag})
		}
	}
	return l.nxdomain(Reason{Kind: Unhealthy, Tally: tally})
}

// reached answers with the addresses of instances. A CNAME stands for a host name
// only when no instance has an IP address, of whichever family: it tolerates nothing beside it.
func (l *lookup) reached(live []candidate, ttl uint32, qtype uint16) Answer {
	var v4, v6, hosts []candidate
	for _, c := range live {
		if c.at.v4.IsValid() {
			v4 = append(v4, c)
		}
		if c.at.v6.IsValid() {
			v6 = append(v6, c)
		}
		if c.at.host != "" {
			hosts = append(hosts, c)
		}
	}
	if len(v4)+len(v6) == 0 && len(hosts) > 0 {
		hosts = l.prefer(hosts)
		pick := l.pick(shares(hosts), 1)[0]
		return l.alias(hosts[pick].at.host, ttl, qtype)
	}
	switch qtype {
	case dns.TypeA:
		return l.found(l.addressSet(v4, ttl, qtype), WrongFamily)
	case dns.TypeAAAA:
		return l.found(l.addressSet(v6, ttl, qtype), WrongFamily)
	case dns.TypeANY:
		records := l.addressSet(v4, ttl, dns.TypeA)
		if len(records) == 0 || !l.udp {
			records = append(records, l.addressSet(v6, ttl, dns.TypeAAAA)...)
		}
		return l.found(records, NoSuchType)
	}
	return l.nodata(Reason{Kind: NoSuchType})
}

// addressSet is the RRset of the candidates' addresses: each address once, with the share of all that have it.
func (l *lookup) addressSet(in []candidate, ttl uint32, qtype uint16) []dns.RR {
	var addrs []netip.Addr
	var w []share
	at := map[netip.Addr]int{}
	for _, c := range l.prefer(in) {
		a := c.at.of(qtype)
		i, ok := at[a]
		if ok {
			w[i] = w[i].together(c.share())
			continue
		}
		at[a] = len(addrs)
		addrs, w = append(addrs, a), append(w, c.share())
	}
	var out []dns.RR
	for _, i := range l.pick(w, l.limit(len(addrs), l.cfg.ARecordLimit)) {
		out = append(out, addressRecord(l.name, addrs[i], ttl))
	}
	return out
}

// limit is how many of n records may be answered, given a limit of their type.
func (l *lookup) limit(n, ofType int) int {
	of := n
	if ofType > 0 {
		n = min(n, ofType)
	}
	if l.udp && l.cfg.UDPAnswerLimit > 0 {
		n = min(n, l.cfg.UDPAnswerLimit)
	}
	l.step.limit(n, of)
	return n
}
