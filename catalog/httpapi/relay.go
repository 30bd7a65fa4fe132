package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// passOn makes the answer that has another agent serve the whole request. It lasts
// as long as data flows, or a blocking query waits, and ends with the server.
func (s *Server) passOn(q *request, to destination, there http.Handler) answer {
	return answer{waited: q.has("index"), serve: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, end := s.whileOpen(r.Context())
		defer end()
		r = r.Clone(ctx)
		s.nearElsewhere(q, to, r.URL)
		r.Header.Set(passedHeader, strconv.Itoa(int(to)))
		control := http.NewResponseController(w)
		switch {
		case q.body != nil: // a handler looked into it
			r.Body = io.NopCloser(bytes.NewReader(q.body))
		case r.ContentLength != 0:
			r.Body = &relayedBody{r.Body, control}
		}
		q.wait()
		there.ServeHTTP(&relay{w, control}, r)
	})}
}

// whileOpen returns a context that ends with the server, too, and what frees it.
func (s *Server) whileOpen(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); <-ended }
}

// relay is where an answer of another agent is written: each piece of it has its
// time, however long the whole takes.
type relay struct {
	http.ResponseWriter
	control *http.ResponseController
}

// WriteHeader implements http.ResponseWriter. A header that both agents set is sent once.
func (w *relay) WriteHeader(status int) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. Between writes there is no deadline: an
// HTTP/2 stream would die of it.
func (w *relay) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	n, err := w.ResponseWriter.Write(b)
	_ = w.control.SetWriteDeadline(time.Time{})
	return n, err
}

// Unwrap lets http.ResponseController flush.
func (w *relay) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// relayedBody is the body of a request that is passed on while it arrives.
type relayedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader. Past the end of the body nothing bounds the wait for
// the answer, and net/http can notice that the client goes away.
func (b *relayedBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
