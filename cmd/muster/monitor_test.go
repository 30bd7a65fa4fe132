package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// interrupter ends a command's context once it has printed something, as Ctrl-C does.
type interrupter struct {
	bytes.Buffer
	interrupt context.CancelFunc
}

func (i *interrupter) Write(p []byte) (int, error) {
	i.interrupt()
	return i.Buffer.Write(p)
}

func TestMonitorStreamsUntilInterrupted(t *testing.T) {
	asked := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.RequestURI()
		_, _ = io.WriteString(w, "one line\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupter{interrupt: cancel}
	var stderr bytes.Buffer
	code := run(ctx, words("muster monitor -log-level=DEBUG -log-json -http-addr "+srv.URL), nil, out, &stderr, func(string) string { return "" })
	if code != 0 || out.String() != "one line\n" || stderr.Len() > 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, out, &stderr)
	}
	if got := <-asked; got != "/v1/agent/monitor?logjson=true&loglevel=debug" {
		t.Errorf("asked %s", got)
	}
}

func TestMonitorTellsThatTheAgentWentAway(t *testing.T) {
	agent := newFakeAgent(t, map[string]string{"GET /v1/agent/monitor?loglevel=info": "200 last words\n"})
	stdout, stderr, code := command(t, "", map[string]string{"CONSUL_HTTP_ADDR": agent.addr}, "monitor")
	if code != 1 || stdout != "last words\n" || !strings.Contains(stderr, "ended the log") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
