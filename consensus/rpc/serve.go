package rpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"muster/catalog"
)

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler) // the connection has ended already
	}
	defer s.handlers.Done()
	s.route(w, r)
}

// route is not a ServeMux: that would redirect keys that hold "//" or "..".
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case pathApply:
		s.answer(w, r, http.MethodPost, s.apply)
	case pathIndex:
		s.answer(w, r, http.MethodGet, s.index)
	case pathPeers:
		s.answer(w, r, http.MethodGet, s.peers)
	case pathPromise:
		s.answer(w, r, http.MethodGet, s.promise)
	case pathStanding:
		s.answer(w, r, http.MethodGet, s.standing)
	case pathFeed:
		s.feed(w, r)
	default:
		s.api(w, r)
	}
}

// enter counts a request in, until Close has seen the last one out: a request of
// HTTP/2 may outlive its connection, and even begin behind its end.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.handlers.Add(1)
	return true
}

// answer serves one question within the time its asker has.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, method string, find answerer) {
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(now.Add(bodyTimeout))
	if r.Method != method {
		http.Error(w, "only "+method, http.StatusMethodNotAllowed)
		return
	}
	wait, err := waitOf(r.Header)
	if err != nil {
		reply{outcome: outcomeOf(false, err)}.send(w)
		return
	}
	_ = control.SetWriteDeadline(now.Add(bodyTimeout + maxWait + writeTimeout))
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	body, err := readCommand(w, r)
	if err != nil {
		replyTo(catalog.Result{}, err).send(w)
		return
	}
	_ = control.SetReadDeadline(time.Time{}) // net/http may now notice that the asker left
	find(ctx, r, body).send(w)
}

// answerer finds the reply to a question with its whole body.
type answerer func(ctx context.Context, r *http.Request, body []byte) reply

// apply commits a command.
func (s *Server) apply(ctx context.Context, r *http.Request, body []byte) reply {
	c, err := catalog.Decode(body)
	if err != nil {
		return reply{outcome: outcomeOf(false, catalog.Errorf(catalog.Invalid, "%w", err))}
	}
	if away, leader := s.away(); away {
		return s.elsewhere(ctx, r, leader, body)
	}
	answer := replyTo(s.cfg.Member.Apply(ctx, c))
	if answer.Fate == nothing {
		// Leadership may just have gone; the asker need not find out by himself to whom.
		answer.Leader, _ = s.cfg.Member.LeaderWatch()
	}
	if answer.Fate == settled || answer.Fate == late {
		answer.Index = s.cfg.State().Applied() // at or behind the command, so that who was late is not so again
	}
	return answer
}

// index tells the index that a state must reach.
func (s *Server) index(ctx context.Context, r *http.Request, _ []byte) reply {
	mode, ok := modes[r.URL.Query().Get("mode")]
	if !ok {
		return reply{outcome: outcomeOf(false, catalog.Errorf(catalog.Invalid, "mode is none of default, consistent"))}
	}
	if away, leader := s.away(); away {
		return s.elsewhere(ctx, r, leader, nil)
	}
	index, err := s.cfg.Member.ReadIndex(ctx, mode)
	if err != nil {
		return reply{Fate: nothing, outcome: outcomeOf(false, err)}
	}
	return reply{Index: index}
}

var modes = map[string]catalog.Consistency{"default": catalog.Default, "consistent": catalog.Consistent}

// nameOf is the inverse of modes.
func nameOf(mode catalog.Consistency) string {
	if mode == catalog.Consistent {
		return "consistent"
	}
	return "default"
}

func (s *Server) peers(context.Context, *http.Request, []byte) reply {
	return reply{Peers: s.cfg.Member.Peers()}
}

// away reports whether another server leads, or none, and which. Raft's leader
// takes writes already while it is getting ready for reads.
func (s *Server) away() (bool, string) {
	leader, _ := s.cfg.Member.LeaderWatch()
	return leader != s.cfg.Address && !s.cfg.Member.IsLeader(), leader
}

// readCommand reads a body of at most maxCommandBytes.
func readCommand(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCommandBytes))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, catalog.Errorf(catalog.TooLarge, "command is over the limit of %d bytes", maxCommandBytes)
	}
	if err != nil {
		return nil, nothing.err("the command did not arrive whole: " + err.Error())
	}
	return body, nil
}
