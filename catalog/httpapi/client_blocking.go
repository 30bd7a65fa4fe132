package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// ClientRead is what a blocking read asks for. Behind Path, which begins with /v1/, stands the
// name of a row or a key, or neither.
type ClientRead struct {
	Path, Name, Key string
	Query           url.Values // without index and wait
}

// Blocking reads until what is asked for is newer than an index, or for about three quarters of the
// client's timeout; index 0 does not wait. It returns the answer as it is, nil when there is no such
// thing, and its index.
func (c *Client) Blocking(ctx context.Context, read ClientRead, index uint64) (body []byte, at uint64, err error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	query := url.Values{}
	for name, values := range read.Query {
		query[name] = values
	}
	if index > 0 {
		query.Set("index", strconv.FormatUint(index, 10))
		query.Set("wait", (c.timeout * 3 / 4).String())
	}
	call := clientCall{method: http.MethodGet, path: read.Path, name: read.Name, key: read.Key, query: query, also: http.StatusNotFound}
	resp, err := c.send(ctx, call)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, 0, c.failed(ctx, call, err)
	}
	at, err = strconv.ParseUint(resp.Header.Get("X-Consul-Index"), 10, 64)
	if err != nil || at == 0 {
		return nil, 0, fmt.Errorf("%s %s: the answer %d of %s has no index", call.method, call.at(), resp.StatusCode, c.addr)
	}
	if resp.StatusCode == http.StatusNotFound {
		body = nil
	}
	return body, at, nil
}
