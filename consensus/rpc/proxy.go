package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"

	"muster/catalog"
)

// Proxy passes an HTTP API request to a server of this datacenter, as [Forwarder.ProxyTo], and waits for
// one to come in reach for as long as ForwarderConfig.Hold.
func (f *Forwarder) Proxy() http.Handler { return f.proxy("", f.cfg.Servers, f.cfg.Hold) }

// ProxyToLeader passes a request to whoever leads, and waits for one in the same way: the leader that is known may
// have died just now.
func (f *Forwarder) ProxyToLeader() http.Handler {
	return f.proxy("", func() []string {
		if leader := f.Leader(); leader != "" {
			return []string{leader}
		}
		return nil
	}, f.cfg.Hold)
}

// ProxyTo returns a handler that passes a request to one of the servers of a
// datacenter ("": this one), each agent to one of its own, blocking and streaming
// ones included. It moves on to the next server when one fails: a GET or HEAD as
// long as nothing of its answer was passed on, anything else only if no connection
// was there to send it over. 503 when no server is left.
//
// The caller has refused what browsers must not send: the server sees an agent's
// request, without the headers that tell of the page behind it, or of other proxies.
func (f *Forwarder) ProxyTo(dc string, servers func() []string) http.Handler {
	return f.proxy(dc, servers, 0)
}

func (f *Forwarder) proxy(dc string, servers func() []string, hold time.Duration) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "server" // the carrier fills in which
			r.Out.Host = ""
			for _, name := range strangers {
				r.Out.Header.Del(name)
			}
		},
		Transport: &carrier{f: f, dc: dc, servers: servers, hold: hold},
		ModifyResponse: func(resp *http.Response) error {
			f.cfg.Metrics.Proxied(strconv.Itoa(resp.StatusCode/100) + "xx")
			return nil
		},
		ErrorHandler: f.unserved,
		ErrorLog:     slog.NewLogLogger(f.cfg.Logger.Handler(), slog.LevelDebug),
	}
}

// strangers are headers that no server gets: of a browser's page, of other proxies
// (ReverseProxy drops X-Forwarded-* by itself), and of changes of protocol.
var strangers = []string{
	"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User",
	"X-Real-Ip", "Connection", "Upgrade",
}

// unserved answers a request that no server served.
func (f *Forwarder) unserved(w http.ResponseWriter, r *http.Request, err error) {
	class, text := "unserved", ""
	switch {
	case r.Context().Err() != nil: // the client is gone, or this agent closes
		class, text = "gone", "the request was given up"
	case errors.Is(err, catalog.ErrOutcomeUnknown):
		text = "the server was lost; " + catalog.ErrOutcomeUnknown.Error()
	case errors.Is(err, errNoServer):
		text = "no server is known"
	default:
		text = "no server is in reach"
	}
	f.cfg.Metrics.Proxied(class)
	f.cfg.Logger.Debug("request not passed on", "error", err)
	http.Error(w, text, http.StatusServiceUnavailable)
}

var errNoServer = errors.New("no server is known")

// bind returns a context that ends with the forwarder too.
func (f *Forwarder) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unbind := context.AfterFunc(f.ctx, cancel)
	return ctx, func() { unbind(); cancel() }
}
