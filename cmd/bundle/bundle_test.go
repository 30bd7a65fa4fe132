package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"muster/catalog/httpapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeAgent answers every path of a table, and its log until the client goes.
func fakeAgent(t *testing.T, answers map[string]string, monitor func(http.ResponseWriter, *http.Request)) *httpapi.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, known := answers[r.URL.Path]
		switch {
		case r.URL.Path == "/v1/agent/monitor" && monitor != nil:
			monitor(w, r)
		case known:
			_, _ = io.WriteString(w, body)
		default:
			http.Error(w, "no such thing", http.StatusNotFound)
		}
	}))
	t.Cleanup(srv.Close)
	c, err := httpapi.NewClient(httpapi.ClientConfig{Addr: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// logging writes a line and holds the stream open.
func logging(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "INF a line\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func self(debug bool) string {
	return fmt.Sprintf(`{"Config":{"NodeName":"n1","Server":true},"DebugConfig":{"EnableDebug":%t},"Stats":{}}`, debug)
}

// unpack returns the files of a bundle, and its index.
func unpack(t *testing.T, data []byte) (map[string]string, Index) {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, inside := strings.CutPrefix(h.Name, "b/")
		if !inside || h.Mode != 0o600 {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
		files[name] = string(body)
	}
	var index Index
	if err := json.Unmarshal([]byte(files["index.json"]), &index); err != nil {
		t.Fatal(err)
	}
	return files, index
}

func TestCollect(t *testing.T) {
	answers := map[string]string{
		"/v1/agent/self": self(true), "/v1/agent/host": `{}`, "/v1/agent/members": `[]`, "/v1/agent/checks/standing": `[{"Output":"token=hunter2"}]`,
		"/v1/agent/metrics": "a 1\n", "/debug/pprof/heap": "h", "/debug/pprof/goroutine": "g", "/debug/pprof/profile": "p", "/debug/pprof/trace": "t",
	}
	agent := fakeAgent(t, answers, logging)
	var out bytes.Buffer
	const each = 100 * time.Millisecond
	told, err := Collect(t.Context(), &out, Config{Agent: agent, Version: "1", Duration: 2 * each, Interval: each, Name: "b",
		Captures: []string{"agent", "host", "members", "checks", "operator", "metrics", "logs", "pprof"}})
	if err != nil {
		t.Fatal(err)
	}
	files, index := unpack(t, out.Bytes())
	for name, want := range map[string]string{
		"muster.log": "INF a line\n", "0000/metrics.json": "a 1\n", "0000/metrics.prom": "a 1\n", "0002/heap.prof": "h", "0002/goroutine.prof": "g",
		"profile.prof": "p", "trace.out": "t", "host.json": "{}\n", "members.json": "[]\n",
	} {
		if files[name] != want {
			t.Errorf("%s holds %q, want %q", name, files[name], want)
		}
	}
	if strings.Contains(files["checks.json"], "hunter2") || !strings.Contains(files["checks.json"], hidden) {
		t.Errorf("checks: %s", files["checks.json"])
	}
	if index.Interrupted || index.Agent.Node != "n1" || index.Version != "1" || index.Ended.Before(index.Began) || len(index.Captures) != len(told.Captures) {
		t.Errorf("index %+v", index)
	}
	if got := fmt.Sprint(index.Errors()); got != "[operator: the agent answered 404: no such thing]" {
		t.Errorf("errors %s", got)
	}
	if _, has := files["raft.json"]; has {
		t.Error("what could not be had is there")
	}
}

// Without enable_debug no profile is asked for, and the index says why there is none.
func TestCollectWithoutProfiles(t *testing.T) {
	agent := fakeAgent(t, map[string]string{"/v1/agent/self": self(false)}, nil)
	var out bytes.Buffer
	index, err := Collect(t.Context(), &out, Config{Agent: agent, Duration: time.Millisecond, Interval: time.Millisecond, Name: "b", Captures: []string{"agent", "pprof"}})
	if got := index.Errors(); err != nil || len(got) != 1 || !strings.Contains(got[0], "enable_debug") {
		t.Errorf("%q, %v", got, err)
	}
	if files, _ := unpack(t, out.Bytes()); len(files) != 2 {
		t.Errorf("%d files", len(files))
	}
}

// Whoever interrupts gets what there is.
func TestCollectInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	agent := fakeAgent(t, map[string]string{"/v1/agent/self": self(false), "/v1/agent/metrics": "a 1\n"}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "INF before\n")
		_ = http.NewResponseController(w).Flush()
		time.AfterFunc(50*time.Millisecond, interrupt)
		<-r.Context().Done()
	})
	var out bytes.Buffer
	_, err := Collect(ctx, &out, Config{Agent: agent, Duration: time.Hour, Interval: time.Minute, Name: "b", Captures: []string{"logs", "metrics"}})
	if err != nil {
		t.Fatal(err)
	}
	files, index := unpack(t, out.Bytes())
	if !index.Interrupted || files["muster.log"] != "INF before\n" || files["0000/metrics.json"] == "" || len(index.Errors()) != 0 {
		t.Errorf("%+v, log %q", index, files["muster.log"])
	}
}

// A log, or all files together, that are too much are cut, and the index is there all the same.
func TestCollectBounded(t *testing.T) {
	agent := fakeAgent(t, map[string]string{"/v1/agent/self": self(false)}, func(w http.ResponseWriter, r *http.Request) {
		line := bytes.Repeat([]byte("a line\n"), 1<<14)
		for r.Context().Err() == nil {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	var out bytes.Buffer
	_, err := Collect(t.Context(), &out, Config{Agent: agent, Duration: time.Minute, Interval: time.Minute, Name: "b", Captures: []string{"logs"}})
	if err != nil {
		t.Fatal(err)
	}
	files, index := unpack(t, out.Bytes())
	if len(files["muster.log"]) != maxFile || !index.Captures[0].Cut {
		t.Errorf("%d bytes, %+v", len(files["muster.log"]), index)
	}
	w := newWriter(io.Discard, "b")
	w.left = 10
	if err := errors.Join(w.add("a", make([]byte, 6)), w.add("b", make([]byte, 4))); err != nil {
		t.Error(err)
	}
	if err := w.add("c", []byte("x")); !errors.Is(err, errFull) {
		t.Errorf("one too many: %v", err)
	}
	if err := errors.Join(w.index(&Index{}), w.close()); err != nil {
		t.Error(err)
	}
}

// full fails as a full disk does.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

// A disk that is full ends everything at once, and is told of once.
func TestCollectOnFullDisk(t *testing.T) {
	agent := fakeAgent(t, map[string]string{"/v1/agent/self": self(false), "/v1/agent/metrics": "a 1\n"}, logging)
	_, err := Collect(t.Context(), &full{20}, Config{Agent: agent, Duration: time.Hour, Interval: time.Minute, Name: "b", Captures: []string{"logs", "metrics"}})
	if err == nil || strings.Count(err.Error(), "no space left") != 1 {
		t.Errorf("%v", err)
	}
	var out bytes.Buffer
	if _, err := Collect(t.Context(), &out, Config{Agent: fakeAgent(t, nil, nil), Name: "b"}); err == nil || out.Len() != 0 {
		t.Errorf("of an agent that does not tell of itself: %v, %d bytes", err, out.Len())
	}
}

func TestValidate(t *testing.T) {
	for want, c := range map[string]Config{
		"": {Duration: time.Minute, Interval: time.Second, Captures: []string{"logs"}},
		"-capture \"log\" is none of agent, checks, doctor, host, logs, members, metrics, operator, pprof": {Captures: []string{"log"}},
		"-interval 1ms is under a second":                        {Duration: time.Minute, Interval: time.Millisecond},
		"-duration 1s is under -interval, 2s":                    {Duration: time.Second, Interval: 2 * time.Second},
		"-duration 2h0m0s is more than 3600 times -interval, 1s": {Duration: 2 * time.Hour, Interval: time.Second},
	} {
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
