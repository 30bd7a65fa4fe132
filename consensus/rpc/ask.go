package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// query is a question to a server.
type query struct {
	path   string
	params url.Values
	body   []byte // POST when there is one
	relay  bool   // a server that does not lead passes it on to the one that does, instead of naming it
}

// ask puts a question to the server at addr, and if that says who leads instead of
// it, to that one: agents know the leader, so there is one hop, and two after an
// election. If that one does not answer this agent, it is asked through the other.
// sent tells of an error whether the question may have reached a leader.
func (f *Forwarder) ask(ctx context.Context, addr string, q query) (r reply, sent bool, err error) {
	r, sent, err = f.askOne(ctx, addr, q)
	switch {
	case err != nil || r.Fate != elsewhere || r.Leader == "" || r.Leader == addr || r.Leader == f.cfg.Address:
		return r, sent, err
	case f.detour.direct(r.Leader):
		q.relay = false
		return f.askOne(ctx, r.Leader, q)
	case !q.relay:
		q.relay = true
		return f.askOne(ctx, addr, q)
	}
	return r, sent, err
}

// askOne is call for as long as no other server comes to lead.
func (f *Forwarder) askOne(ctx context.Context, addr string, q query) (reply, bool, error) {
	within, stop := f.untilDeposed(ctx, addr)
	defer stop()
	r, sent, err := f.call(within, addr, q)
	why := context.Cause(within)
	if err == nil || ctx.Err() == nil && (why == nil || errors.Is(why, errSlow)) { // else the server is not to blame
		f.detour.note(addr, err == nil)
	}
	if err != nil && why != nil {
		err = fmt.Errorf("%w: %w", why, err)
	}
	return r, sent, err
}

// untilDeposed returns a context for one question to the leader at addr. Beside its
// time it ends when another server comes to lead: one that died with its whole
// machine never refuses anything. The leader's going away is no reason, it may come back.
func (f *Forwarder) untilDeposed(ctx context.Context, addr string) (context.Context, func()) {
	ctx, giveUp := context.WithTimeoutCause(ctx, f.cfg.Attempt, errSlow)
	ctx, cancel := context.WithCancelCause(ctx)
	known, changed := f.leader()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for now := known; ; now, changed = f.leader() {
			if now != "" && now != known && now != addr {
				cancel(errDeposed)
				return
			}
			select {
			case <-changed:
			case <-f.ctx.Done():
				cancel(errClosed)
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); giveUp(); <-ended }
}

// call makes one request. sent is false when no connection was there to send it over.
func (f *Forwarder) call(ctx context.Context, addr string, q query) (_ reply, sent bool, _ error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := newRequest(ctx, addr, q)
	if err != nil {
		return reply{}, false, err
	}
	resp, err := f.links.to("").RoundTrip(req)
	if err != nil {
		return reply{}, connected.Load(), fmt.Errorf("ask %s: %w", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return reply{}, true, fmt.Errorf("ask %s: %s", addr, refusalOf(resp))
	}
	r, err := decodeReply(resp.Body)
	if err != nil {
		return reply{}, true, fmt.Errorf("ask %s: %w", addr, err)
	}
	return r, true, nil
}

func newRequest(ctx context.Context, addr string, q query) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	}
	params := url.Values{}
	maps.Copy(params, q.params)
	if q.relay {
		params.Set(relayParam, "1")
	}
	u := url.URL{Scheme: "http", Host: addr, Path: q.path, RawQuery: params.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", addr, err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		setWait(req.Header, deadline)
	}
	return req, nil
}

// refusalOf is the text of an answer that is no success.
func refusalOf(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 512))
	if err != nil || len(text) == 0 {
		return errors.New(resp.Status)
	}
	return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(text))
}
