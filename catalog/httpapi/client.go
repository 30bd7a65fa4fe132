package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ClientConfig says which agent a Client talks to and how.
type ClientConfig struct {
	// Addr is the agent's HTTP address: "host:port", "http://host:port",
	// "https://host:port" or "unix:///path". Empty: 127.0.0.1:8500.
	Addr string
	// Secure makes "host:port" mean https.
	Secure bool
	// Via serves the requests in this process; nothing is dialled then, and answers are not streamed. Nil: they go to Addr.
	Via http.Handler
	// TLS says whom https trusts and what it shows. Nil: the system's roots, and nothing.
	TLS *tls.Config
	// Token is sent as X-Consul-Token. Empty: none is sent.
	Token string
	// Timeout bounds each request from dialling to the last byte of the answer;
	// a stream's it bounds up to the answer's header. 0: one minute.
	Timeout time.Duration
}

const (
	clientDefaultAddr    = "127.0.0.1:8500"
	clientDefaultTimeout = time.Minute
	clientDialTimeout    = 5 * time.Second
	clientErrorBytes     = 4 << 10 // of an error's body, the rest is not read
)

// Client speaks to the HTTP API of one agent. It is safe for concurrent use.
type Client struct {
	base    url.URL
	addr    string // as people should read it
	token   string
	timeout time.Duration
	http    *http.Client
}

// NewClient makes a client. It opens no connection; the error is about the address.
func NewClient(cfg ClientConfig) (*Client, error) {
	if cfg.Addr == "" {
		cfg.Addr = clientDefaultAddr
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = clientDefaultTimeout
	}
	base, socket, err := clientAddress(cfg.Addr, cfg.Secure)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: clientDialTimeout}
	transport := &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       cfg.TLS,
		TLSHandshakeTimeout:   clientDialTimeout,
		ResponseHeaderTimeout: cfg.Timeout,
	}
	addr := base.Scheme + "://" + base.Host
	if socket != "" {
		addr = "unix://" + socket
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}
	}
	var trip http.RoundTripper = transport
	if cfg.Via != nil {
		trip, addr = via{cfg.Via}, "this agent"
	}
	return &Client{
		base: base, addr: addr, token: cfg.Token, timeout: cfg.Timeout,
		http: &http.Client{
			Transport: trip,
			// The token is for the agent that was named, not for whomever it points at.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// clientAddress splits an address into the URL to ask and, when it names one, the unix socket to dial.
func clientAddress(addr string, secure bool) (base url.URL, socket string, err error) {
	if path, ok := strings.CutPrefix(addr, "unix://"); ok {
		if path == "" {
			return base, "", fmt.Errorf("address %q names no socket; write unix:///path/to/socket", addr)
		}
		return url.URL{Scheme: "http", Host: "localhost"}, path, nil
	}
	text := addr
	if !strings.Contains(addr, "://") {
		text = "http://" + addr
		if secure {
			text = "https://" + addr
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return base, "", fmt.Errorf("address %q is none of host:port, http://host:port, https://host:port, unix:///path", addr)
	}
	return url.URL{Scheme: u.Scheme, Host: u.Host}, "", nil
}

// Addr returns the address the client talks to, with its scheme.
func (c *Client) Addr() string { return c.addr }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// clientCall is one request. Behind path stands the name of a row, which is one
// segment whatever it holds, or a key; both arrive as they are.
type clientCall struct {
	method, path, name, key string
	query                   url.Values
	body                    []byte
	also                    int // a status beside 200..299 that is no failure; 0: none
}

// at is the path for people.
func (c clientCall) at() string { return c.path + c.name + c.key }

// send performs a call and returns an answer that is no failure, whose body the caller closes.
func (c *Client) send(ctx context.Context, call clientCall) (*http.Response, error) {
	req, err := c.request(ctx, call, bytes.NewReader(call.body))
	if err != nil {
		return nil, err
	}
	return c.do(c.http, call, req)
}

// request makes the request of a call.
func (c *Client) request(ctx context.Context, call clientCall, body io.Reader) (*http.Request, error) {
	u := c.base
	u.Path = call.at()
	u.RawPath = call.path + clientEscapeName(call.name) + clientEscapeKey(call.key)
	u.RawQuery = call.query.Encode()
	req, err := http.NewRequestWithContext(ctx, call.method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("request %s %s: %w", call.method, call.path, err)
	}
	if c.token != "" {
		req.Header.Set("X-Consul-Token", c.token)
	}
	return req, nil
}

// do sends a call's request by a client of the caller's choice.
func (c *Client) do(by *http.Client, call clientCall, req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	resp, err := by.Do(req)
	if err != nil {
		return nil, c.failed(ctx, call, err)
	}
	if resp.StatusCode/100 == 2 || resp.StatusCode == call.also {
		return resp, nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, clientErrorBytes))
	if err != nil {
		return nil, c.failed(ctx, call, err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	return nil, &ClientError{Method: call.method, Path: call.at(), Status: resp.StatusCode, Message: strings.TrimSpace(line)}
}

// call performs a call within the client's timeout and returns the whole body of its answer.
func (c *Client) call(ctx context.Context, call clientCall) ([]byte, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	resp, err := c.send(ctx, call)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.failed(ctx, call, err)
	}
	return body, nil
}

// bounded returns a context that ends with the client's timeout.
func (c *Client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer in %v", c.timeout))
}

// decode performs a call and decodes the JSON of its answer.
func (c *Client) decode(ctx context.Context, call clientCall, into any) error {
	body, err := c.call(ctx, call)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s %s: the answer of %s is not what was expected: %w", call.method, call.at(), c.addr, err)
	}
	return nil
}

// failed says what went wrong below HTTP.
func (c *Client) failed(ctx context.Context, call clientCall, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL is said below, once
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &ClientUnreachableError{Addr: c.addr, Err: op.Err}
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s %s at %s: %w", call.method, call.at(), c.addr, err)
}
