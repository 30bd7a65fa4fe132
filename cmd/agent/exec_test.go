package agent

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExecAllowed(t *testing.T) {
	list := []string{"uptime", "systemctl reload nginx", "echo *"}
	for command, want := range map[string]bool{
		"uptime": true, "uptime -p": false, "/usr/bin/uptime": false,
		"systemctl reload nginx": true, "systemctl reload": false, "systemctl reload sshd": false,
		"echo": true, "echo a b": true, "*": false, "": false,
	} {
		if got := allowed(list, strings.Fields(command)); got != want {
			t.Errorf("%q: %v, want %v", command, got, want)
		}
	}
	if allowed([]string{"systemctl reload nginx"}, []string{"systemctl", "reload nginx"}) {
		t.Error("words are told apart by where they end")
	}
}

func TestExecArgv(t *testing.T) {
	for _, tc := range []struct {
		job   execJob
		allow []string
		want  string
	}{
		{execJob{Args: []string{"id"}}, nil, "[id]"},
		{execJob{Args: []string{"id"}}, []string{"id"}, "[id]"},
		{execJob{Args: []string{"id"}}, []string{"w"}, "remote_exec_allow"},
		{execJob{Command: "id"}, nil, "[/bin/sh -c id]"},
		{execJob{Command: "id"}, []string{"id"}, "remote_exec_allow"},
		{execJob{Script: []byte("id")}, []string{"id"}, "remote_exec_allow"},
		{execJob{Script: []byte("id")}, nil, "[/bin/sh /"},
		{execJob{Script: []byte("#!/bin/cat\n")}, nil, "[/"},
		{execJob{}, nil, "there is no command"},
	} {
		argv, cleanup, err := tc.job.argv(tc.allow)
		cleanup()
		got := fmt.Sprint(argv)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tc.want) {
			t.Errorf("%+v allowed %v: %s, want %s", tc.job, tc.allow, got, tc.want)
		}
	}
}

func TestExecOutput(t *testing.T) {
	keys := map[string]string{}
	o := &execOutput{put: func(name string, text []byte) error { keys[name] = string(text); return nil }}
	_, _ = o.Write([]byte("a"))
	o.flush()
	_, _ = o.Write([]byte(strings.Repeat("b", execChunk+1)))
	o.flush()
	o.flush()
	if len(keys) != 3 || keys["out/00000"] != "a" || len(keys["out/00001"]) != execChunk || keys["out/00002"] != "b" {
		t.Errorf("%d keys", len(keys))
	}
	_, _ = o.Write([]byte(strings.Repeat("c", maxExecOutput)))
	_, _ = o.Write([]byte("never seen"))
	o.flush()
	all := 0
	for _, text := range keys {
		all += len(text)
		if strings.Contains(text, "never seen") {
			t.Error("output beyond the limit was sent")
		}
	}
	if all < maxExecOutput || all > maxExecOutput+100 {
		t.Errorf("%d bytes were sent", all)
	}
	gone := errors.New("gone")
	o = &execOutput{put: func(string, []byte) error { return gone }}
	_, _ = o.Write([]byte("a"))
	o.flush()
	o.flush()
	if o.err != gone {
		t.Errorf("error %v", o.err)
	}
}

func TestExecTimeout(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: execTimeout, -1: execTimeout, time.Second: time.Second, 1000 * time.Hour: maxExecTimeout} {
		if got := (&execJob{Timeout: given}).timeout(); got != want {
			t.Errorf("%v became %v, want %v", given, got, want)
		}
	}
}
