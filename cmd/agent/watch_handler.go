package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"muster/probes/child"
)

// watchHandler tells a script or a server of changes, one after another.
type watchHandler struct {
	def  Watch
	http *http.Client
	log  *slog.Logger
}

const (
	maxHandlerOutput = 4 << 10 // bytes of a handler's output, or answer, in the log
	handlerGrace     = 5 * time.Second
)

func newWatchHandler(def Watch, log *slog.Logger) *watchHandler {
	return &watchHandler{def: def, log: log, http: &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: def.HTTP.TLSSkipVerify}},
		// Where to tell is for the configuration to say, not for whoever answers.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (h *watchHandler) close() { h.http.CloseIdleConnections() }

// handle tells of one change. That the handler failed is logged, and no reason to stop watching.
func (h *watchHandler) handle(ctx context.Context, index uint64, news json.RawMessage) error {
	ctx, cancel := context.WithTimeoutCause(ctx, h.def.Timeout, fmt.Errorf("it took longer than %v", h.def.Timeout))
	defer cancel()
	start := time.Now()
	how, run := "script", h.script
	if len(h.def.Args) == 0 {
		how, run = "http", h.request
	}
	said, err := run(ctx, strconv.FormatUint(index, 10), append(news[:len(news):len(news)], '\n'))
	log := h.log.With("handler", how, "index", index, "took", time.Since(start).Round(time.Millisecond), "output", said)
	if err != nil {
		log.Warn("watch handler failed", "err", err)
		return nil
	}
	log.Info("watch handler ran")
	return nil
}

func (h *watchHandler) script(ctx context.Context, index string, news []byte) (said string, err error) {
	out := &child.Tail{Keep: maxHandlerOutput}
	end, err := child.Run(ctx, child.Command{
		Args: h.def.Args, Env: []string{"CONSUL_INDEX=" + index}, Stdin: bytes.NewReader(news),
		Stdout: out, Stderr: out, Grace: handlerGrace,
	})
	if err == nil && end.Code() != 0 {
		err = fmt.Errorf("exit code %d", end.Code())
	}
	return out.String(), err
}

func (h *watchHandler) request(ctx context.Context, index string, news []byte) (said string, err error) {
	req, err := http.NewRequestWithContext(ctx, h.def.HTTP.Method, h.def.HTTP.URL, bytes.NewReader(news))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, values := range h.def.HTTP.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
		if http.CanonicalHeaderKey(name) == "Host" && len(values) > 0 {
			req.Host = values[0]
		}
	}
	req.Header.Set("X-Consul-Index", index)
	resp, err := h.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxHandlerOutput))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("the answer is %s", resp.Status)
	}
	return string(body), err
}
