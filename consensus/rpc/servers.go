package rpc

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// What servers ask one another, be there a leader or not.
const (
	pathPromise  = "/rpc/promise"
	pathStanding = "/rpc/standing"
)

// Standing is how far a server's log is.
type Standing struct {
	Term        uint64        // of raft
	LastIndex   uint64        // of its log
	LastContact time.Duration // since it heard the leader; 0 on the leader itself, negative: never
	Ready       bool          // it has loaded its catalog
}

// promise answers a founder of a cluster whether this server will be one of its servers.
func (s *Server) promise(_ context.Context, r *http.Request, _ []byte) reply {
	founder := r.URL.Query().Get("founder")
	return reply{outcome: outcome{OK: founder != "" && s.cfg.Promise != nil && s.cfg.Promise(founder)}}
}

func (s *Server) standing(context.Context, *http.Request, []byte) reply {
	if s.cfg.Standing == nil {
		return reply{}
	}
	now := s.cfg.Standing()
	return reply{Standing: &now}
}

// Promise asks the server at an address whether it will be one of the servers of a
// new cluster with a founder, by node id, and of no other for a while.
func (f *Forwarder) Promise(ctx context.Context, addr, founder string) (bool, error) {
	r, _, err := f.call(ctx, addr, query{path: pathPromise, params: url.Values{"founder": {founder}}})
	return r.OK, err
}

// Standing asks the server at an address how far its log is.
func (f *Forwarder) Standing(ctx context.Context, addr string) (Standing, error) {
	r, _, err := f.call(ctx, addr, query{path: pathStanding})
	if err != nil || r.Standing == nil {
		return Standing{LastContact: -1}, err
	}
	return *r.Standing, nil
}
