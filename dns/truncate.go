package dns

import (
	"sort"

	"github.com/miekg/dns"
)

// leastRecord is the size of the smallest record: a compressed owner, the fixed fields, one octet.
const leastRecord = 2 + 10 + 1

// fit trims a message to limit octets: first the texts of extended errors, then
// additional records from the end, then authority beside answers, then answers
// from the end. OPT stays. It reports whether an answer was left out, be it a negative one's SOA.
func fit(m *dns.Msg, limit int) (cut bool) {
	if most := limit / leastRecord; len(m.Answer) > most {
		// Spares measuring what cannot fit: a service may have ten thousand instances.
		m.Answer, cut = m.Answer[:most], true
	}
	if m.Len() <= limit || stripText(m) && m.Len() <= limit {
		return cut
	}
	o := m.IsEdns0()
	extra := m.Extra
	if o != nil {
		extra = extra[:len(extra)-1] // composed last
	}
	shrink(len(extra), m, limit, func(n int) {
		m.Extra = extra[:n:n]
		if o != nil {
			m.Extra = append(m.Extra, o)
		}
	})
	if ns := m.Ns; len(m.Answer) > 0 {
		shrink(len(ns), m, limit, func(n int) { m.Ns = ns[:n] })
	}
	answer := m.Answer
	shrink(len(answer), m, limit, func(n int) { m.Answer = answer[:n] })
	if ns := m.Ns; len(answer) == 0 {
		shrink(len(ns), m, limit, func(n int) { m.Ns = ns[:n] })
		return cut || len(m.Ns) < len(ns)
	}
	return cut || len(m.Answer) < len(answer)
}

// shrink keeps the most of n records, by calling keep, with which the message fits, or none.
func shrink(n int, m *dns.Msg, limit int, keep func(int)) {
	if m.Len() <= limit {
		return
	}
	// The first count that is too many, less one.
	most := sort.Search(n+1, func(k int) bool {
		keep(k)
		return m.Len() > limit
	}) - 1
	keep(max(most, 0))
}

// pack returns a message's wire form, within limit. markTC sets TC when an answer record is left
// out of a UDP reply; with all of them gone it is set in any case, so that nothing looks like success.
func pack(m *dns.Msg, limit int, udp, markTC bool) ([]byte, error) {
	cut := fit(m, limit)
	for {
		m.Truncated = udp && cut && (markTC || len(m.Answer) == 0)
		wire, err := m.Pack()
		if err != nil || len(wire) <= limit {
			return wire, err
		}
		// Rarely, a wire form comes out longer than it was measured.
		answers := len(m.Answer)
		if !dropLast(m) {
			return wire, nil
		}
		cut = cut || len(m.Answer) < answers
	}
}

// dropLast removes one more record, if there is one but OPT.
func dropLast(m *dns.Msg) bool {
	if n := len(m.Extra); n > 1 && m.IsEdns0() != nil { // OPT comes last
		m.Extra = append(m.Extra[:n-2:n-2], m.Extra[n-1])
		return true
	}
	for _, section := range []*[]dns.RR{&m.Answer, &m.Ns} {
		if n := len(*section); n > 0 {
			*section = (*section)[:n-1]
			return true
		}
	}
	return false
}
