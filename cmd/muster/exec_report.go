package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// execReport tells of what nodes answer, as they do.
type execReport struct {
	agent         *httpapi.Client
	base          string // of the keys
	wait, timeout time.Duration
	verbose       bool
	stdout        io.Writer
	status        *statusLine
	nodes         map[string]*execNode
	seen          map[string]bool // keys
	done, failed  int
	looked        time.Time // for nodes that are gone
}

// execNode is what is known of a node that has acknowledged.
type execNode struct {
	partial string // a line that has yet to end
	done    bool
	gone    bool // from the cluster, when that was last looked at
}

// execSlack is how much longer than the command may take nodes are waited for: they kill it, and tell.
const execSlack = 20 * time.Second

// follow reads answers until all nodes that acknowledged have ended and none came for a while.
func (r *execReport) follow(ctx context.Context) error {
	deadline, quiet := time.Now().Add(r.timeout+execSlack), time.Now()
	for index := uint64(0); ; {
		names, at, err := r.names(ctx, index, min(r.wait, time.Second))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			return err
		default:
			news, err := r.take(ctx, names)
			if err != nil {
				return err
			}
			if index = at; news {
				quiet = time.Now()
			}
		}
		outstanding := len(r.nodes) - r.done
		if outstanding > 0 {
			if err := r.look(ctx); err != nil {
				return err
			}
		}
		if time.Since(quiet) >= r.wait && outstanding == len(r.lost()) || time.Now().After(deadline) {
			// Time in which nothing could be read is not silence.
			names, _, err := r.names(ctx, 0, execRead)
			if err != nil {
				return err
			}
			if news, err := r.take(ctx, names); err != nil {
				return err
			} else if !news {
				return r.end(outstanding)
			}
			quiet = time.Now()
		}
		r.status.set(fmt.Sprintf("%d / %d node(s) completed / acknowledged", r.done, len(r.nodes)))
	}
}

// execLook is how often outstanding nodes are looked after.
const execLook = 2 * time.Second

// look finds out which nodes are gone.
func (r *execReport) look(ctx context.Context) error {
	if time.Since(r.looked) < execLook {
		return nil
	}
	members, err := r.agent.Members(ctx, false, "")
	if err != nil {
		return err
	}
	alive := map[string]bool{}
	for _, m := range members {
		alive[m.Name] = httpapi.MemberStatus(m.Status) == httpapi.MemberAlive
	}
	r.looked = time.Now()
	for name, n := range r.nodes {
		n.gone = !alive[name]
	}
	return nil
}

// lost names the nodes that went before they had ended. One that only seemed to go may still answer while others are waited for.
func (r *execReport) lost() (names []string) {
	for name, n := range r.nodes {
		if n.gone && !n.done {
			names = append(names, printable(name))
		}
	}
	slices.Sort(names)
	return names
}

// execRead is how long the last look for answers may take: longer than an election.
const execRead = 10 * time.Second

// names returns the names of the keys when there are newer ones than of an index, or an error of time when there are none for so long.
func (r *execReport) names(ctx context.Context, index uint64, limit time.Duration) (names []string, at uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	read := httpapi.ClientRead{Path: "/v1/kv/", Key: r.base + "/", Query: url.Values{"keys": {""}}}
	body, at, err := r.agent.Blocking(ctx, read, index)
	if err == nil && body != nil {
		err = json.Unmarshal(body, &names)
	}
	return names, at, err
}

// take tells of keys that were not seen. They are in the order of their names: of each node ack, exit, out.
func (r *execReport) take(ctx context.Context, names []string) (news bool, err error) {
	var exits []string
	for _, name := range names {
		node, what, found := strings.Cut(strings.TrimPrefix(name, r.base+"/"), "/")
		if !found || r.seen[name] {
			continue
		}
		r.seen[name], news = true, true
		if r.nodes[node] == nil {
			r.nodes[node] = &execNode{}
			if r.verbose {
				r.say("==> %s: acknowledged", node)
			}
		}
		switch {
		case what == "exit":
			exits = append(exits, node)
		case strings.HasPrefix(what, "out/"):
			pair, err := r.agent.Key(ctx, name, httpapi.ClientQuery{})
			if err != nil {
				return news, err
			}
			r.output(node, string(pair.Value))
		}
	}
	for _, node := range exits { // after all output
		pair, err := r.agent.Key(ctx, r.base+"/"+node+"/exit", httpapi.ClientQuery{})
		if err != nil {
			return news, err
		}
		r.exit(node, string(pair.Value))
	}
	return news, nil
}

// output prints the lines of a piece of output that have ended.
func (r *execReport) output(node, text string) {
	n := r.nodes[node]
	lines := strings.Split(n.partial+text, "\n")
	n.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		r.say("%s: %s", node, strings.ReplaceAll(line, "\t", "    "))
	}
}

func (r *execReport) exit(node, value string) {
	n := r.nodes[node]
	if n.done {
		return
	}
	if n.partial != "" {
		r.output(node, "\n")
	}
	code, err := strconv.Atoi(value)
	if err != nil || code != 0 {
		r.failed++
	}
	n.done = true
	r.done++
	r.say("==> %s: finished with exit code %s", node, value)
}

func (r *execReport) say(format string, args ...any) {
	r.status.clear()
	fmt.Fprintln(r.stdout, printable(fmt.Sprintf(format, args...)))
}

// end tells the sum.
func (r *execReport) end(outstanding int) error {
	r.say("%d / %d node(s) completed / acknowledged", r.done, len(r.nodes))
	lost := r.lost()
	switch {
	case len(r.nodes) == 0:
		return errors.New("no node acknowledged: is disable_remote_exec false where the command is to run?")
	case len(lost) > 0 && len(lost) == outstanding:
		return fmt.Errorf("%d node(s) left the cluster or failed before the command had ended: %s", outstanding, strings.Join(lost, ", "))
	case outstanding > 0:
		return fmt.Errorf("%d node(s) did not complete in time", outstanding)
	case r.failed > 0:
		return fmt.Errorf("the command failed on %d node(s)", r.failed)
	}
	return nil
}
