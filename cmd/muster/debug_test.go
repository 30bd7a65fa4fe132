package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpackBundle returns the files of a bundle by their names below its directory. Those that are compressed themselves are not any more.
func unpackBundle(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if inner, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			if body, err = io.ReadAll(inner); err != nil {
				t.Fatalf("%s: %v", h.Name, err)
			}
		}
		_, name, _ := strings.Cut(h.Name, "/")
		files[name] = string(body)
	}
}

// What an agent knows of secrets, wherever it knows them from, is in no file of a bundle.
func TestDebugWithoutSecrets(t *testing.T) {
	binary(t) // is built in the directory of the package
	t.Chdir(t.TempDir())
	tlsMake(t, "ca create", "cert create -server -node n1")
	// The target of a check sends back what it was sent, so that it becomes the check's output.
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "X-Vault-Token: %s\nAuthorization: %s\n%s", r.Header.Get("X-Vault-Token"), r.Header.Get("Authorization"), body)
	}))
	defer echo.Close()
	const key = "b2xkb2xkb2xkb2xkb2xkbw=="
	at := strings.TrimPrefix(echo.URL, "http://")
	config := map[string]any{
		"node_name": "n1", "server": true, "bootstrap": true, "bind_addr": "127.88.9.2", "data_dir": "data", "encrypt": key, "enable_debug": true, "log_level": "debug",
		"ports": map[string]any{"serf_lan": 17492, "serf_wan": 17493},
		"tls": map[string]any{"internal_rpc": map[string]any{
			"ca_file": "muster-agent-ca.pem", "cert_file": "dc1-server-consul-0.pem", "key_file": "dc1-server-consul-0-key.pem",
			"verify_incoming": true, "verify_outgoing": true, "verify_server_hostname": true}},
		"acl":                        map[string]any{"tokens": map[string]any{"agent": "secret-acl"}},
		"enable_local_script_checks": true,
		"services": []any{map[string]any{"name": "web", "port": 80, "token": "secret-service", "checks": []any{
			map[string]any{"http": "http://user:secret-user@" + at + "/x?apikey=secret-query", "interval": "1s", "method": "POST", "body": `{"password": "secret-body"}`,
				"header": map[string]any{"X-Vault-Token": []string{"secret-header"}}},
			map[string]any{"http": "http://user:secret-refused@127.0.0.1:1/x?a=secret-refused-query", "interval": "1s"},
			map[string]any{"args": []string{"/bin/sh", "-c", "echo DB_PASSWORD=secret-script; exit 2"}, "interval": "1s"},
		}}},
		"watches": []any{
			map[string]any{"type": "services", "handler_type": "http", "token": "secret-watch", "http_handler_config": map[string]any{
				"path": "http://user:secret-hook@127.0.0.1:1/?t=secret-hook-query", "header": map[string]any{"Authorization": []string{"Bearer secret-hook-header"}}}},
			map[string]any{"type": "nodes", "args": []string{"/bin/sh", "-c", "echo token: secret-handler; exit 1"}},
		},
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("agent.json", text, 0o600); err != nil {
		t.Fatal(err)
	}
	agent := startProcess(t, "-config-file", "agent.json")
	env := map[string]string{"MUSTER_HTTP_ADDR": agent.http, "MUSTER_HTTP_TOKEN": "secret-own"}
	eventually(t, "the checks", func() (bool, string) {
		_, body := agent.get("/v1/agent/checks")
		return strings.Count(body, `"critical"`) == 3 && strings.Contains(body, "teapot") && strings.Contains(body, "refused") && strings.Contains(body, "DB_PASSWORD"), body
	})
	if _, stderr, code := command(t, "", env, "kv", "put", "k", "secret-value"); code != 0 {
		t.Fatal(stderr)
	}
	stdout, stderr, code := command(t, "", env, "debug", "-duration", "3s", "-interval", "1s", "-output", "b")
	if code != 0 || stdout != "Saved debug bundle: b.tar.gz\n" || stderr != "" {
		t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
	}
	files := unpackBundle(t, "b.tar.gz")
	for name, part := range map[string]string{
		"agent.json": `"DebugConfig"`, "host.json": `"hostname"`, "members.json": `"n1"`, "checks.json": "teapot", "raft.json": `"Leader": true`, "autopilot.json": `"Healthy"`,
		"autopilot-config.json": `"CleanupDeadServers"`, "usage.json": `"dc1"`, "doctor.json": `"Check": "quorum"`, "0001/metrics.prom": "muster_build_info", "0001/metrics.json": `"Gauges"`,
		"0001/heap.prof": "", "0001/goroutine.prof": "", "profile.prof": "", "trace.out": "", "muster.log": " DBG ", "index.json": `"Node": "n1"`,
	} {
		if body, has := files[name]; !has || !strings.Contains(body, part) {
			t.Errorf("%s (%v) holds no %s: %.300s", name, has, part, body)
		}
	}
	private, err := os.ReadFile(filepath.Join("dc1-server-consul-0-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"secret-", key, "oldoldoldoldoldold", "dXNlcjpzZWNyZXQt", strings.Split(string(private), "\n")[1]}
	for name, body := range files {
		for _, secret := range secrets {
			if i := strings.Index(body, secret); i >= 0 {
				t.Errorf("%s holds %s: %q", name, secret, body[max(0, i-120):min(len(body), i+60)])
			}
		}
	}
}

func TestDebug(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("there.tar.gz", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	self := map[string]string{"GET /v1/agent/self": `200 {"Config":{"NodeName":"n1"},"DebugConfig":{},"Stats":{}}`, "GET /v1/agent/members": "200 []"}
	for _, e := range []example{
		{args: "debug -capture members -capture pprof -output made.tar.gz", answers: self, asks: "GET /v1/agent/self\nGET /v1/agent/members",
			stdout: "Saved debug bundle: made.tar.gz\n", stderr: "Warning: pprof: the agent gives no profiles: enable_debug is not set\n"},
		{args: "debug -capture host -output host", answers: self, asks: "GET /v1/agent/self\nGET /v1/agent/host", stdout: "Saved debug bundle: host.tar.gz\n",
			stderr: "Warning: host: the agent answered 500: no answer for GET /v1/agent/host\n"},
		{args: "debug -output there", code: 1, stderr: "-output: open there.tar.gz: file exists"},
		{args: "debug -output none", asks: "GET /v1/agent/self", code: 1, stderr: "the agent answered 500"},
		{args: "debug -capture all", code: 2, stderr: `-capture "all" is none of agent, `},
		{args: "debug -interval 10ms", code: 2, stderr: "-interval 10ms is under a second"},
		{args: "debug x", code: 2, stderr: `unexpected argument "x"`},
	} {
		e.try(t)
	}
	if _, err := os.Stat("none.tar.gz"); err == nil {
		t.Error("a bundle of an agent that does not answer is there")
	}
	if files := unpackBundle(t, "made.tar.gz"); len(files) != 2 || files["members.json"] != "[]\n" {
		t.Errorf("%q", files)
	}
}
