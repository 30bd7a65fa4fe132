package dns

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
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

// Deps are what a handler reports to. Metrics is required; a nil Logger drops what is said.
type Deps struct {
	Logger  *slog.Logger
	Metrics *metrics.DNS
}

// settings is everything a reload replaces, as one value: a query sees the old or the new, never a mixture.
type settings struct {
	cfg      Config
	resolver *Resolver
	recursor *recursor // nil: none
	nsid     string    // hexadecimal
}

// Handler turns query messages into reply messages.
type Handler struct {
	src      Source
	log      *slog.Logger
	metrics  *metrics.DNS
	rng      *rand.Rand
	current  atomic.Pointer[settings]
	forwards chan struct{} // one token per query that waits for recursors
}

// NewHandler makes a handler for a configuration, which it validates. It starts nothing.
func NewHandler(cfg Config, src Source, deps Deps) (*Handler, error) {
	if deps.Metrics == nil {
		return nil, errors.New("dns: metrics are missing")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{src: src, log: deps.Logger, metrics: deps.Metrics, rng: rand.New(global{})}
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
	h.current.Store(&settings{
		cfg: cfg, resolver: resolver, recursor: newRecursor(cfg), nsid: hex.EncodeToString([]byte(cfg.NSID)),
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
	reply, qtype, rcode := h.answer(ctx, head, wire, w)
	if err := w.Write(reply); err != nil {
		h.log.Debug("dns reply not sent", "client", w.Client(), "err", err)
	}
	h.metrics.Query(metrics.Slow, qtype, rcode, time.Since(started))
}

// answer returns the wire form of the reply, and the names of type and rcode for the metrics.
func (h *Handler) answer(ctx context.Context, head head, wire []byte, w ResponseWriter) (reply []byte, qtype, rcode string) {
	set := h.current.Load()
	q, code := readQuery(head, wire)
	if code != dns.RcodeSuccess {
		return h.bare(head, code), "other", rcodeName(code)
	}
	q.client, q.udp = w.Client().Unmap(), w.UDP()
	m := set.compose(q, h.decide(ctx, set, q))
	qtype, rcode = dns.TypeToString[q.question.Qtype], rcodeName(m.Rcode)
	reply, err := pack(m, q.limit(), q.udp, set.cfg.EnableTruncate)
	if err != nil {
		h.log.Error("dns reply does not pack", "name", q.question.Name, "type", qtype, "err", err)
		return h.bare(head, dns.RcodeServerFailure), qtype, rcodeName(dns.RcodeServerFailure)
	}
	return reply, qtype, rcode
}

func (h *Handler) bare(head head, rcode int) []byte {
	reply, err := head.bare(rcode).Pack()
	if err != nil {
		panic("dns: a bare header does not pack: " + err.Error())
	}
	return reply
}

// decide finds the answer to a readable query. A panic on the way is a bug that
// must not take the agent down nor look like a missing name: it becomes SERVFAIL.
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
	a = set.resolver.Resolve(Question{Name: q.question.Name, Type: q.question.Qtype, UDP: q.udp}, h.src.View(), h.rng)
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
	case q.edns.present && q.edns.version > 0:
		return Answer{Rcode: dns.RcodeBadVers}, true
	case q.question.Qclass == dns.ClassCHAOS:
		return s.chaos(q.question), true
	case q.question.Qclass != dns.ClassINET:
		return Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: ClassRefused}}, true
	}
	switch q.question.Qtype {
	case dns.TypeNone, dns.TypeOPT, dns.TypeTSIG:
		return Answer{Rcode: dns.RcodeFormatError}, true
	case dns.TypeAXFR, dns.TypeIXFR, dns.TypeMAILA, dns.TypeMAILB, dns.TypeTKEY:
		return Answer{Rcode: dns.RcodeRefused, Reason: Reason{Kind: TypeRefused}}, true
	}
	return Answer{}, false
}

// compose makes the reply message of an answer. The OPT record comes last.
func (s *settings) compose(q *query, a Answer) *dns.Msg {
	m := &dns.Msg{
		MsgHdr: dns.MsgHdr{
			Id: q.msg.Id, Response: true, Authoritative: a.Authoritative, Rcode: a.Rcode,
			RecursionDesired: q.msg.RecursionDesired, CheckingDisabled: q.msg.CheckingDisabled,
			RecursionAvailable: s.recursor != nil && contains(s.cfg.RecursorNetworks, q.client),
		},
		Compress: !s.cfg.DisableCompression,
		Question: []dns.Question{q.question},
		Answer:   a.Answer, Ns: a.Ns, Extra: a.Extra,
	}
	if o := q.edns.reply(s.nsid, a.extended(contains(s.cfg.ExplainNetworks, q.client))); o != nil {
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
