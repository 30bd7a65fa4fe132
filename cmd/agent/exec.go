package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"muster/catalog"
	"muster/catalog/httpapi"
)

// Remote execution goes as Consul's does. Whoever asks makes a session, locks PREFIX/SESSION/job with what to run and
// fires an event that names both. Agents that it means lock PREFIX/SESSION/NODE/ack, out/00000 and on,
// and exit. The keys end with the session, and with it what still runs.

// execJob is what to run.
type execJob struct {
	Command string        `json:",omitempty"` // a line for a shell
	Args    []string      `json:",omitempty"` // or a program with its arguments
	Script  []byte        `json:",omitempty"` // or a file to run
	Wait    time.Duration // Consul's; unused
	Timeout time.Duration `json:",omitempty"` // 0: execTimeout
	User    string        `json:",omitempty"` // who asks, as they say
}

const (
	execTimeout    = 10 * time.Minute
	maxExecTimeout = 24 * time.Hour
	maxExecs       = 16 // at once on one agent
	execRetry      = time.Second
	execPatience   = 30 * time.Second // with servers that do not answer
)

// followExec performs what is asked of this agent, until ctx ends. Events from before it began are
// past, and one whose session has ended, or that this node acknowledged before a restart, is not performed.
func (a *Agent) followExec(ctx context.Context) {
	known := map[string]bool{}
	slots := make(chan struct{}, maxExecs)
	for first := true; ctx.Err() == nil; first = false {
		snap, node := a.state.Snapshot(), a.config().NodeName
		on := snap.InstancesOn(node)
		events, mark := snap.Events(func(e *catalog.Event) bool { return e.Name == catalog.ExecEvent })
		present := make(map[string]bool, len(events))
		for _, e := range events {
			present[e.ID] = true
			if known[e.ID] || first || !e.Concerns(node, on) {
				continue
			}
			if a.config().DisableRemoteExec {
				a.logs.Debug("remote execution is off, request ignored", "event", e.ID)
				continue
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				defer func() { <-slots }()
				a.exec(ctx, node, e.Payload)
			}()
		}
		known = present
		select {
		case <-mark.Changed:
		case <-ctx.Done():
		}
	}
	for range maxExecs { // until all have ended
		slots <- struct{}{}
	}
}

// exec performs one request.
func (a *Agent) exec(ctx context.Context, node string, payload []byte) {
	log := a.logs.With("room", "exec")
	var trigger struct{ Prefix, Session string }
	if err := json.Unmarshal(payload, &trigger); err != nil || trigger.Prefix == "" || trigger.Session == "" || strings.Contains(trigger.Session, "/") {
		log.Warn("remote execution: the event cannot be understood", "err", err)
		return
	}
	e := &execution{client: a.self, session: trigger.Session, base: path.Join(trigger.Prefix, trigger.Session), node: node}
	job, caller, err := e.fetch(ctx)
	if err != nil {
		log.Debug("remote execution: not performed", "session", trigger.Session, "err", err)
		return
	}
	log = log.With("session", trigger.Session, "from", caller, "user", job.User, "command", job.text())
	argv, cleanup, err := job.argv(a.config().RemoteExecAllow)
	if err != nil {
		log.Warn("remote execution refused", "err", err)
		e.refuse(ctx, err)
		return
	}
	defer cleanup()
	log.Info("remote execution begins")
	code, err := e.run(ctx, argv, job.timeout())
	log.Info("remote execution ended", "exit_code", code, "err", err)
}

// text is what is run, for the log.
func (j *execJob) text() string {
	switch {
	case len(j.Args) > 0:
		return fmt.Sprintf("%.1000q", j.Args)
	case len(j.Script) > 0:
		return fmt.Sprintf("script %.1000q", j.Script)
	}
	return fmt.Sprintf("shell %.1000q", j.Command)
}

func (j *execJob) timeout() time.Duration {
	if j.Timeout <= 0 {
		return execTimeout
	}
	return min(j.Timeout, maxExecTimeout)
}

// allowed reports whether a list of commands has one. Its words have to be the same; a last
// word "*" stands for any further ones.
func allowed(list []string, args []string) bool {
	return slices.ContainsFunc(list, func(line string) bool {
		words := strings.Fields(line)
		if n := len(words) - 1; n > 0 && words[n] == "*" && len(args) >= n {
			return slices.Equal(words[:n], args[:n])
		}
		return slices.Equal(words, args)
	})
}

var (
	errExecGone = errors.New("the request is no more")
	errExecSeen = errors.New("this node has acknowledged it before")
)

// execution is a request on this node.
type execution struct {
	client        *httpapi.Client
	session, base string
	node          string
}

func (e *execution) key(name string) string { return path.Join(e.base, e.node, name) }

// put writes a key that ends with the session.
func (e *execution) put(ctx context.Context, name string, value []byte) error {
	ok, err := e.client.AcquireKey(ctx, e.key(name), value, 0, e.session)
	if err == nil && !ok {
		err = errExecGone
	}
	return err
}

// fetch returns the job, and the node that its session is on, after it was acknowledged.
func (e *execution) fetch(ctx context.Context) (job *execJob, caller string, err error) {
	for end := time.Now().Add(execPatience); ; {
		job, caller, err = e.tryFetch(ctx)
		if err == nil || errors.Is(err, errExecGone) || errors.Is(err, errExecSeen) || ctx.Err() != nil || time.Now().After(end) {
			return job, caller, err
		}
		rest(ctx, execRetry)
	}
}

func (e *execution) tryFetch(ctx context.Context) (*execJob, string, error) {
	caller, _, err := e.caller(ctx, 0)
	if err != nil {
		return nil, "", err
	}
	pair, err := e.client.Key(ctx, path.Join(e.base, "job"), httpapi.ClientQuery{})
	if httpapi.ClientNotFound(err) || err == nil && pair.Session != e.session {
		return nil, "", errExecGone
	}
	if err != nil {
		return nil, "", err
	}
	var job execJob
	if err := json.Unmarshal(pair.Value, &job); err != nil {
		return nil, "", fmt.Errorf("%w: %w", errExecGone, err)
	}
	// Nobody else writes this key, but this agent before a restart.
	_, err = e.client.Key(ctx, e.key("ack"), httpapi.ClientQuery{})
	if err == nil {
		return nil, "", errExecSeen
	}
	if !httpapi.ClientNotFound(err) {
		return nil, "", err
	}
	return &job, caller, e.put(ctx, "ack", nil)
}

// caller returns the node of the session when something newer than an index is known of it.
func (e *execution) caller(ctx context.Context, index uint64) (node string, at uint64, err error) {
	body, at, err := e.client.Blocking(ctx, httpapi.ClientRead{Path: "/v1/session/info/", Name: e.session}, index)
	if err != nil {
		return "", 0, err
	}
	var sessions []httpapi.Session
	if err := json.Unmarshal(body, &sessions); err != nil {
		return "", 0, err
	}
	if len(sessions) == 0 {
		return "", 0, errExecGone
	}
	return sessions[0].Node, at, nil
}

// refuse tells the caller why nothing is run, with the exit code that shells have for what may not be run.
func (e *execution) refuse(ctx context.Context, why error) {
	_ = e.put(ctx, "out/00000", []byte(why.Error()+"\n")) // if that cannot be said, the exit code can
	_ = e.put(ctx, "exit", []byte("126"))                 // or nothing can, and the caller waits in vain
}
