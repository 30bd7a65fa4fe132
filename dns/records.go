package dns

import (
	"net/netip"

	"github.com/miekg/dns"
)

func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// under returns the name of a label, or several, below an origin.
func under(label, origin string) string { return label + "." + origin }

// typeOf is the record type that holds an address.
func typeOf(a netip.Addr) uint16 {
	if a.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// addressRecord is an A or AAAA record, by the address' family.
func addressRecord(owner string, a netip.Addr, ttl uint32) dns.RR {
	if a.Is4() {
		return &dns.A{Hdr: header(owner, dns.TypeA, ttl), A: a.AsSlice()}
	}
	return &dns.AAAA{Hdr: header(owner, dns.TypeAAAA, ttl), AAAA: a.AsSlice()}
}

// oneTTL gives the records of an RRset the least TTL among them (RFC 2181 section 5.2).
func oneTTL(set []dns.RR) {
	least := uint32(maxTTL)
	for _, rr := range set {
		least = min(least, rr.Header().Ttl)
	}
	for _, rr := range set {
		rr.Header().Ttl = least
	}
}
