package rpc

import (
	"context"
	"net/http"

	"muster/catalog"
)

// elsewhere answers a question that another server, or none, can answer: with the
// leader's name or, to an agent that asks for it because it does not reach that one, with the leader's answer.
func (s *Server) elsewhere(ctx context.Context, r *http.Request, leader string, body []byte) reply {
	params := r.URL.Query()
	if leader == "" || s.cfg.Relay == nil || params.Get(relayParam) == "" {
		return reply{Fate: elsewhere, Leader: leader}
	}
	params.Del(relayParam)
	s.cfg.Metrics.Relayed()
	return s.cfg.Relay().relay(ctx, leader, query{path: r.URL.Path, params: params, body: body})
}

// relay puts another agent's question to the leader, once.
func (f *Forwarder) relay(ctx context.Context, leader string, q query) reply {
	r, sent, err := f.askOne(ctx, leader, q)
	if err == nil {
		return r
	}
	what := nothing
	if sent {
		what = unknown
	}
	return reply{Fate: what, outcome: outcomeOf(false, catalog.Errorf(catalog.Unavailable, "%w", err))}
}
