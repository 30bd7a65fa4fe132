package dns

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"muster/metrics"
)

// ResponseWriter takes the reply to one query. Write is called once at most, and
// does not keep the bytes; it may block no longer than the transport's write deadline.
type ResponseWriter interface {
	Client() netip.Addr
	UDP() bool
	Write(reply []byte) error
}

// Deps are what a handler reports to. Metrics is required; a nil Logger drops what is said, and
// without Recursor the tries of recursors are not counted.
type Deps struct {
	Logger  *slog.Logger
	Metrics *metrics.DNS

	Recursor *metrics.Recursor

	// Sockets were opened by whoever started the process. A server takes those of its
	// addresses in place of binding them, and any called SocketName. They stay their
	// owner's, who may close them after New.
	Sockets []*os.File
}

// settings is everything a reload replaces, as one value: a query sees the old or the new, never a mixture.
type settings struct {
	cfg      Config
	resolver *Resolver
	recursor *recursor // nil: none
	nsid     string    // hexadecimal
	rate     *rateLimit
}

// Handler turns query messages into reply messages.
type Handler struct {
	src      Source
	log      *slog.Logger
	metrics  *metrics.DNS
	upstream *metrics.Recursor
	rng      *rand.Rand
	current  atomic.Pointer[settings]
	forwards chan struct{} // one token per query that waits for recursors
	cookies  *cookieJar
	rates    *rateTable
}

// NewHandler makes a handler for a configuration, which it validates. It starts nothing.
func NewHandler(cfg Config, src Source, deps Deps) (*Handler, error) {
	if deps.Metrics == nil {
		return nil, errors.New("dns: metrics are missing")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{src: src, log: deps.Logger, metrics: deps.Metrics, upstream: deps.Recursor, rng: rand.New(global{})}
	now := time.Now()
	h.cookies, h.rates = newCookieJar(now), newRateTable(now)
	if err := h.reload(cfg); err != nil {
		return nil, err
	}
	h.forwards = make(chan struct{}, cfg.Limits.Forwards)
	return h, nil
}

// global draws from the process' generator, which is safe for concurrent use and
// has no seed: as a stateless source it makes a rand.Rand that many may share.
type global struct{}

func (global) Uint64() uint64 { return rand.Uint64() }

// reload replaces the settings, or leaves them when the configuration does not validate.
func (h *Handler) reload(cfg Config) error {
	resolver, err := NewResolver(cfg)
	if err != nil {
		return err
	}
	var before *recursor
	if set := h.current.Load(); set != nil {
		before = set.recursor
	}
	h.current.Store(&settings{
		cfg: cfg, resolver: resolver, recursor: newRecursor(cfg, before, h.log, h.upstream), nsid: hex.EncodeToString([]byte(cfg.NSID)),
		rate: newRateLimit(cfg, h.rates),
	})
	return nil
}

// ServeWire answers one query message. This is the one place that writes to a
// client. ctx bounds the wait for recursors; nothing else waits.
func (h *Handler) ServeWire(ctx context.Context, w ResponseWriter, wire []byte) {
	started := time.Now()
	head, ok := readHead(wire)
	if !ok || head.response {
		h.metrics.Dropped()
		return
	}
	set := h.current.Load()
	q, code := readQuery(head, wire)
	if code == dns.RcodeSuccess {
		q.client, q.udp = w.Client().Unmap(), w.UDP()
		h.takeCookie(q, started)
	}
	r := h.answer(ctx, set, head, wire, q, code)
	if w.UDP() {
		r = h.limit(set, w.Client(), wire, q, r, started)
	}
	if r.wire == nil {
		return
	}
	if err := w.Write(r.wire); err != nil {
		h.log.Debug("dns reply not sent", "client", w.Client(), "err", err)
	}
	took := time.Since(started)
	h.metrics.Query(metrics.Slow, r.qtype, rcodeName(r.rcode), took)
	if set.sampled(h.rng) {
		h.logQuery(w.Client(), metrics.Slow, q, r, took)
	}
}

// reply is a reply in wire form and what is said of it.
type reply struct {
	wire   []byte
	rcode  int
	qtype  string // for the metrics
	reason Reason
}

// answer makes the reply to a query, or to one that code says cannot be read. A panic on
// the way is a bug that must not take the agent down: it becomes SERVFAIL.
func (h *Handler) answer(ctx context.Context, set *settings, head head, wire []byte, q *query, code int) (r reply) {
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("dns reply failed", "query", hex.EncodeToString(wire), "panic", p, "stack", string(debug.Stack()))
			r = h.bare(head, nil, dns.RcodeServerFailure, "other")
		}
	}()
	if code != dns.RcodeSuccess {
		return h.bare(head, wire, code, "other")
	}
	a := h.decide(ctx, set, q)
	m := set.compose(q, a)
	qtype := dns.TypeToString[q.question.Qtype]
	packed, err := pack(m, q.limit(), q.udp, set.cfg.EnableTruncate)
	if err != nil {
		h.log.Error("dns reply does not pack", "name", q.question.Name, "type", qtype, "err", err)
		return h.bare(head, wire, dns.RcodeServerFailure, qtype)
	}
	return reply{wire: packed, rcode: m.Rcode, qtype: qtype, reason: a.Reason}
}

// bare makes a reply that says no more than a code.
func (h *Handler) bare(head head, wire []byte, rcode int, qtype string) reply {
	packed, err := head.bare(wire, rcode).Pack()
	if err != nil {
		panic("dns: a bare header does not pack: " + err.Error())
	}
	r := reply{wire: packed, rcode: rcode, qtype: qtype}
	if rcode == dns.RcodeServerFailure {
		r.reason.Kind = InternalError
	}
	return r
}

// decide finds the answer to a readable query. A panic on the way must not look like
// a missing name either: it becomes SERVFAIL, with the question and an extended error.
func (h *Handler) decide(ctx context.Context, set *settings, q *query) (a Answer) {
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("dns question failed", "name", q.question.Name, "type", q.question.Qtype, "panic", p, "stack", string(debug.Stack()))
			a = failed(InternalError)
		}
	}()
	if early, done := set.refuse(q); done {
		return early
	}
	a = set.resolver.Resolve(Question{Name: q.question.Name, Type: q.question.Qtype, UDP: q.udp, Client: q.origin()}, h.src.View(), h.rng)
	switch {
	case a.Reason.Kind == NotInZone:
		return h.forward(ctx, set, q, a)
	case a.Outside != "" && set.recurses(q):
		return h.follow(ctx, set, q, a)
	}
	return a
}

// refuse answers what needs no look at the catalog.
func (s *settings) refuse(q *query) (Answer, bool) {
	switch {
	case q.edns.version > 0:
		return Answer{Rcode: dns.RcodeBadVers}, true
	case q.edns.malformed:
		return Answer{Rcode: dns.RcodeFormatError}, true
	case q.empty() && q.cookie == badCookie:
		return Answer{Rcode: dns.RcodeBadCookie}, true
	case q.empty():
		return Answer{}, true
	case q.question.Qclass == dns.ClassCHAOS:
		return s.chaos(q.question), true
	case q.question.Qclass != dns.ClassINET:
		return Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: ClassRefused}}, true
	}
	return refuseType(q.question.Qtype)
}

// refuseType answers questions of a type that no name has.
func refuseType(qtype uint16) (Answer, bool) {
	switch qtype {
	case dns.TypeNone, dns.TypeOPT, dns.TypeTSIG:
		return Answer{Rcode: dns.RcodeFormatError}, true
	case dns.TypeAXFR, dns.TypeIXFR, dns.TypeMAILA, dns.TypeMAILB, dns.TypeTKEY:
		return Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: TypeRefused}}, true
	}
	return Answer{}, false
}

// offersRecursion reports whether recursors are asked for a client.
func (s *settings) offersRecursion(client netip.Addr) bool {
	return s.recursor != nil && contains(s.cfg.RecursorNetworks, client)
}

// compose makes the reply message of an answer. The OPT record comes last.
func (s *settings) compose(q *query, a Answer) *dns.Msg {
	m := &dns.Msg{
		MsgHdr: dns.MsgHdr{
			Id: q.msg.Id, Response: true, Authoritative: a.Authoritative, Rcode: a.Rcode,
			RecursionDesired: q.msg.RecursionDesired, CheckingDisabled: q.msg.CheckingDisabled,
			RecursionAvailable: s.offersRecursion(q.client),
		},
		Compress: !s.cfg.DisableCompression,
		Question: q.msg.Question,
		Answer:   a.Answer, Ns: a.Ns, Extra: a.Extra,
	}
	own := options{nsid: s.nsid, cookie: q.cookies, personal: a.Personal, errors: a.extended(contains(s.cfg.ExplainNetworks, q.client))}
	if !q.udp {
		own.idle = s.cfg.Limits.Idle
	}
	if o := q.edns.reply(own); o != nil {
		m.Extra = append(m.Extra, o)
	}
	return m
}

func rcodeName(code int) string {
	if code == dns.RcodeBadVers {
		return "BADVERS" // miekg names 16 after TSIG
	}
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return strconv.Itoa(code)
}
