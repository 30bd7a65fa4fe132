package rpc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"muster/catalog"
)

// maxHeldBytes is the largest answer that is read to its end before it is passed on,
// so that a server may die in the midst of it and nobody notices.
const maxHeldBytes = 256 << 10

// carrier brings a request to the first of some servers that serves it.
type carrier struct {
	f       *Forwarder
	dc      string
	servers func() []string
	hold    time.Duration // how long it waits for a server to come in reach, once none is
}

// Bounds of the pause between two rounds. Thousands of requests may wait; a change of leader ends it.
const (
	minRoundPause = 50 * time.Millisecond
	maxRoundPause = time.Second
)

// RoundTrip implements http.RoundTripper.
func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := c.f.bind(req.Context())
	body := &keptBody{ReadCloser: req.Body} // ReverseProxy closes the body itself
	var until time.Time                     // a blocking query may have waited for long before its server goes
	for pause := minRoundPause; ; pause = min(2*pause, maxRoundPause) {
		_, changed := c.f.leader()
		resp, again, err := c.round(ctx, req, body)
		if err == nil {
			resp.Body = &boundBody{resp.Body, cancel}
			return resp, nil
		}
		if until.IsZero() {
			until = time.Now().Add(c.hold)
		}
		if left := time.Until(until); !again || left <= 0 || !c.f.rest(ctx, changed, min(pause, left)) {
			cancel()
			return nil, err
		}
		c.f.cfg.Metrics.Retried("http")
	}
}

// round asks one server after the other. again tells, with an error, that nothing came of the request, so that it may be asked again.
func (c *carrier) round(ctx context.Context, req *http.Request, body *keptBody) (_ *http.Response, again bool, err error) {
	safe := (req.Method == http.MethodGet || req.Method == http.MethodHead) && req.ContentLength == 0
	err = errNoServer
	for n, addr := range c.f.spread.order(c.servers()) {
		if n > 0 {
			c.f.cfg.Metrics.Retried("http")
		}
		var resp *http.Response
		var sent bool
		resp, sent, err = c.try(ctx, req, addr, body, safe)
		if err == nil {
			return resp, false, nil
		}
		if ctx.Err() != nil || body.broken.Load() {
			return nil, false, err
		}
		if sent && !safe {
			return nil, false, fmt.Errorf("%w: %w", catalog.ErrOutcomeUnknown, err)
		}
	}
	return nil, true, err
}

// try asks one server. sent is false when the server has seen nothing of the
// request; hold reads the answer to its end if it is not large.
func (c *carrier) try(ctx context.Context, req *http.Request, addr string, body *keptBody, hold bool) (_ *http.Response, sent bool, _ error) {
	var connected atomic.Bool
	out := req.Clone(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	out.URL.Host, out.Host = addr, addr
	out.Body, out.GetBody = nil, nil
	if req.Body != nil && req.ContentLength != 0 {
		out.Body = body
	}
	resp, err := c.f.links.to(c.dc).RoundTrip(out)
	if err == nil && hold {
		err = holdBody(resp)
	}
	if err != nil && ctx.Err() == nil && !body.broken.Load() { // else the client failed
		c.f.spread.fail(addr)
	}
	return resp, connected.Load(), err
}

// holdBody reads an answer to its end, unless that may be far.
func holdBody(resp *http.Response) error {
	if resp.ContentLength <= 0 || resp.ContentLength > maxHeldBytes || resp.Request.Method == http.MethodHead {
		return nil
	}
	whole, err := io.ReadAll(resp.Body)
	resp.Body.Close() // it has been read
	resp.Body = io.NopCloser(bytes.NewReader(whole))
	return err
}

// keptBody is a request's body that is still there for a second attempt if the first did not touch it.
type keptBody struct {
	io.ReadCloser
	broken atomic.Bool // the client did not send all of it
}

// Read implements io.Reader.
func (b *keptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.broken.Store(true)
	}
	return n, err
}

// Close leaves the body to its owner.
func (b *keptBody) Close() error { return nil }

// boundBody frees what a request holds with its answer.
type boundBody struct {
	io.ReadCloser
	free context.CancelFunc
}

// Close implements io.Closer.
func (b *boundBody) Close() error {
	defer b.free()
	return b.ReadCloser.Close()
}
