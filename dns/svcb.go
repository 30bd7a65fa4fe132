package dns

import (
	"net"
	"slices"

	"github.com/miekg/dns"

	"muster/catalog"
)

// bindings answers with HTTPS or SVCB records (RFC 9460) of the instances that state
// protocols; ok is false when none does. An instance whose name would be an alias
// has none: a client that knows the CNAME asks at its target.
func (l *lookup) bindings(live []candidate, ttl uint32, qtype uint16) (a Answer, ok bool) {
	var set []candidate
	addressed := false
	for _, c := range live {
		addressed = addressed || len(c.at.all()) > 0
		if c.protocols() != nil && !c.at.none() {
			set = append(set, c)
		}
	}
	if !addressed || len(set) == 0 {
		return Answer{}, false
	}
	set = l.prefer(set)
	ranks := ranksOf(set)
	g := glue{lookup: l, ttl: ttl, seen: map[string]bool{}}
	for _, i := range l.pick(shares(set), l.limit(len(set), 0)) {
		target := l.target(set[i].Node, set[i].at)
		a.Answer = append(a.Answer, l.binding(set[i], target, ranks[i], ttl, qtype))
		g.add(target, set[i])
	}
	a.Authoritative, a.Extra = true, g.records
	return a, true
}

// protocols are what an instance speaks at its port, nil when it does not say.
func (c candidate) protocols() []string {
	if c.Instance == nil || c.Instance.DNS == nil || len(c.Instance.DNS.ALPN) == 0 {
		return nil
	}
	return c.Instance.DNS.ALPN
}

// ranksOf numbers the priorities from 1 in their order: a SvcPriority of 0 would make
// an alias (RFC 9460 section 2.4.2), while an SRV priority may be 0.
func ranksOf(set []candidate) []uint16 {
	var priorities []int
	for _, c := range set {
		priorities = append(priorities, c.priority())
	}
	slices.Sort(priorities)
	priorities = slices.Compact(priorities)
	out := make([]uint16, len(set))
	for i, c := range set {
		at, _ := slices.BinarySearch(priorities, c.priority())
		out[i] = uint16(at + 1)
	}
	return out
}

// binding is the record of one instance: where it is and what it speaks. The
// addresses go along as hints, those of the target that SRV names.
func (l *lookup) binding(c candidate, target string, rank uint16, ttl uint32, qtype uint16) dns.RR {
	s := dns.SVCB{Hdr: header(l.name, qtype, ttl), Priority: rank, Target: target}
	s.Value = append(s.Value, &dns.SVCBAlpn{Alpn: c.protocols()})
	if p := c.Instance.Port; p > 0 {
		s.Value = append(s.Value, &dns.SVCBPort{Port: uint16(p)})
	}
	hints := c.at.all()
	if c.at.own && c.at.primary.IsValid() {
		hints = hints[:0:0]
		hints = append(hints, c.at.primary) // HEX.addr has this one alone
	}
	for _, ip := range hints {
		if ip.Is4() {
			s.Value = append(s.Value, &dns.SVCBIPv4Hint{Hint: []net.IP{ip.AsSlice()}})
		} else {
			s.Value = append(s.Value, &dns.SVCBIPv6Hint{Hint: []net.IP{ip.AsSlice()}})
		}
	}
	if qtype == dns.TypeHTTPS {
		return &dns.HTTPS{SVCB: s}
	}
	return &s
}

// bindingKey tells whose binding a record is.
func bindingKey(s *dns.SVCB) string {
	key := catalog.Fold(s.Target)
	for _, v := range s.Value {
		if v.Key() == dns.SVCB_PORT {
			key += ":" + v.String()
		}
	}
	return key
}
