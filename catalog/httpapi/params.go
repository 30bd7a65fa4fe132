package httpapi

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/catalog"
)

const (
	// defaultWait is how long a blocking query waits when ?wait does not say.
	defaultWait = 5 * time.Minute
	// maxWait is the longest wait; longer ones are cut to it, as Consul does.
	maxWait = 10 * time.Minute
	// jitterShare: up to wait/jitterShare is added, so that many waiters do not return as one.
	jitterShare = 16
)

// readOptions are the parameters that every read of the state takes.
type readOptions struct {
	mode catalog.Consistency
	// index of the answer the client has; 0 asks for an answer at once. The read
	// waits until its own index is greater, so an index from the future (of a state
	// since restored, say) waits its whole time and then tells the true one.
	index uint64
	wait  time.Duration
	// cached allows an answer from the agent's own copy, if it was known to be the
	// leader's at most maxAge ago; negative: however long ago.
	cached bool
	maxAge time.Duration
}

// readOptions reads ?stale, ?consistent, ?cached, ?index and ?wait.
func (r *request) readOptions() (readOptions, error) {
	o := readOptions{wait: defaultWait}
	switch stale, consistent := r.has("stale"), r.has("consistent"); {
	case stale && consistent:
		return o, catalog.Errorf(catalog.Invalid, "stale and consistent exclude each other")
	case r.cached && consistent:
		return o, catalog.Errorf(catalog.Invalid, "cached and consistent exclude each other")
	case stale:
		o.mode = catalog.Stale
	case consistent:
		o.mode = catalog.Consistent
	}
	if o.cached = r.cached; o.cached {
		o.maxAge = maxAge(r.Header)
	}
	index, err := r.uint("index")
	if err != nil {
		return o, err
	}
	o.index = index
	if text := r.query.Get("wait"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return o, catalog.Errorf(catalog.Invalid, "wait: %.40q is not a duration such as \"10s\"", text)
		}
		if d > 0 {
			o.wait = min(d, maxWait)
		}
	}
	return o, nil
}

// maxAge reads the max-age of a request's Cache-Control (RFC 9111 section 5.2.1.1),
// and must-revalidate as Consul does, as an age of 0. Negative: there is neither.
func maxAge(h http.Header) time.Duration {
	age := time.Duration(-1)
	for item := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		seconds, err := strconv.ParseUint(value, 10, 31)
		switch {
		case strings.EqualFold(name, "must-revalidate"):
			return 0
		case strings.EqualFold(name, "max-age") && err == nil:
			age = time.Duration(seconds) * time.Second
		}
	}
	return age
}

// jittered is the wait with up to a sixteenth added.
func (o readOptions) jittered() time.Duration {
	return o.wait + rand.N(o.wait/jitterShare+1)
}

// uint reads a parameter that is a number up to 2^64-1; 0 when it is not there.
func (r *request) uint(param string) (uint64, error) {
	text := r.query.Get(param)
	if text == "" && !r.has(param) {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, catalog.Errorf(catalog.Invalid, "%s: %.40q is not a number in 0..18446744073709551615", param, text)
	}
	return n, nil
}

// flag reads a parameter that is true when there without a value, else by its value.
func (r *request) flag(param string) (bool, error) {
	text := r.query.Get(param)
	if text == "" {
		return r.has(param), nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, catalog.Errorf(catalog.Invalid, "%s: %.40q is neither true nor false", param, text)
	}
	return on, nil
}

// nodeMeta reads ?node-meta=key:value, which may be repeated: a node must have all of them.
func (r *request) nodeMeta() map[string]string {
	var want map[string]string
	for _, pair := range r.query["node-meta"] {
		if want == nil {
			want = map[string]string{}
		}
		key, value, _ := strings.Cut(pair, ":")
		want[key] = value
	}
	return want
}

// hasMeta reports whether a node carries every wanted key with its value.
func hasMeta(n *catalog.Node, want map[string]string) bool {
	for key, value := range want {
		if have, ok := n.Meta[key]; !ok || have != value {
			return false
		}
	}
	return true
}
