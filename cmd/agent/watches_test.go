package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestConfigWatches(t *testing.T) {
	const on = `"enable_local_script_checks": true, `
	for text, want := range map[string]string{
		`{` + on + `"watches": [{"type": "service", "service": "web", "tag": "a", "args": ["x"]}]}`:                               "",
		`{` + on + `"watches": [{"type": "service", "service": "web", "tag": ["a", "b"], "args": ["x"], "token": ""}]}`:           "",
		`{"watches": [{"type": "nodes", "args": ["x"]}]}`:                                                                         `watches[0].args: script handlers are off`,
		`{` + on + `"watches": [{"type": "key", "args": ["x"]}]}`:                                                                 `watches[0].key: is missing`,
		`{` + on + `"watches": [{"type": "nodes"}]}`:                                                                              `watches[0].args: is missing`,
		`{` + on + `"watches": [{"type": "nodes", "args": ["x"], "timeout": "-1s"}]}`:                                             `watches[0].timeout: -1s is negative`,
		`{` + on + `"watches": [{"type": "service", "service": "web", "tag": [7], "args": ["x"]}]}`:                               `watches[0].tag: is neither a tag`,
		`{"watches": [{"type": "nodes", "handler_type": "smtp"}]}`:                                                                `watches[0].handler_type: "smtp" is neither`,
		`{"watches": [{"type": "nodes", "handler_type": "http"}]}`:                                                                `watches[0].http_handler_config.path: "" is not a URL`,
		`{"watches": [{"type": "nodes", "handler_type": "http", "http_handler_config": {"path": "http://h", "method": "a b"}}]}`:  `watches[0].http_handler_config.method: `,
		`{` + on + `"watches": [{"type": "nodes", "args": ["x"]}, {"type": "nodes", "handler_type": "script", "args": ["x"]}]}`:   `watches[1].type: the same watch`,
		`{"watches": [{"type": "nodes", "handler": "echo"}]}`:                                                                     `watches[0].handler: is not supported`,
		`{"watches": [{"type": "connect_roots", "handler_type": "http", "http_handler_config": {"path": "http://127.0.0.1:1"}}]}`: `watches[0].type: "connect_roots" is none of`,
	} {
		_, problems := built([]byte(text))
		got := ""
		if len(problems) > 0 {
			got = problems.Join("\n")
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\n%s\nwant %s", text, got, want)
		}
	}
}

func TestConfigWatchToken(t *testing.T) {
	b := newBuilder(LoadOptions{})
	b.decode("f", []byte(`{"watches": [{"type": "nodes", "token": "t"}]}`))
	if got := b.foreign.warning(); got != "keys of Consul without effect here: watches.token" {
		t.Errorf("warning %q, problems %v", got, b.problems)
	}
}

// A script runs once for each change, not again for one after reloads and restarts, and what it says is in the log.
func TestWatchScript(t *testing.T) {
	dataDir, file := t.TempDir(), filepath.Join(t.TempDir(), "handled")
	script := fmt.Sprintf("sed 's/.*\"Value\":\"\\([^\"]*\\).*/\\1/' >>%s; echo handled $CONSUL_INDEX", file)
	text, err := json.Marshal(map[string]any{"enable_local_script_checks": true, "watches": []any{
		map[string]any{"type": "key", "key": "a", "args": []string{"/bin/sh", "-c", script}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"w.json": string(text)}
	handled := func(a *testAgent, want string) {
		t.Helper()
		eventually(t, "handled", want, func() string {
			text, _ := os.ReadFile(file)
			return strings.Join(strings.Fields(string(text)), " ")
		})
	}
	a := startAgent(t, dataDir, files)
	handled(a, "null")
	a.setKey("a", "1")
	handled(a, "null MQ==")
	a.logged("watch handler ran", "output=\"handled ")
	if _, err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(dataDir, "watches", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	a = startAgent(t, dataDir, files)
	a.setKey("b", "1")
	a.setKey("a", "2")
	handled(a, "null MQ== Mg==") // nothing for 1, which it has seen
	a.write("w.json", `{"enable_local_script_checks": true}`)
	if line, err := a.Reload(); err != nil || line != "watches" {
		t.Fatal(line, err)
	}
	if _, err := os.Stat(kept[0]); !os.IsNotExist(err) {
		t.Errorf("what was kept of a watch that is no more is still there: %v", err)
	}
}

// A server is told by requests; one that refuses is told of in the log.
func TestWatchHTTP(t *testing.T) {
	type told struct{ method, index, header, body string }
	got := make(chan told, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- told{r.Method, r.Header.Get("X-Consul-Index"), r.Header.Get("X-Mine"), strings.TrimSpace(string(body))}
		http.Error(w, "not today", http.StatusTeapot)
	}))
	defer srv.Close()
	a := startAgent(t, "", map[string]string{"w.json": `{"watches": [{"type": "keyprefix", "prefix": "a/", "handler_type": "http",
		"http_handler_config": {"path": "` + srv.URL + `", "method": "PUT", "header": {"x-mine": ["yes"]}}}]}`})
	next := func() told {
		select {
		case n := <-got:
			return n
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was told")
			return told{}
		}
	}
	if n := next(); n.method != "PUT" || n.header != "yes" || n.body != "null" || n.index == "" {
		t.Errorf("at first %+v", n)
	}
	a.setKey("a/b", "1")
	if n := next(); !strings.Contains(n.body, `"Key":"a/b"`) {
		t.Errorf("after a change %+v", n)
	}
	a.logged("watch handler failed", "418 I'm a teapot")
}

func (a *testAgent) setKey(key, value string) {
	a.t.Helper()
	eventually(a.t, "write of "+key, "200 true", func() string {
		code, text, err := a.try(http.MethodPut, "/v1/kv/"+key, value)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(code, " ", strings.TrimSpace(text))
	})
}

// logged waits for a line of the log that has all parts.
func (a *testAgent) logged(parts ...string) {
	a.t.Helper()
	eventually(a.t, "log with "+strings.Join(parts, " and "), "found", func() string {
		for line := range strings.Lines(a.log.String()) {
			if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
				return "found"
			}
		}
		return "nothing"
	})
}
