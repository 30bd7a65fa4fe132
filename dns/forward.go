package dns

import (
	"bytes"
	"context"

	"github.com/miekg/dns"

	"muster/catalog"
)

// recurses reports whether recursors may be asked on behalf of a query.
func (s *settings) recurses(q *query) bool {
	return q.msg.RecursionDesired && s.offersRecursion(q.client)
}

// forward answers a question outside our zones with what a recursor says, when
// this client may have that, else with the refusal it was handed.
func (h *Handler) forward(ctx context.Context, set *settings, q *query, refusal Answer) Answer {
	if !set.recurses(q) {
		if set.recursor != nil && q.msg.RecursionDesired {
			refusal.Reason.Kind = Prohibited
		}
		return refusal
	}
	if name, err := wireName(q.question.Name); err == nil && set.recursor.loops(name, q.question.Qtype) {
		refusal.Reason = Reason{Kind: ForwardLoop}
		return refusal
	}
	m, why := h.ask(ctx, set, q, q.question)
	if m == nil {
		return Answer{Rcode: dns.RcodeServerFailure, Reason: why}
	}
	return Answer{Rcode: m.Rcode, Answer: m.Answer, Ns: m.Ns, Extra: m.Extra}
}

// follow completes an answer whose last CNAME leads out of our zones, with the
// records of the type asked. The TTLs are the recursor's.
func (h *Handler) follow(ctx context.Context, set *settings, q *query, a Answer) Answer {
	m, why := h.ask(ctx, set, q, dns.Question{Name: a.Outside, Qtype: q.question.Qtype, Qclass: dns.ClassINET})
	if m == nil {
		return Answer{Rcode: dns.RcodeServerFailure, Reason: why}
	}
	chain := chainFrom(a.Outside, q.question.Qtype, m.Answer)
	a.Rcode = m.Rcode
	a.Answer = append(a.Answer, chain...)
	if !hasType(chain, q.question.Qtype) {
		a.Ns = m.Ns // says how long the lack of records may be cached
	}
	return a
}

// chainFrom picks the CNAMEs that lead on from a name and the records at their end.
// What else an upstream sent is none of the question's business.
func chainFrom(name string, qtype uint16, records []dns.RR) []dns.RR {
	var out []dns.RR
	for range maxAliases {
		next := ""
		for _, rr := range records {
			h := rr.Header()
			if h.Class != dns.ClassINET || !catalog.EqualFold(h.Name, name) {
				continue
			}
			if c, ok := rr.(*dns.CNAME); ok && qtype != dns.TypeCNAME {
				out, next = append(out, rr), c.Target
			} else if h.Rrtype == qtype {
				out = append(out, rr)
			}
		}
		if next == "" {
			break
		}
		name = next
	}
	return out
}

func hasType(records []dns.RR, t uint16) bool {
	for _, rr := range records {
		if rr.Header().Rrtype == t {
			return true
		}
	}
	return false
}

// ask finds what the recursors say to a question: from what they said before, or by asking
// unless too many already wait for them. A nil message comes with the reason.
func (h *Handler) ask(ctx context.Context, set *settings, q *query, question dns.Question) (*dns.Msg, Reason) {
	spelled, err := wireName(question.Name)
	if err != nil {
		h.log.Error("question cannot be put to recursors", "err", err)
		return nil, Reason{Kind: InternalError}
	}
	name := bytes.Clone(spelled)
	lowerName(name)
	put := asked{name: name, qtype: question.Qtype, do: q.edns.do, cd: q.msg.CheckingDisabled}
	f, ok := set.recursor.kept(put)
	if !ok {
		select {
		case h.forwards <- struct{}{}:
			defer func() { <-h.forwards }()
		default:
			return nil, Reason{Kind: Overloaded}
		}
		f = set.recursor.resolve(ctx, put)
	}
	if f.err != nil {
		return nil, Reason{Kind: UpstreamFailed, Subject: f.err.Error()}
	}
	m, err := f.message(spelled, question.Name)
	if err != nil {
		h.log.Error("reply of a recursor cannot be handed on", "err", err)
		return nil, Reason{Kind: InternalError}
	}
	return m, Reason{}
}
