package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

func TestExecCommandLine(t *testing.T) {
	for _, e := range []example{
		{args: "exec", code: 2, stderr: "COMMAND is missing"},
		{args: "exec -tag a true", code: 2, stderr: "-tag needs -service"},
		{args: "exec -wait 0s true", code: 2, stderr: "-wait and -timeout want more than 0"},
		{args: "exec -prefix / true", code: 2, stderr: "-prefix is empty"},
		{args: "exec - x", code: 2, stderr: `unexpected argument "x" after -`},
		{args: "exec -", code: 1, stderr: "the script is empty"},
	} {
		e.try(t)
	}
}

// execCluster is a server and a client agent that run what they are asked to, and a client that does not.
func execCluster(t *testing.T) (server, client *process) {
	t.Helper()
	config := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "c.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	server = startProcess(t, "-dev", "-node", "n1", "-serf-lan-port", "0", "-serf-wan-port", "0", "-config-dir", config(`{"disable_remote_exec": false}`))
	api, err := httpapi.NewClient(httpapi.ClientConfig{Addr: server.http})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	var join string
	eventually(t, "members", func() (bool, string) {
		members, err := api.Members(t.Context(), false, "")
		if err == nil && len(members) == 1 {
			join = fmt.Sprintf("127.0.0.1:%d", members[0].Port)
		}
		return join != "", fmt.Sprint(members, err)
	})
	join2 := []string{"-bind", "127.0.0.1", "-serf-lan-port", "0", "-retry-join", join}
	client = startProcess(t, append(join2, "-node", "n2", "-data-dir", t.TempDir(), "-config-dir",
		config(`{"disable_remote_exec": false, "remote_exec_allow": ["echo *", "sleep 600"], "service": {"name": "web"}}`))...)
	startProcess(t, append(join2, "-node", "n3", "-data-dir", t.TempDir())...)
	eventually(t, "the nodes in the catalog", func() (bool, string) {
		nodes, err := api.NodesOf(t.Context(), "web", httpapi.ClientQuery{})
		all, _ := api.Nodes(t.Context(), httpapi.ClientQuery{})
		return err == nil && len(nodes) == 1 && len(all) == 3, fmt.Sprint(nodes, all, err)
	})
	return server, client
}

// TestExec runs commands over a cluster, and has the answers as people see them.
func TestExec(t *testing.T) {
	server, client := execCluster(t)
	for _, tc := range []struct {
		args, stdin string
		want        []string // sorted lines of output
		code        int
		stderr      string
	}{
		{"exec echo a b", "", []string{"2 / 2 node(s) completed / acknowledged", "==> n1: finished with exit code 0", "==> n2: finished with exit code 0", "n1: a b", "n2: a b"}, 0, ""},
		{"exec -service web -verbose echo $HOME;id", "", []string{"1 / 1 node(s) completed / acknowledged", "==> n2: acknowledged", "==> n2: finished with exit code 0", "n2: $HOME;id"}, 0, ""},
		{"exec -node n[12] id -u", "", []string{"==> n2: finished with exit code 126", "n2: remote_exec_allow of this agent does not have the command"}, 1, "failed on 1 node(s)"},
		{"exec -node n1 -shell echo x; echo y >&2; exit 3", "", []string{"==> n1: finished with exit code 3", "n1: x", "n1: y"}, 1, "failed on 1 node(s)"},
		{"exec -node n1 -", "echo from a script", []string{"==> n1: finished with exit code 0", "n1: from a script"}, 0, ""},
		{"exec -node n1 /no/such/program", "", []string{"==> n1: finished with exit code 127"}, 1, "failed on 1 node(s)"},
		{"exec -node n1 -timeout 200ms sleep 600", "", []string{"==> n1: finished with exit code 143", "n1: killed after 200ms"}, 1, "failed on 1 node(s)"},
		{"exec -node n3 -wait 500ms true", "", []string{"0 / 0 node(s) completed / acknowledged"}, 1, "no node acknowledged"},
	} {
		stdout, stderr, code := command(t, tc.stdin, map[string]string{"CONSUL_HTTP_ADDR": client.http}, strings.Fields(tc.args)...)
		got := strings.Split(strings.TrimSpace(stdout), "\n")
		for _, line := range tc.want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: no line %q in\n%s", tc.args, line, stdout)
			}
		}
		if code != tc.code || !strings.Contains(stderr, tc.stderr) {
			t.Errorf("%s: exit code %d, stderr %q", tc.args, code, stderr)
		}
	}
	server.mu.Lock()
	log := server.log.String()
	server.mu.Unlock()
	if !regexp.MustCompile(`"msg":"remote execution begins".*"from":"n2".*"user":"[^"]+@[^"]+".*echo x`).MatchString(log) {
		t.Error("the log does not tell who ran what")
	}
	code, keys := server.get("/v1/kv/_rexec/?keys")
	if code != 404 {
		t.Errorf("keys are left: %s", keys)
	}
}

// TestExecNodeDies does not wait for a node that will never answer.
func TestExecNodeDies(t *testing.T) {
	server, client := execCluster(t)
	type end struct {
		stdout, stderr string
		code           int
	}
	ended := make(chan end, 1)
	go func() {
		var e end
		e.stdout, e.stderr, e.code = command(t, "", map[string]string{"CONSUL_HTTP_ADDR": server.http}, "exec", "-node", "n2", "sleep", "600")
		ended <- e
	}()
	eventually(t, "acknowledgement", func() (bool, string) {
		code, keys := server.get("/v1/kv/_rexec/?keys")
		return code == 200 && strings.Contains(keys, "/n2/ack"), keys
	})
	client.stop(syscall.SIGKILL)
	select {
	case e := <-ended:
		if e.code != 1 || !strings.Contains(e.stdout, "0 / 1 node(s)") || !strings.Contains(e.stderr, "before the command had ended: n2") {
			t.Errorf("exit code %d\n%s%s", e.code, e.stdout, e.stderr)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for a dead node")
	}
}

// TestExecInterrupted ends the command on its node when the caller goes.
func TestExecInterrupted(t *testing.T) {
	server, client := execCluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"muster", "exec", "-http-addr", server.http, "-node", "n2", "sleep", "600"}, nil, &bytes.Buffer{}, &stderr, func(string) string { return "" })
	}()
	eventually(t, "acknowledgement", func() (bool, string) {
		code, keys := server.get("/v1/kv/_rexec/?keys")
		return code == 200 && strings.Contains(keys, "/n2/ack"), keys
	})
	cancel()
	select {
	case code := <-ended:
		if code != 1 {
			t.Errorf("exit code %d, %s", code, &stderr)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the caller did not end")
	}
	eventually(t, "end of the command", func() (bool, string) {
		client.mu.Lock()
		defer client.mu.Unlock()
		return strings.Contains(client.log.String(), `"msg":"remote execution ended"`), "still running"
	})
}
