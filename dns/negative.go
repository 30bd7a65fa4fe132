package dns

import "github.com/miekg/dns"

func (l *lookup) nodata(why Reason) Answer   { return l.negative(dns.RcodeSuccess, why) }
func (l *lookup) nxdomain(why Reason) Answer { return l.negative(dns.RcodeNameError, why) }

// negative builds every NODATA and every NXDOMAIN: the SOA of the zone that owns
// the name in the authority section (RFC 2308 section 2). An apex always exists.
func (l *lookup) negative(rcode int, why Reason) Answer {
	if l.name == l.origin {
		rcode = dns.RcodeSuccess
	}
	l.step.lack()
	return Answer{Rcode: rcode, Authoritative: true, Ns: []dns.RR{l.soa()}, Reason: why}
}

// The labels below a domain of its SOA record's MNAME and RNAME.
const serverLabel, mailboxLabel = "ns", "hostmaster"

// soa is the zone's SOA record. The serial follows the catalog, so that it stands
// still while nothing changes and every agent at the same index says the same.
func (l *lookup) soa() *dns.SOA {
	t := l.cfg.SOA
	l.step.ttl(t.MinTTL, "dns_config.soa.min_ttl")
	return &dns.SOA{
		Hdr: header(l.origin, dns.TypeSOA, t.MinTTL),
		Ns:  under(serverLabel, l.domain), Mbox: under(mailboxLabel, l.domain),
		Serial:  uint32(l.view.Snapshot.Index),
		Refresh: t.Refresh, Retry: t.Retry, Expire: t.Expire, Minttl: t.MinTTL,
	}
}
