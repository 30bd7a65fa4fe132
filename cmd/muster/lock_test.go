package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

func TestLockCommandLine(t *testing.T) {
	for _, e := range []example{
		{args: "lock", code: 2, stderr: "PREFIX is missing"},
		{args: "lock a", code: 2, stderr: "COMMAND is missing"},
		{args: "lock -n 0 a true", code: 2, stderr: "-n must be at least 1"},
		{args: "lock -try 1s -timeout 1s a true", code: 2, stderr: "-try and -timeout are the same"},
		{args: "lock -try -1s a true", code: 2, stderr: "want more than 0"},
		{args: "lock -monitor-retry -1 a true", code: 2, stderr: "-monitor-retry is negative"},
		{args: "lock a true -x", asks: `PUT /v1/session/create <- {"Behavior":"release","LockDelay":"15s","Name":"lock of a for true","TTL":"15s"}`, code: 1, stderr: "create a session: the agent answered 500"},
	} {
		e.try(t)
	}
}

// locker drives `muster lock` against a real agent.
type locker struct {
	t     *testing.T
	env   map[string]string
	agent *httpapi.Client
}

func newLocker(t *testing.T) *locker {
	p := startProcess(t, "-dev", "-node", "n1")
	agent, err := httpapi.NewClient(httpapi.ClientConfig{Addr: p.http})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(agent.Close)
	l := &locker{t: t, env: map[string]string{"CONSUL_HTTP_ADDR": p.http}, agent: agent}
	eventually(t, "session", func() (bool, string) {
		id, err := agent.CreateSession(t.Context(), httpapi.ClientSession{TTL: time.Minute})
		if err != nil {
			return false, err.Error()
		}
		return agent.DestroySession(t.Context(), id) == nil, "not destroyed"
	})
	return l
}

func (l *locker) run(want int, args string) (stdout, stderr string) {
	l.t.Helper()
	stdout, stderr, code := command(l.t, "fed", l.env, words(args)...)
	if code != want {
		l.t.Errorf("%s: exit code %d, want %d; %s", args, code, want, stderr)
	}
	return stdout, stderr
}

// begin runs a command that sleeps under a lock, and returns when it has the lock.
func (l *locker) begin(args string) (ended chan string) {
	l.t.Helper()
	file := filepath.Join(l.t.TempDir(), "up")
	ended = make(chan string, 1)
	go func() {
		_, stderr, _ := command(l.t, "", l.env, append(words(args), "touch "+file+"; sleep 600")...)
		ended <- stderr
	}()
	eventually(l.t, args, func() (bool, string) {
		_, err := os.Stat(file)
		return err == nil, "not locked"
	})
	return ended
}

// lose ends the session that holds a key.
func (l *locker) lose(session string, ended chan string) {
	l.t.Helper()
	if err := l.agent.DestroySession(l.t.Context(), session); err != nil || session == "" {
		l.t.Fatalf("session %q: %v", session, err)
	}
	select {
	case stderr := <-ended:
		if !strings.Contains(stderr, "the lock was lost") {
			l.t.Errorf("a lost lock ended with %q", stderr)
		}
	case <-time.After(20 * time.Second):
		l.t.Fatal("the command outlived its lock")
	}
}

func TestLock(t *testing.T) {
	l := newLocker(t)
	if out, _ := l.run(0, "lock -pass-stdin app cat;_exit_3"); !strings.HasPrefix(out, "fed") {
		t.Errorf("printed %q", out)
	}
	l.run(2, "lock -child-exit-code app false")
	if _, err := l.agent.Key(t.Context(), "app/.lock", httpapi.ClientQuery{}); !httpapi.ClientNotFound(err) {
		t.Errorf("the key of a lock that nobody holds is left: %v", err)
	}
	ended := l.begin("lock app")
	held, err := l.agent.Key(t.Context(), "app/.lock", httpapi.ClientQuery{})
	if err != nil || held.Flags != 0x2ddccbc058a50c18 || held.Session == "" {
		t.Fatalf("held %+v, %v", held, err)
	}
	if _, stderr := l.run(1, "lock -try 300ms app echo no"); !strings.Contains(stderr, "not to be had in time") {
		t.Errorf("stderr %q", stderr)
	}
	if _, stderr := l.run(1, "lock -n 2 -try 300ms app echo no"); !strings.Contains(stderr, "is not a lock that several can hold") {
		t.Errorf("stderr %q", stderr)
	}
	l.lose(held.Session, ended)
}

func TestLockSeveral(t *testing.T) {
	l := newLocker(t)
	first := l.begin("lock -n 2 app")
	l.begin("lock -n 2 app")
	if _, stderr := l.run(1, "lock -n 2 -try 300ms app echo no"); !strings.Contains(stderr, "not to be had in time") {
		t.Errorf("stderr %q", stderr)
	}
	if _, stderr := l.run(1, "lock -n 3 app echo no"); !strings.Contains(stderr, "is a lock for 2, not for 3") {
		t.Errorf("stderr %q", stderr)
	}
	key, err := l.agent.Key(t.Context(), "app/.lock", httpapi.ClientQuery{})
	var held places
	if err != nil || key.Flags != 0xe0f69a2baa414de0 || json.Unmarshal(key.Value, &held) != nil || held.Limit != 2 || len(held.Holders) != 2 {
		t.Fatalf("held %+v, %s, %v", key, key.Value, err)
	}
	pairs, err := l.agent.Keys(t.Context(), "app/", httpapi.ClientQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var sessions []string
	for _, p := range pairs {
		if p.Session != "" && "app/"+p.Session == p.Key {
			sessions = append(sessions, p.Session)
		}
	}
	if len(sessions) != 2 {
		t.Fatalf("contenders %v of %+v", sessions, pairs)
	}
	for _, id := range sessions { // whichever of them was the first
		if err := l.agent.DestroySession(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if stderr := <-first; !strings.Contains(stderr, "the lock was lost") {
		t.Errorf("a lost place ended with %q", stderr)
	}
}
