package httpapi

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"muster/catalog"
)

// ServeHTTP serves one request, whatever happens in its handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	s.deps.Metrics.Started()
	args := map[string]string{}
	rt := s.routes.match(strings.TrimPrefix(r.URL.EscapedPath(), "/"), true, args)
	template := unmatched
	if rt != nil {
		template = rt.template
	}
	out := &recorder{ResponseWriter: w}
	waited := false
	defer func() {
		p := recover()
		if p != nil {
			s.panicked(out, template, p)
		}
		took := time.Since(start)
		s.deps.Metrics.Served(template, out.code(), took, waited)
		s.log.Debug("http request", "method", r.Method, "route", template, "status", out.code(), "took", took, "from", r.RemoteAddr)
		if p != nil && out.aborted {
			panic(http.ErrAbortHandler) // net/http then cuts the connection, so that half an answer does not pass for one
		}
	}()
	waited = s.serve(out, r, rt, args)
}

// panicked turns a handler's panic into a 500, or when the answer has begun, into a cut connection.
func (s *Server) panicked(w *recorder, template string, p any) {
	w.aborted = w.status != 0
	if p == http.ErrAbortHandler {
		w.aborted = true
		return
	}
	s.log.Error("http handler panicked", "route", template, "panic", p, "stack", string(debug.Stack()))
	s.sendError(w, failf(http.StatusInternalServerError, internalText))
}

// serve answers a request and reports whether it blocked or streamed.
func (s *Server) serve(w *recorder, r *http.Request, rt *route, args map[string]string) (waited bool) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	setDeadlines(w, r)
	a, q, err := s.answer(w, r, rt, args)
	if err != nil {
		if r.Context().Err() != nil {
			err = errClientGone // whatever else it was, that is why
		}
		s.sendError(w, err)
		return a.waited
	}
	if a.serve != nil {
		a.serve.ServeHTTP(w, r)
		return a.waited
	}
	body, kind, err := a.content(q.has("pretty"))
	if err != nil {
		s.sendError(w, err)
		return a.waited
	}
	a.send(w, body, kind, takesGzip(r))
	return a.waited
}

// setDeadlines bounds what this request may take of its connection, whose former
// deadlines may have passed. A body that nobody reads is bounded too: net/http
// reads on to its end before the next request.
func setDeadlines(w http.ResponseWriter, r *http.Request) {
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetWriteDeadline(now.Add(bodyTimeout + writeTimeout))
	if r.ContentLength != 0 {
		_ = control.SetReadDeadline(now.Add(bodyTimeout))
	}
}

// answer finds out what to say.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, rt *route, args map[string]string) (answer, *request, error) {
	if err := s.guard(r); err != nil {
		return answer{}, nil, err
	}
	if rt == nil {
		return answer{}, nil, errNoRoute
	}
	return s.dispatch(w, r, rt, args)
}

// sendError is where errors meet the wire: one line of plain text. Failures of
// muster itself go to the log, and the client is told no more than that.
func (s *Server) sendError(w *recorder, err error) {
	if w.status != 0 {
		return // the answer has begun; nothing can be added
	}
	a := answer{kind: "text/plain; charset=utf-8"}
	var f *failure
	switch {
	case errors.As(err, &f):
		a.status, a.raw = f.status, []byte(f.text)
		if f.allow != "" {
			a.header = http.Header{"Allow": {f.allow}}
		}
	case catalog.CodeOf(err) == catalog.Internal:
		s.log.Error("http request failed", "error", err)
		a.status, a.raw = http.StatusInternalServerError, []byte(internalText)
	default:
		a.status, a.raw = statusOf(catalog.CodeOf(err)), []byte(oneLine(err.Error()))
	}
	a.send(w, a.raw, a.kind, false)
}

// oneLine keeps an error that quotes its input on one line.
func oneLine(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
}

// recorder remembers the status code that was sent.
type recorder struct {
	http.ResponseWriter
	status  int  // 0: nothing was sent yet
	aborted bool // the connection must not be used on
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
