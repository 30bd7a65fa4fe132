package metrics

import "github.com/prometheus/client_golang/prometheus"

// ReplyClass is a kind of reply that the rate limit counts apart.
type ReplyClass string

// The kinds of reply.
const (
	Answers   ReplyClass = "answer"   // NOERROR
	NXDomains ReplyClass = "nxdomain" // NXDOMAIN
	Errors    ReplyClass = "error"    // everything else
)

// LimitAction is what a limited client gets.
type LimitAction string

// The actions.
const (
	Withheld  LimitAction = "drop" // nothing
	Truncated LimitAction = "slip" // a truncated reply, for it to ask over TCP
)

// Cookie is what a query's cookie was worth.
type Cookie string

// The worths of cookies.
const (
	CookieClient    Cookie = "client"    // the client's own alone
	CookieGood      Cookie = "good"      // with a server cookie of ours
	CookieBad       Cookie = "bad"       // with one that is not ours, or too old
	CookieMalformed Cookie = "malformed" // FORMERR
)

// ConnEnd is why the server ended, or did not take, a TCP connection.
type ConnEnd string

// The reasons.
const (
	ConnHostFull ConnEnd = "host_limit" // its host has as many as it may have
	ConnFull     ConnEnd = "limit"      // there are as many as there may be, and none is idle
	ConnEvicted  ConnEnd = "evicted"    // it was idle the longest, and another came
	ConnIdle     ConnEnd = "idle"       // it was silent for too long
	ConnSlow     ConnEnd = "slow"       // its client did not end a query, or take a reply, in time
	ConnGarbage  ConnEnd = "garbage"    // what its client sent was no DNS message
)

// dnsAbuse counts what is done about clients that ask for too much.
type dnsAbuse struct {
	limited map[ReplyClass]map[LimitAction]prometheus.Counter
	cookies map[Cookie]prometheus.Counter
	ends    map[ConnEnd]prometheus.Counter
	open    prometheus.Gauge
}

func newDNSAbuse(reg prometheus.Registerer) dnsAbuse {
	limited := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_dns_rate_limited_total",
		Help: "Replies over UDP that the rate limit kept back, by kind of reply and by what was sent in their place: nothing (drop) or a truncated reply (slip).",
	}, []string{"reply", "action"})
	cookies := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_dns_cookies_total",
		Help: "Queries with a DNS cookie, by what it was worth.",
	}, []string{"cookie"})
	ends := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_dns_tcp_ended_total",
		Help: "DNS connections that the server ended or did not take, by reason.",
	}, []string{"reason"})
	open := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "muster_dns_tcp_connections",
		Help: "DNS connections that are open.",
	})
	reg.MustRegister(limited, cookies, ends, open)
	a := dnsAbuse{
		limited: map[ReplyClass]map[LimitAction]prometheus.Counter{}, cookies: map[Cookie]prometheus.Counter{},
		ends: map[ConnEnd]prometheus.Counter{}, open: open,
	}
	for _, c := range []ReplyClass{Answers, NXDomains, Errors} {
		a.limited[c] = map[LimitAction]prometheus.Counter{}
		for _, action := range []LimitAction{Withheld, Truncated} {
			a.limited[c][action] = limited.WithLabelValues(string(c), string(action))
		}
	}
	for _, c := range []Cookie{CookieClient, CookieGood, CookieBad, CookieMalformed} {
		a.cookies[c] = cookies.WithLabelValues(string(c))
	}
	for _, e := range []ConnEnd{ConnHostFull, ConnFull, ConnEvicted, ConnIdle, ConnSlow, ConnGarbage} {
		a.ends[e] = ends.WithLabelValues(string(e))
	}
	return a
}

// Limited counts one reply that the rate limit kept back.
func (d *DNS) Limited(reply ReplyClass, action LimitAction) { d.abuse.limited[reply][action].Inc() }

// Cookie counts one query with a cookie.
func (d *DNS) Cookie(c Cookie) { d.abuse.cookies[c].Inc() }

// ConnOpened counts one TCP connection that was taken.
func (d *DNS) ConnOpened() { d.abuse.open.Inc() }

// ConnClosed counts the end of one that was taken.
func (d *DNS) ConnClosed() { d.abuse.open.Dec() }

// ConnEnded counts one TCP connection that the server ended or did not take.
func (d *DNS) ConnEnded(why ConnEnd) { d.abuse.ends[why].Inc() }
