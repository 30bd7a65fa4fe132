package agent

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"muster/catalog/watch"
)

// Watch is a watch of a configuration: what to watch, and its handler, which is a script or a request.
type Watch struct {
	Plan    watch.Plan
	Args    []string      // of the script; empty: HTTP
	Timeout time.Duration // of a handler; more than 0
	HTTP    WatchHTTP
}

// WatchHTTP is a request that tells of a change.
type WatchHTTP struct {
	URL           string
	Method        string
	Header        map[string][]string
	TLSSkipVerify bool
}

// Default times that handlers may take.
const (
	scriptHandlerTimeout = 10 * time.Minute
	httpHandlerTimeout   = 10 * time.Second
	maxWatches           = 256
)

// watchDefinition is a watch as files state it.
type watchDefinition struct {
	Type        string `key:"type"`
	Key         string `key:"key"`
	Prefix      string `key:"prefix"`
	Service     string `key:"service"`
	Tags        any    `key:"tag"` // one, or a list
	PassingOnly bool   `key:"passingonly"`
	State       string `key:"state"`
	Name        string `key:"name"`
	Filter      string `key:"filter"`
	Stale       bool   `key:"stale"`
	Datacenter  string `key:"datacenter"`

	HandlerType string        `key:"handler_type"` // script or http; empty: script
	Args        []string      `key:"args"`
	Timeout     time.Duration `key:"timeout"` // of a script; not Consul's
	HTTP        struct {
		Path          string              `key:"path"`
		Method        string              `key:"method"`
		Header        map[string][]string `key:"header"`
		Timeout       time.Duration       `key:"timeout"`
		TLSSkipVerify bool                `key:"tls_skip_verify"`
	} `key:"http_handler_config"`
}

// watches gathers the watches of all files.
func (b *builder) watches() {
	for _, s := range b.sources {
		for i, def := range s.keys.Watches {
			at := fmt.Sprintf("watches[%d]", i)
			if s.broken(at) {
				continue
			}
			tell := func(field, format string, args ...any) {
				b.problems = append(b.problems, s.pos.Problem(at+"."+field, fmt.Sprintf(format, args...)))
			}
			w := def.watch()
			w.Plan.Tags = def.tags(tell)
			for _, p := range w.Plan.Validate() {
				tell(p.Field, "%s", p.Message)
			}
			def.handler(&w, b.cfg.EnableScriptChecks || b.cfg.EnableLocalScriptChecks, tell)
			for _, other := range b.cfg.Watches {
				if reflect.DeepEqual(other, w) {
					tell("type", "the same watch stands there already")
				}
			}
			b.cfg.Watches = append(b.cfg.Watches, w)
			if len(b.cfg.Watches) == maxWatches+1 {
				tell("type", "more than %d watches", maxWatches)
			}
		}
	}
}

func (d *watchDefinition) watch() Watch {
	return Watch{Plan: watch.Plan{
		Type: d.Type, Key: d.Key, Prefix: d.Prefix, Service: d.Service, PassingOnly: d.PassingOnly, State: d.State,
		Name: d.Name, Filter: d.Filter, Stale: d.Stale, Datacenter: d.Datacenter, Fresh: d.Type == "event",
	}}
}

// tags are those an instance must have.
func (d *watchDefinition) tags(tell func(field, format string, args ...any)) []string {
	list, isList := d.Tags.([]any)
	if !isList && d.Tags != nil {
		list = []any{d.Tags}
	}
	var out []string
	for _, v := range list {
		tag, ok := v.(string)
		if !ok || tag == "" {
			tell("tag", "is neither a tag nor a list of tags")
			return nil
		}
		out = append(out, tag)
	}
	return out
}

// handler judges and takes over what is to be done.
func (d *watchDefinition) handler(w *Watch, scripts bool, tell func(field, format string, args ...any)) {
	switch d.HandlerType {
	case "", "script":
		w.Args, w.Timeout = d.Args, scriptHandlerTimeout
		if d.Timeout != 0 {
			w.Timeout = d.Timeout
		}
		switch {
		case len(d.Args) == 0 || d.Args[0] == "":
			tell("args", "is missing: the program to run and its arguments")
		case !scripts:
			tell("args", "script handlers are off, like script checks; set enable_local_script_checks to true to run them")
		}
		if w.Timeout < 0 {
			tell("timeout", "%v is negative", w.Timeout)
		}
		if !reflect.ValueOf(d.HTTP).IsZero() {
			tell("http_handler_config", "needs a handler_type of http")
		}
	case "http":
		d.request(w, tell)
	default:
		tell("handler_type", "%q is neither script nor http", d.HandlerType)
	}
}

func (d *watchDefinition) request(w *Watch, tell func(field, format string, args ...any)) {
	h := d.HTTP
	w.HTTP = WatchHTTP{URL: h.Path, Method: h.Method, Header: h.Header, TLSSkipVerify: h.TLSSkipVerify}
	w.Timeout = httpHandlerTimeout
	if h.Timeout != 0 {
		w.Timeout = h.Timeout
	}
	if h.Method == "" {
		w.HTTP.Method = http.MethodPost
	}
	if u, err := url.Parse(h.Path); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		tell("http_handler_config.path", "%q is not a URL such as \"http://127.0.0.1:9000/changed\"", h.Path)
	} else if _, err := http.NewRequest(w.HTTP.Method, h.Path, nil); err != nil {
		tell("http_handler_config.method", "%v", err)
	}
	if w.Timeout < 0 {
		tell("http_handler_config.timeout", "%v is negative", w.Timeout)
	}
	if len(d.Args) > 0 || d.Timeout != 0 {
		tell("args", "and timeout are of scripts, and handler_type is http")
	}
}
