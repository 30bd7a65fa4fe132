package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	one := map[string]string{"GET /v1/kv/web/a": "200 [" + pairA + "]", "GET /v1/kv/none": "404 "}
	for _, e := range []example{
		{args: "watch -type key -key web/a", answers: one, asks: "GET /v1/kv/web/a", stdout: `
{
    "LockIndex": 0,
    "Key": "web/a",
    "Flags": 7,
    "Value": "dGVzdA==",
    "CreateIndex": 12,
    "ModifyIndex": 14
}
`},
		{args: "watch -type key -key none", answers: one, asks: "GET /v1/kv/none", stdout: "null\n"},
		{args: "watch -type=service -service web -tag v1 -tag v2 -passingonly=true -stale", answers: map[string]string{"GET /v1/health/service/web?passing=&stale=&tag=v1&tag=v2": "200 []"},
			asks: "GET /v1/health/service/web?passing=&stale=&tag=v1&tag=v2", stdout: "[]\n"},
		{args: "watch -type nodes", asks: "GET /v1/catalog/nodes", code: 1, stderr: "no answer for GET /v1/catalog/nodes"},
		{args: "watch -type nodes cat", asks: "GET /v1/catalog/nodes", code: 1, stderr: "no answer for GET /v1/catalog/nodes"},
		// The handler's own flags are not the watch's.
		{args: "watch -type key -key web/a cat; env | sed -n /^CONSUL.INDEX/p; exit 3", answers: one, asks: "GET /v1/kv/web/a",
			stdout: pairA + "\nCONSUL_INDEX=7\n", code: 1, stderr: "the handler ended with exit code 3"},
		{args: "watch -type key -key web/a -shell=false false ;", answers: one, asks: "GET /v1/kv/web/a", code: 1, stderr: "the handler ended with exit code 1"},
		{args: "watch -type key -key web/a -shell=false /no/such/program", answers: one, asks: "GET /v1/kv/web/a", code: 1, stderr: "handler: fork/exec /no/such/program"},
		{args: "watch", code: 2, stderr: "-type is missing"},
		{args: "watch -type keys", code: 2, stderr: `-type "keys" is none of checks, event, key`},
		{args: "watch -type key", code: 2, stderr: "-key is missing"},
		{args: "watch -type nodes -key a", code: 2, stderr: "-key means nothing to a watch of type nodes"},
	} {
		e.try(t)
	}
}

// TestWatchProcess runs a handler for each change that a real agent sees, until the watch is interrupted.
func TestWatchProcess(t *testing.T) {
	p := startProcess(t, "-dev", "-node", "n1")
	env := map[string]string{"CONSUL_HTTP_ADDR": p.http}
	eventually(t, "writing", func() (bool, string) {
		_, stderr, code := command(t, "", env, "kv", "put", "a", "first")
		return code == 0, stderr
	})
	file := filepath.Join(t.TempDir(), "handled")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		args := []string{"muster", "watch", "-http-addr", p.http, "-type", "key", "-key", "a", "sed 's/.*\"Value\":\"\\([^\"]*\\).*/\\1/' >>" + file}
		ended <- run(ctx, args, nil, &bytes.Buffer{}, os.Stderr, func(string) string { return "" })
	}()
	handled := func(want string) {
		eventually(t, "handler", func() (bool, string) {
			text, _ := os.ReadFile(file)
			return string(text) == want, string(text)
		})
	}
	handled("Zmlyc3Q=\n")
	if _, stderr, code := command(t, "", env, "kv", "put", "a", "second"); code != 0 {
		t.Fatal(stderr)
	}
	handled("Zmlyc3Q=\nc2Vjb25k\n")
	cancel()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the watch did not end")
	}
}
