package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const clientSnapshot = "/v1/snapshot"

// clientContinueTimeout is how long a large body waits for the agent to say that it
// wants it (RFC 9110 section 10.1.1). One that refuses, or passes on, says so first.
const clientContinueTimeout = 5 * time.Second

// SaveSnapshot returns the state of the cluster as an archive, which the caller reads,
// verifies and closes. It comes from the leader, or with q.Stale from any server. Reads
// fail when nothing comes for the client's timeout.
func (c *Client) SaveSnapshot(ctx context.Context, q ClientQuery) (io.ReadCloser, error) {
	ctx, stall := c.stalling(ctx)
	call := clientCall{method: http.MethodGet, path: clientSnapshot, query: q.values()}
	resp, err := c.send(ctx, call)
	if err != nil {
		stall.end()
		return nil, err
	}
	failed := func(err error) error { return c.failed(ctx, call, err) }
	return &steady{r: resp.Body, stall: stall, failed: failed, close: resp.Body.Close}, nil
}

// RestoreSnapshot replaces the state of the cluster by an archive of a size. It fails
// when nothing of the archive is taken for the client's timeout, or when the cluster has
// not taken all of it within a quarter of an hour afterwards; only then is the outcome unknown.
func (c *Client) RestoreSnapshot(ctx context.Context, archive io.Reader, size int64, datacenter string) error {
	ctx, stall := c.stalling(ctx)
	defer stall.end()
	call := clientCall{method: http.MethodPut, path: clientSnapshot, query: ClientQuery{Datacenter: datacenter}.values()}
	req, err := c.request(ctx, call, &steady{r: archive, stall: stall})
	if err != nil {
		return err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Expect", "100-continue")
	by, done := c.patient()
	defer done()
	resp, err := c.do(by, call, req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// patient returns a client that waits for an answer as long as a restore may take.
func (c *Client) patient() (by *http.Client, done func()) {
	by = &http.Client{Transport: c.http.Transport, CheckRedirect: c.http.CheckRedirect}
	t, ok := c.http.Transport.(*http.Transport)
	if !ok {
		return by, func() {}
	}
	t = t.Clone()
	t.ResponseHeaderTimeout = restoreTimeout + restoreTimeout/2 // beside the restore there is the verifying
	t.ExpectContinueTimeout = clientContinueTimeout
	by.Transport = t
	return by, t.CloseIdleConnections
}

// stall ends a context when a stream stands still.
type stall struct {
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelCauseFunc
}

// stalling returns a context that ends when a stream, once it was begun, stands still for the client's timeout.
func (c *Client) stalling(ctx context.Context) (context.Context, *stall) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stall{limit: c.timeout, cancel: cancel}
	s.timer = time.AfterFunc(s.limit, func() { cancel(fmt.Errorf("nothing moved for %v", s.limit)) })
	return ctx, s
}

func (s *stall) end() {
	s.timer.Stop()
	s.cancel(nil)
}

// steady is a stream that a stall watches.
type steady struct {
	r      io.Reader
	stall  *stall
	failed func(error) error // words what Read returns; nil: as it is
	close  func() error      // nil: whoever made r closes it
}

// Read implements io.Reader.
func (s *steady) Read(b []byte) (int, error) {
	s.stall.timer.Reset(s.stall.limit)
	n, err := s.r.Read(b)
	if err != nil {
		s.stall.timer.Stop()
	}
	if err != nil && err != io.EOF && s.failed != nil {
		err = s.failed(err)
	}
	return n, err
}

// Close implements io.Closer.
func (s *steady) Close() error {
	if s.close == nil {
		return nil
	}
	s.stall.end()
	return s.close()
}
