package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

const clientKV = "/v1/kv/"

// Key returns one key; [ClientNotFound] tells of the error when there is none.
func (c *Client) Key(ctx context.Context, key string, q ClientQuery) (*Pair, error) {
	var pairs []Pair
	call := clientCall{method: http.MethodGet, path: clientKV, key: key, query: q.values()}
	if err := c.decode(ctx, call, &pairs); err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, &ClientError{Method: call.method, Path: call.at(), Status: http.StatusNotFound}
	}
	return &pairs[0], nil
}

// Keys returns every key that begins with prefix, in order; none is no error.
func (c *Client) Keys(ctx context.Context, prefix string, q ClientQuery) ([]Pair, error) {
	pairs := []Pair{}
	query := q.values()
	query.Set("recurse", "")
	err := c.decode(ctx, clientCall{method: http.MethodGet, path: clientKV, key: prefix, query: query}, &pairs)
	if ClientNotFound(err) {
		return pairs, nil
	}
	return pairs, err
}

// KeyNames returns the names of the keys that begin with prefix, each cut behind
// the first separator that follows the prefix; an empty separator cuts nothing. None is no error.
func (c *Client) KeyNames(ctx context.Context, prefix, separator string, q ClientQuery) ([]string, error) {
	names := []string{}
	query := q.values()
	query.Set("keys", "")
	if separator != "" {
		query.Set("separator", separator)
	}
	err := c.decode(ctx, clientCall{method: http.MethodGet, path: clientKV, key: prefix, query: query}, &names)
	if ClientNotFound(err) {
		return names, nil
	}
	return names, err
}

// ClientWrite holds the conditions of a write to a key.
type ClientWrite struct {
	Datacenter string // empty: the agent's own
	CAS        bool   // only if the key's ModifyIndex is Index; Index 0: only if there is no such key
	Index      uint64
}

func (w ClientWrite) values() url.Values {
	v := ClientQuery{Datacenter: w.Datacenter}.values()
	if w.CAS {
		v.Set("cas", strconv.FormatUint(w.Index, 10))
	}
	return v
}

// SetKey writes a key. It returns false when the condition did not hold.
func (c *Client) SetKey(ctx context.Context, key string, value []byte, flags uint64, w ClientWrite) (bool, error) {
	query := w.values()
	if flags != 0 {
		query.Set("flags", strconv.FormatUint(flags, 10))
	}
	var written bool
	err := c.decode(ctx, clientCall{method: http.MethodPut, path: clientKV, key: key, query: query, body: value}, &written)
	return written, err
}

// DeleteKey removes a key. It returns false when the condition did not hold.
func (c *Client) DeleteKey(ctx context.Context, key string, w ClientWrite) (bool, error) {
	var deleted bool
	err := c.decode(ctx, clientCall{method: http.MethodDelete, path: clientKV, key: key, query: w.values()}, &deleted)
	return deleted, err
}

// DeleteKeys removes every key that begins with prefix; an empty prefix is all keys.
func (c *Client) DeleteKeys(ctx context.Context, prefix, datacenter string) error {
	query := ClientQuery{Datacenter: datacenter}.values()
	query.Set("recurse", "")
	_, err := c.call(ctx, clientCall{method: http.MethodDelete, path: clientKV, key: prefix, query: query})
	return err
}
