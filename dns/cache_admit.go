package dns

import (
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"muster/metrics"
)

// circumstances returns what of a client shows in its reply, but for text.
func (c *cache) circumstances(client netip.Addr) replyTo {
	to := replyTo{
		limit: dns.MaxMsgSize, serial: uint32(c.view.Snapshot.Index), recursion: c.set.offersRecursion(client),
		markTC: c.udp && c.set.cfg.EnableTruncate,
	}
	if c.udp {
		to.limit = c.plain.edns.udpSize()
	}
	return to
}

// limit puts a reply of n octets to the rate limit, and returns the size of what is to be sent in its place.
func (c *cache) limit(msg []byte, n, rcode int, client netip.Addr) int {
	class := classOf(rcode)
	switch c.set.rate.allow(client, class, c.now) {
	case withheld:
		c.h.metrics.Limited(rateNames[class], metrics.Withheld)
		return 0
	case truncated:
		c.h.metrics.Limited(rateNames[class], metrics.Truncated)
		e := &c.plain.edns
		// What it takes of a query stands in the reply at the same place.
		return len(appendSlip(msg[:0], msg, c.plain.end(), slip{
			rcode: rcode, ra: c.set.offersRecursion(client), edns: e.present, do: e.do,
		}))
	}
	return n
}

// count counts a query answered from an image, and now and then writes it down.
func (c *cache) count(path metrics.Path, msg []byte, im *image, client netip.Addr) {
	if path == metrics.Hit {
		c.tally.Count(im.cell)
	} else {
		c.h.metrics.Query(path, dns.TypeToString[c.plain.qtype], rcodeName(im.rcode()), time.Since(c.now))
	}
	c.log(path, msg, client, im.rcode(), &im.reason)
}

// log now and then writes an answered query down. msg is the reply.
func (c *cache) log(path metrics.Path, msg []byte, client netip.Addr, rcode int, why *Reason) {
	if c.set.cfg.QueryLog > 0 && c.set.sampled(c.h.rng) {
		name, _, _ := dns.UnpackDomainName(msg, headSize) // as asked; it has been read before
		q := &query{question: dns.Question{Name: name, Qtype: c.plain.qtype, Qclass: dns.ClassINET}}
		c.h.logQuery(client, path, q, reply{rcode: rcode, reason: *why}, time.Since(c.now))
	}
}
