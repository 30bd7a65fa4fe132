package httpapi

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// ClientAnswer is an answer of the agent as it came.
type ClientAnswer struct {
	Header http.Header
	Body   []byte
	Cut    bool // there was more of it than was asked for
}

// Raw reads a path, which begins with a slash and needs no escapes, and keeps up to most bytes of the answer.
// It may take the client's timeout.
func (c *Client) Raw(ctx context.Context, path string, query url.Values, most int64) (ClientAnswer, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	call := clientCall{method: http.MethodGet, path: path, query: query}
	resp, err := c.send(ctx, call)
	if err != nil {
		return ClientAnswer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return ClientAnswer{}, c.failed(ctx, call, err)
	}
	a := ClientAnswer{Header: resp.Header, Body: body}
	if int64(len(body)) > most {
		a.Body, a.Cut = body[:most], true
	}
	return a, nil
}
