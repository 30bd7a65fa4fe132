package dns

import (
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"muster/metrics"
)

// takeCookie judges a query's COOKIE option and makes that of the reply.
func (h *Handler) takeCookie(q *query, now time.Time) {
	switch {
	case q.edns.cookie == nil:
		return
	case !q.edns.cookie.wellFormed():
		h.metrics.Cookie(metrics.CookieMalformed)
		return
	}
	q.cookie, q.cookies = h.cookies.answer(q.edns.cookie, q.client, now)
	h.metrics.Cookie(cookieNames[q.cookie])
}

// cookieNames are the states as metrics name them.
var cookieNames = map[cookieState]metrics.Cookie{
	clientCookie: metrics.CookieClient, badCookie: metrics.CookieBad, goodCookie: metrics.CookieGood,
}

// limit puts a reply over UDP to the rate limit. What comes back is the reply, a
// truncated one, or one without wire form: nothing is to be sent. q is nil when the query could not be read.
func (h *Handler) limit(set *settings, client netip.Addr, wire []byte, q *query, r reply, now time.Time) reply {
	if q != nil && q.cookie == goodCookie {
		return r
	}
	class := classOf(r.rcode)
	switch set.rate.allow(client, class, now) {
	case withheld:
		h.metrics.Limited(rateNames[class], metrics.Withheld)
		r.wire = nil
	case truncated:
		h.metrics.Limited(rateNames[class], metrics.Truncated)
		if q == nil {
			return r // a bare header, no longer than any query
		}
		r.wire = appendSlip(make([]byte, 0, plainSize), wire, q.end, slip{
			rcode: r.rcode, ra: set.offersRecursion(client), edns: q.edns.present, do: q.edns.do, cookie: q.cookies,
		})
		if class != classError {
			r.rcode = dns.RcodeSuccess
		}
	}
	return r
}
