package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
}

// ask puts a question to the server at addr, and if that says who leads instead of
// it, to that one: agents know the leader, so there is one hop, and two after an election.
// sent tells of an error whether the question may have reached a leader.
func (f *Forwarder) ask(ctx context.Context, addr string, q query) (r reply, sent bool, err error) {
	r, sent, err = f.askOne(ctx, addr, q)
	if err == nil && r.Fate == elsewhere && r.Leader != "" && r.Leader != addr && r.Leader != f.cfg.Address {
		return f.askOne(ctx, r.Leader, q)
	}
	return r, sent, err
}

// askOne is call for as long as no other server comes to lead.
func (f *Forwarder) askOne(ctx context.Context, addr string, q query) (reply, bool, error) {
	ctx, stop := f.untilDeposed(ctx, addr)
	defer stop()
	r, sent, err := f.call(ctx, addr, q)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
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
	u := url.URL{Scheme: "http", Host: addr, Path: q.path, RawQuery: q.params.Encode()}
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
