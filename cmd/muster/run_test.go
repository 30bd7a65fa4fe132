package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// example is one command line against an agent that answers as told.
type example struct {
	args    string            // without the program's name, parted by spaces; '_' stands for a space within an argument
	stdin   string            //
	answers map[string]string // "METHOD URI" to "STATUS BODY"; what is not there answers 500
	asks    string            // the requests, one a line, each followed by " <- BODY" when it has one
	stdout  string            // the whole of it, but for leading blank lines
	stderr  string            // a part of it; empty: all of it is empty
	code    int
}

func (e example) try(t *testing.T) {
	t.Helper()
	agent := newFakeAgent(t, e.answers)
	stdout, stderr, code := command(t, e.stdin, map[string]string{"CONSUL_HTTP_ADDR": agent.addr}, words(e.args)...)
	if want := strings.TrimLeft(e.stdout, "\n"); stdout != want {
		t.Errorf("%s\nprinted:\n%s\nwant:\n%s", e.args, stdout, want)
	}
	if !strings.Contains(stderr, e.stderr) || e.stderr == "" && stderr != "" {
		t.Errorf("%s\nwrote to stderr: %s\nwant: %s", e.args, stderr, e.stderr)
	}
	if code != e.code {
		t.Errorf("%s: exit code %d, want %d", e.args, code, e.code)
	}
	if got, want := strings.Join(agent.asked, "\n"), e.asks; got != want {
		t.Errorf("%s\nasked:\n%s\nwant:\n%s", e.args, got, want)
	}
}

func words(args string) []string {
	var out []string
	for w := range strings.FieldsSeq(args) {
		out = append(out, strings.ReplaceAll(w, "_", " "))
	}
	return out
}

// command runs one command line in this process.
func command(t *testing.T, stdin string, env map[string]string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	getenv := func(name string) string { return env[name] }
	code = run(t.Context(), append([]string{"/usr/bin/muster"}, args...), strings.NewReader(stdin), &out, &errs, getenv)
	return out.String(), errs.String(), code
}

// fakeAgent answers requests from a table and remembers them.
type fakeAgent struct {
	addr  string
	mu    sync.Mutex
	asked []string
}

func newFakeAgent(t *testing.T, answers map[string]string) *fakeAgent {
	a := &fakeAgent{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		line := r.Method + " " + r.URL.RequestURI()
		a.mu.Lock()
		defer a.mu.Unlock()
		status, text, known := strings.Cut(answers[line], " ")
		if len(body) > 0 {
			line += " <- " + string(body)
		}
		a.asked = append(a.asked, line)
		w.Header().Set("X-Consul-Index", "7")
		switch {
		case status == "200":
		case status == "404":
			w.WriteHeader(http.StatusNotFound)
		case status == "429":
			w.WriteHeader(http.StatusTooManyRequests)
		case !known:
			w.WriteHeader(http.StatusInternalServerError)
			text = "no answer for " + line
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(srv.Close)
	a.addr = srv.URL
	return a
}

func TestCommandLines(t *testing.T) {
	for _, e := range []example{
		{args: "membrs", code: 2, stderr: `there is no command "membrs" (did you mean "members"?)`},
		{args: "kv gte", code: 2, stderr: `there is no command "gte" (did you mean "get"?)`},
		{args: "", code: 2, stderr: "a command is missing"},
		{args: "kv", code: 2, stderr: "muster kv COMMAND"},
		{args: "members -statsu x", code: 2, stderr: `there is no flag -statsu (did you mean "-status"?)`},
		{args: "members extra", code: 2, stderr: `unexpected argument "extra"`},
		{args: "members -format xml", code: 2, stderr: `-format "xml" is neither pretty nor json`},
		{args: "members -http-addr", code: 2, stderr: "flag needs an argument: -http-addr"},
		{args: "members -http-addr ftp://x", code: 2, stderr: `-http-addr: address "ftp://x" is none of`},
		{args: "members -status [", code: 2, stderr: "-status: error parsing regexp"},
		{args: "kv get", code: 2, stderr: "KEY is missing"},
		{args: "kv get a b", code: 2, stderr: `unexpected argument "b" after KEY`},
		{args: "kv delete -cas a", code: 2, stderr: "-cas needs -modify-index"},
		{args: "kv delete -cas -modify-index 1 -recurse a", code: 2, stderr: "exclude each other"},
		{args: "kv put -modify-index 1 a b", code: 2, stderr: "-modify-index needs -cas"},
		{args: "kv put a b -cas", code: 2, stderr: `unexpected argument "-cas" after the value (flags stand before KEY)`},
		{args: "maint -enable -disable", code: 2, stderr: "-enable and -disable exclude each other"},
		{args: "maint -reason x", code: 2, stderr: "-reason needs -enable"},
		{args: "maint -service x", code: 2, stderr: "-service needs -enable or -disable"},
		{args: "services register", code: 2, stderr: "-name or a FILE is missing"},
		{args: "services register -name a f.json", code: 2, stderr: "not both"},
		{args: "services register -name a -meta b", code: 2, stderr: `-meta "b" is not KEY=VALUE`},
		{args: "services deregister", code: 2, stderr: "-id or a FILE is missing"},
		{args: "top extra", code: 2, stderr: `unexpected argument "extra"`},
		{args: "top -interval 1ms", code: 2, stderr: "-interval 1ms is under 100ms"},
		{args: "monitor -log-level loud", code: 2, stderr: `-log-level "loud" is none of`},
	} {
		e.try(t)
	}
}

func TestHelpNeedsNoAgentAndSucceeds(t *testing.T) {
	for _, args := range []string{"-h", "--help", "help", "kv -h", "help kv", "kv get -h", "kv get --help", "help kv get", "kv get key -h", "agent -h", "validate -h"} {
		stdout, stderr, code := command(t, "", nil, words(args)...)
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "NAME:\n   muster") {
			t.Errorf("%s: exit code %d, stderr %q, stdout %q", args, code, stderr, stdout)
		}
	}
}

func TestAgentNotRunning(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	want := "Error: cannot reach an agent at http://" + addr + ": is it running? (set -http-addr or MUSTER_HTTP_ADDR)\n"
	for _, args := range []string{
		"members", "kv get a", "kv get -recurse a", "kv list", "kv put a b", "kv delete a", "kv export", "info", "reload", "leave",
		"maint", "maint -enable", "catalog nodes", "catalog services", "catalog datacenters", "services register -name a", "services deregister -id a", "monitor", "top", "top -once -format json", "why a", "watch -type nodes", "watch -type nodes cat",
		"join a", "force-leave a", "keyring -list", "keyring -format json -list", "operator raft list-peers", "operator raft remove-peer -id a", "operator raft transfer-leader",
		"operator autopilot get-config", "operator autopilot set-config -min-quorum 1", "operator autopilot health", "operator autopilot state", "operator usage instances", "operator brake list", "operator brake lift web",
	} {
		stdout, stderr, code := command(t, "", map[string]string{"MUSTER_HTTP_ADDR": addr}, words(args)...)
		if code != 1 || stdout != "" || stderr != want {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

func TestWhoseAddressAndTokenCount(t *testing.T) {
	var token string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token = r.Header.Get("X-Consul-Token")
		_, _ = io.WriteString(w, `["dc1"]`)
	}))
	defer srv.Close()
	const wrong = "ftp://wrong"
	for _, tc := range []struct {
		flags string
		env   map[string]string
		token string
	}{
		{"-http-addr " + srv.URL + " -token a", map[string]string{"MUSTER_HTTP_ADDR": wrong, "MUSTER_HTTP_TOKEN": "b"}, "a"},
		{"", map[string]string{"MUSTER_HTTP_ADDR": srv.URL, "CONSUL_HTTP_ADDR": wrong, "MUSTER_HTTP_TOKEN": "b", "CONSUL_HTTP_TOKEN": "c"}, "b"},
		{"", map[string]string{"CONSUL_HTTP_ADDR": srv.URL, "CONSUL_HTTP_TOKEN": "c"}, "c"},
	} {
		stdout, stderr, code := command(t, "", tc.env, words("catalog datacenters "+tc.flags)...)
		if code != 0 || stdout != "dc1\n" || token != tc.token {
			t.Errorf("%s %v: exit code %d, token %q, stdout %q, stderr %q", tc.flags, tc.env, code, token, stdout, stderr)
		}
	}
}

// brokenPipe fails as a full disk does.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestLostOutputIsFailure(t *testing.T) {
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"consul", "version"}, nil, brokenPipe{}, &stderr, func(string) string { return "" })
	if code != 1 || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit code %d, stderr %q", code, &stderr)
	}
}
