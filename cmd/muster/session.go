package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"muster/catalog/httpapi"
)

const (
	sessionTTL   = 15 * time.Second
	sessionRenew = 5 * time.Second
	// farewell bounds what is done after the end: releasing locks, ending a session.
	farewell = 5 * time.Second
)

// errSessionLost ends what was done under a session.
var errSessionLost = errors.New("the session has ended")

// heldSession is a session that is renewed until it is let go.
type heldSession struct {
	id    string
	ctx   context.Context // ends with the session, errSessionLost being the cause
	agent *httpapi.Client
	stop  context.CancelCauseFunc
	done  chan struct{}
}

func holdSession(ctx context.Context, agent *httpapi.Client, s httpapi.ClientSession) (*heldSession, error) {
	s.TTL = sessionTTL
	id, err := agent.CreateSession(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("create a session: %w", err)
	}
	h := &heldSession{id: id, agent: agent, done: make(chan struct{})}
	h.ctx, h.stop = context.WithCancelCause(ctx)
	go h.renew()
	return h, nil
}

// renew keeps the session. A server that does not answer is asked again until the session's time is up.
func (h *heldSession) renew() {
	defer close(h.done)
	last := time.Now()
	for pause(h.ctx, sessionRenew) == nil {
		ctx, cancel := context.WithTimeout(h.ctx, sessionRenew)
		err := h.agent.RenewSession(ctx, h.id)
		cancel()
		switch {
		case err == nil:
			last = time.Now()
		case httpapi.ClientNotFound(err), time.Since(last) > sessionTTL:
			h.stop(errSessionLost)
		}
	}
}

// end ends the session.
func (h *heldSession) end() error {
	h.stop(nil)
	<-h.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), farewell)
	defer cancel()
	return h.agent.DestroySession(ctx, h.id)
}
