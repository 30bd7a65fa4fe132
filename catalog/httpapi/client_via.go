package httpapi

import (
	"bytes"
	"io"
	"net/http"
)

// via has a handler of this process serve a client's requests, in the goroutine that asks. Answers are held in memory.
type via struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	served := r.Clone(r.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	served.RequestURI, served.RemoteAddr = r.URL.RequestURI(), "in-process"
	w := &answerBuffer{header: http.Header{}}
	v.ServeHTTP(w, served)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w.WriteHeader(http.StatusOK) // if nothing else was said
	return &http.Response{
		StatusCode: w.status, Header: w.sent, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// answerBuffer is an http.ResponseWriter that keeps an answer.
type answerBuffer struct {
	header, sent http.Header
	status       int // 0: none yet
	body         bytes.Buffer
}

func (a *answerBuffer) Header() http.Header { return a.header }

func (a *answerBuffer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answerBuffer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
