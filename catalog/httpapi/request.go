package httpapi

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"muster/catalog"
	"muster/catalog/document"
)

// request is what a handler is given.
type request struct {
	*http.Request
	args   map[string]string // parameters of the path, decoded
	query  url.Values
	body   []byte
	cached bool   // see asksCached
	wait   func() // called before the handler blocks or streams: lifts the write deadline
	// shapes spares decode the look at its target's type; nil: it looks.
	shapes *document.Shapes
}

// has reports whether a flag such as ?recurse is there, with whatever value, as Consul does.
func (r *request) has(flag string) bool {
	_, ok := r.query[flag]
	return ok
}

// name returns a parameter of the path that names a row. NUL and its like stand
// in no name, and joined into a key of the state they could reach other rows.
func (r *request) name(param string) (string, error) {
	name := r.args[param]
	if name == "" {
		return "", catalog.Errorf(catalog.Invalid, "%s is missing from the path", param)
	}
	return name, plain(param, name)
}

// plain refuses control characters in what names a row.
func plain(field, value string) error {
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return catalog.Errorf(catalog.Invalid, "%s: contains a control character", field)
	}
	return nil
}

// newRequest reads the query of a request.
func newRequest(w http.ResponseWriter, r *http.Request, args map[string]string) (*request, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		// The error would quote the query, which may carry a token.
		return nil, catalog.Errorf(catalog.Invalid, "the query string is malformed")
	}
	control := http.NewResponseController(w)
	return &request{
		Request: r, args: args, query: query,
		wait: func() { _ = control.SetWriteDeadline(time.Time{}) },
	}, nil
}

// readBody reads the whole body, at most maxBodyBytes, and lifts its deadline. Only
// once a body is read does net/http notice that the client went away.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > maxBodyBytes {
		return nil, bodyTooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		return body, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, bodyTooLarge()
	}
	return nil, catalog.Errorf(catalog.Invalid, "the request body did not arrive whole: %w", err)
}

func bodyTooLarge() error {
	return catalog.Errorf(catalog.TooLarge, "request body is over the limit of %d bytes", maxBodyBytes)
}
