package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"muster/catalog"
)

// Sessions is the leader's clock of sessions.
type Sessions interface {
	// Renew has a session live for its TTL from now on. The error is NotFound when there is
	// no such session, or its time was up, and Unavailable when this server does not lead.
	// It does not block.
	Renew(id string) error
}

func (s *Server) sessionRoutes() []route {
	return []route{
		{template: "/v1/session/create", place: ofServers, methods: put(s.createSession)},
		{template: "/v1/session/destroy/{id}", place: ofServers, methods: put(s.destroySession)},
		{template: "/v1/session/renew/{id}", place: byLeader, methods: put(s.renewSession)},
		{template: "/v1/session/info/{id}", place: ofServers, methods: get(s.getSession)},
		{template: "/v1/session/node/{node}", place: ofServers, methods: get(s.getSessionsOn)},
		{template: "/v1/session/list", place: ofServers, methods: get(s.getSessions)},
	}
}

// createSession makes a session, on the node of the agent that was asked unless the body says otherwise.
func (s *Server) createSession(r *request) (answer, error) {
	var body sessionBody
	if len(r.body) > 0 {
		if err := r.decodeKnowing(&body, foreignRowKey); err != nil {
			return answer{}, err
		}
	}
	if a, passed, err := s.elsewhereByBody(ofServers, r, body.Datacenter); passed || err != nil {
		return a, err
	}
	if body.Node == "" && r.Header.Get(passedHeader) != "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "Node: is missing, and the agent that was asked is of another datacenter")
	}
	session, err := body.session(s.cfg.Node)
	if err != nil {
		return answer{}, err
	}
	if _, err := s.apply(r, &catalog.CreateSession{Session: *session}); err != nil {
		return answer{}, failed(err)
	}
	return reply(struct{ ID string }{session.ID}), nil
}

// failed is an error of a command as Consul's clients expect it where they look at
// status and text: what the state refuses for its sessions' sake is a 500 that says why.
func failed(err error) error {
	code := catalog.CodeOf(err)
	own := !errors.Is(err, catalog.ErrNothingWritten) && !errors.Is(err, catalog.ErrOutcomeUnknown)
	if own && (code == catalog.NotFound || code == catalog.Conflict) {
		return failf(http.StatusInternalServerError, "%s", err.Error())
	}
	return err
}

// destroySession ends a session; there need not be one.
func (s *Server) destroySession(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return s.decide(r, &catalog.DestroySession{ID: id})
}

// renewSession is served by the leader, whose clock ends sessions. It makes sure
// that it led when the session was renewed: another leader's clock would know nothing of it.
func (s *Server) renewSession(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	if _, err := s.freshen(r.Context(), catalog.Default); err != nil {
		return answer{}, err
	}
	if s.deps.Sessions == nil {
		return answer{}, catalog.Errorf(catalog.Unavailable, "this agent does not keep the time of sessions")
	}
	err = s.renew(r.Context(), id)
	if err == nil {
		_, err = s.freshen(r.Context(), catalog.Default)
	}
	if err != nil && catalog.CodeOf(err) != catalog.NotFound {
		return answer{}, err
	}
	session, _ := s.deps.State.Snapshot().Session(id)
	if err != nil || session == nil {
		return answer{}, failf(http.StatusNotFound, "Session id '%.80s' not found", id)
	}
	return reply([]*Session{shapeSession(session)}), nil
}

// renewRecheck is between two tries to renew a session with a leader that was just elected.
const renewRecheck = 20 * time.Millisecond

// renew waits for as long as for a leader until this one keeps the time of sessions, which it
// does a moment after it was elected, or another server leads.
func (s *Server) renew(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, s.hold())
	defer cancel()
	for {
		err := s.deps.Sessions.Renew(id)
		if err == nil || catalog.CodeOf(err) != catalog.Unavailable {
			return err
		}
		if to, _ := s.atLeader(ctx); to != here {
			return err
		}
		select {
		case <-time.After(renewRecheck):
		case <-s.closing:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// getSession answers with a list of one session, or of none.
func (s *Server) getSession(r *request) (answer, error) {
	id, err := r.name("id")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		session, mark := snap.Session(id)
		out := []*Session{}
		if session != nil {
			out = append(out, shapeSession(session))
		}
		return found{value: out, mark: mark}, nil
	})
}

func (s *Server) getSessionsOn(r *request) (answer, error) {
	node, err := r.name("node")
	if err != nil {
		return answer{}, err
	}
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		sessions, mark := snap.SessionsOn(node)
		return found{value: each(sessions, shapeSession), mark: mark}, nil
	})
}

func (s *Server) getSessions(r *request) (answer, error) {
	return s.read(r, func(snap *catalog.Snapshot) (found, error) {
		sessions, mark := snap.Sessions()
		return found{value: each(sessions, shapeSession), mark: mark}, nil
	})
}
