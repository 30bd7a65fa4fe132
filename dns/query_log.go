package dns

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"muster/metrics"
)

// sampled reports whether an answered query is to be written down. One in QueryLog
// is, by chance: no rhythm of questions escapes it for ever.
func (s *settings) sampled(rng *rand.Rand) bool {
	n := s.cfg.QueryLog
	return n > 0 && (n == 1 || rng.IntN(n) == 0)
}

// logQuery writes down what became of a query; a nil one could not be read.
func (h *Handler) logQuery(client netip.Addr, path metrics.Path, q *query, r reply, took time.Duration) {
	var question dns.Question
	if q != nil {
		question = q.question
	}
	h.log.Info("dns query", "client", client.Unmap(), "name", question.Name, "type", dns.Type(question.Qtype).String(),
		"rcode", rcodeName(r.rcode), "path", string(path), "took", took, "reason", r.reason.String())
}
