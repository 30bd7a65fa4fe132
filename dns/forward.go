package dns

import (
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

// ask puts a question to the recursors, unless too many already wait. A nil message comes with the reason.
func (h *Handler) ask(ctx context.Context, set *settings, q *query, question dns.Question) (*dns.Msg, Reason) {
	select {
	case h.forwards <- struct{}{}:
		defer func() { <-h.forwards }()
	default:
		return nil, Reason{Kind: Overloaded}
	}
	m, err := set.recursor.resolve(ctx, question, q.msg.CheckingDisabled, q.edns.do)
	if err != nil {
		return nil, Reason{Kind: UpstreamFailed, Subject: err.Error()}
	}
	return m, Reason{}
}
