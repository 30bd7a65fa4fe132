package dns

import (
	"fmt"
	"slices"

	"github.com/miekg/dns"

	"muster/catalog"
)

// settle tells, from the records that were answered, what became of each candidate.
func (l *lookup) settle(live []candidate, records []dns.RR, qtype uint16) {
	if l.trace == nil {
		return
	}
	have := map[string]bool{}
	alias := false
	for _, rr := range records {
		if rr.Header().Name == l.name { // others are what an alias led to
			have[recordKey(rr)] = true
			alias = alias || rr.Header().Rrtype == dns.TypeCNAME
		}
	}
	for _, c := range live {
		switch {
		case slices.ContainsFunc(l.recordKeys(c), func(k string) bool { return have[k] }):
			c.seen.become(Answered)
		case c.seen.Verdict == NotLocal:
		case alias:
			c.seen.become(NotDrawn)
		default:
			c.seen.become(passedOver(c, qtype))
		}
	}
}

// passedOver is the verdict on a healthy candidate of which no record was answered.
func passedOver(c candidate, qtype uint16) Verdict {
	switch {
	case c.at.none():
		return NoAddress
	case c.at.of(qtype).IsValid(), qtype == dns.TypeSRV && c.Instance != nil,
		(qtype == dns.TypeHTTPS || qtype == dns.TypeSVCB) && c.protocols() != nil:
		return NotDrawn
	case c.at.host != "":
		return Superseded
	case qtype == dns.TypeA || qtype == dns.TypeAAAA:
		return OtherFamily
	}
	return Unused
}

// recordKey says what a record holds of an instance: its type and its data as far as they identify whom it is of.
func recordKey(rr dns.RR) string {
	var data any
	switch rr := rr.(type) {
	case *dns.A:
		data = rr.A
	case *dns.AAAA:
		data = rr.AAAA
	case *dns.CNAME:
		data = catalog.Fold(rr.Target)
	case *dns.NS:
		data = catalog.Fold(rr.Ns)
	case *dns.SRV:
		data = fmt.Sprint(catalog.Fold(rr.Target), rr.Port)
	case *dns.TXT:
		data = rr.Txt
	case *dns.PTR:
		data = catalog.Fold(rr.Ptr)
	case *dns.HTTPS:
		data = bindingKey(&rr.SVCB)
	case *dns.SVCB:
		data = bindingKey(rr)
	}
	return fmt.Sprint(rr.Header().Rrtype, data)
}

// recordKeys are the keys of all records that a candidate may have.
func (l *lookup) recordKeys(c candidate) []string {
	target := l.target(c.Node, c.at)
	records := []dns.RR{
		&dns.NS{Hdr: header(l.name, dns.TypeNS, 0), Ns: target},
		&dns.CNAME{Hdr: header(l.name, dns.TypeCNAME, 0), Target: c.at.host},
	}
	for _, ip := range c.at.all() {
		records = append(records, addressRecord(l.name, ip, 0))
	}
	if c.Instance == nil {
		records = append(records, metaTXT(l.name, c.Node.Meta, 0, everyKey)...)
	} else {
		records = append(records, metaTXT(l.name, c.Instance.Meta, 0, l.sharesMeta)...)
		records = append(records, &dns.SRV{Hdr: header(l.name, dns.TypeSRV, 0), Target: target, Port: uint16(c.Instance.Port)},
			&dns.PTR{Hdr: header(l.name, dns.TypePTR, 0), Ptr: under(escapeLabel(instanceLabel(c.Instance)), l.name)},
			l.attributes(c, 0), l.binding(c, target, 1, 0, dns.TypeHTTPS), l.binding(c, target, 1, 0, dns.TypeSVCB))
	}
	keys := make([]string, len(records))
	for i, rr := range records {
		keys[i] = recordKey(rr)
	}
	return keys
}
