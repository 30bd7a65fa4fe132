package rpc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

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
}

// RoundTrip implements http.RoundTripper.
func (c *carrier) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := c.f.bind(req.Context())
	body := &onceBody{ReadCloser: req.Body}
	defer body.close()
	safe := (req.Method == http.MethodGet || req.Method == http.MethodHead) && req.ContentLength == 0
	err := errNoServer
	for n, addr := range c.f.spread.order(c.servers()) {
		if n > 0 {
			c.f.cfg.Metrics.Retried("http")
		}
		var resp *http.Response
		var sent bool
		resp, sent, err = c.try(ctx, req, addr, body, safe)
		if err == nil {
			resp.Body = &boundBody{resp.Body, cancel}
			return resp, nil
		}
		if ctx.Err() != nil {
			break
		}
		c.f.spread.fail(addr)
		if sent && !safe {
			err = fmt.Errorf("%w: %w", catalog.ErrOutcomeUnknown, err)
			break
		}
	}
	cancel()
	return nil, err
}

// try asks one server. sent is false when the server has seen nothing of the request.
func (c *carrier) try(ctx context.Context, req *http.Request, addr string, body *onceBody, hold bool) (_ *http.Response, sent bool, _ error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	out := req.Clone(ctx)
	out.URL.Host, out.Host = addr, addr
	out.Body, out.GetBody = nil, nil
	if body.ReadCloser != nil && req.ContentLength != 0 {
		out.Body = body
	}
	resp, err := c.f.links.to(c.dc).RoundTrip(out)
	if err != nil {
		return nil, connected.Load() || body.touched.Load(), err
	}
	if !hold || resp.ContentLength < 0 || resp.ContentLength > maxHeldBytes || req.Method == http.MethodHead {
		return resp, true, nil
	}
	whole, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, true, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(whole))
	return resp, true, nil
}

// onceBody is a request's body that survives an attempt which did not touch it.
type onceBody struct {
	io.ReadCloser
	touched atomic.Bool
}

// Read implements io.Reader.
func (b *onceBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	return b.ReadCloser.Read(p)
}

// Close leaves the body open for another attempt.
func (b *onceBody) Close() error { return nil }

func (b *onceBody) close() {
	if b.ReadCloser != nil {
		_ = b.ReadCloser.Close() // belongs to a request that is being served
	}
}

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
