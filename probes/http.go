package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"muster/catalog"
)

const (
	// reuseUnder is the interval under which probes share a connection. Slower
	// ones make a new one each time, as a new client of the target would.
	reuseUnder = 5 * time.Second
	// renewAfter is how long a connection is shared at most, so that a target
	// that takes no new ones, or moved to another address, is found out.
	renewAfter = 30 * time.Second
	// maxHeaderBytes bounds the header of an answer.
	maxHeaderBytes = 64 << 10
)

// openHTTP gives a check a transport of its own: at most one idle connection, and none after close.
// Proxies named in the environment are not for probes, and the transport asks for no compression, so
// that the body arrives as it would be shown.
func openHTTP(def *catalog.CheckDefinition, kept *budget) (probe, func()) {
	keep := reusable(def) && kept.take()
	t := newTransport(def, keep, kept.guard)
	client := &http.Client{Transport: t}
	if !def.FollowRedirects {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	wanted := expectations(def)
	renewed := time.Now()
	look := func(ctx context.Context, def *catalog.CheckDefinition) Result {
		res := probeHTTP(ctx, client, def, wanted)
		if res.Status != catalog.Passing || time.Since(renewed) > renewAfter {
			// This also ends a dial that outlived its probe, which the transport would finish for later use.
			t.CloseIdleConnections()
			renewed = time.Now()
		}
		return res
	}
	return look, func() {
		t.CloseIdleConnections()
		if keep {
			kept.give()
		}
	}
}

// newTransport returns the transport of one check. Buffers are small because there may be thousands.
func newTransport(def *catalog.CheckDefinition, keep bool, g guard) *http.Transport {
	var protos []string
	t := &http.Transport{
		DialContext:            g.dialer().DialContext,
		DisableCompression:     true,
		DisableKeepAlives:      !keep,
		MaxIdleConns:           1,
		IdleConnTimeout:        renewAfter,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ReadBufferSize:         1 << 10,
		WriteBufferSize:        1 << 10,
	}
	if def.HTTP2 {
		protos = []string{"h2"}
		t.Protocols = &http.Protocols{}
		t.Protocols.SetHTTP2(true)
		t.Protocols.SetUnencryptedHTTP2(true) // HTTP/1 is not among them, so this is by prior knowledge
		t.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 64 << 10}
	}
	t.DialTLSContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		return dial(ctx, def, g, address, true, protos...)
	}
	return t
}

// reusable reports whether probes may share connections. When a server closes an
// idle connection just as it is used, the transport asks again by itself, but only if a request can be repeated.
func reusable(def *catalog.CheckDefinition) bool {
	m := methodOf(def)
	return def.Interval < reuseUnder && def.Body == "" && (m == http.MethodGet || m == http.MethodHead || m == http.MethodOptions)
}

func methodOf(def *catalog.CheckDefinition) string {
	return strings.ToUpper(cmp.Or(def.Method, http.MethodGet))
}

// answer is what makes an HTTP answer a good one.
type answer struct {
	codes catalog.Codes  // empty: those of httpStatus
	body  *regexp.Regexp // nil: any
}

func expectations(def *catalog.CheckDefinition) answer {
	codes, err := catalog.ParseCodes(def.ExpectStatus)
	if err != nil {
		panic(err) // the definition is valid
	}
	return answer{codes, pattern(def.ExpectBody)}
}

// probeHTTP sends one request and judges the answer.
func probeHTTP(ctx context.Context, client *http.Client, def *catalog.CheckDefinition, wanted answer) Result {
	req, err := newRequest(ctx, def)
	if err != nil {
		return Result{catalog.Critical, fmt.Sprintf("HTTP %s: %v", methodOf(def), err)}
	}
	what := "HTTP " + req.Method + " " + req.URL.Redacted()
	resp, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // what already names method and URL
		}
		return failure(ctx, what, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, catalog.MaxCheckOutput))
	if err != nil {
		return failure(ctx, what+": "+resp.Status+", then the body broke off", err)
	}
	status, reason := wanted.judge(resp, body, def.HTTP2)
	return Result{status, what + ": " + resp.Status + reason + " Output: " + explain(resp, body)}
}

func newRequest(ctx context.Context, def *catalog.CheckDefinition) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, methodOf(def), def.HTTP, strings.NewReader(def.Body))
	if err != nil {
		return nil, err
	}
	if s := req.URL.Scheme; s != "http" && s != "https" {
		return nil, fmt.Errorf("scheme %q is neither http nor https", s)
	}
	req.Header.Set("User-Agent", "muster-probe")
	req.Header.Set("Accept", "text/plain, text/*, */*")
	for name, values := range def.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // the transport reads it here and nowhere else
	}
	return req, nil
}

// judge returns the status an answer makes, and what is wrong with one whose code alone would do.
func (a answer) judge(resp *http.Response, body []byte, http2 bool) (status catalog.Status, reason string) {
	if a.codes == nil {
		status = httpStatus(resp.StatusCode)
	} else if status = catalog.Passing; !a.codes.Has(resp.StatusCode) {
		return catalog.Critical, " is not expected."
	}
	switch {
	case status == catalog.Critical:
	case http2 && resp.ProtoMajor != 2:
		return catalog.Critical, " but in " + resp.Proto + "."
	case a.body != nil && !a.body.Match(body):
		return catalog.Critical, fmt.Sprintf(" but the body does not match %q.", a.body)
	}
	return status, ""
}

// httpStatus is what an answer means where its owner does not say: 2xx is passing,
// 429 (too many requests) a warning, anything else critical.
func httpStatus(code int) catalog.Status {
	switch {
	case code >= 200 && code <= 299:
		return catalog.Passing
	case code == http.StatusTooManyRequests:
		return catalog.Warning
	default:
		return catalog.Critical
	}
}

// explain is the body, or for a redirect why it was not followed.
func explain(resp *http.Response, body []byte) string {
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		return fmt.Sprintf("redirect to %q not followed; set follow_redirects to have it followed", to)
	}
	return string(body)
}
