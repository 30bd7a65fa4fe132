package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) execCommand() *cli.Command {
	return &cli.Command{
		Name:      "exec",
		Usage:     "run a command on all nodes, or some",
		ArgsUsage: "COMMAND [ARGUMENT ...], or - for a script from standard input",
		Description: "Agents run it if their disable_remote_exec is false, which it is not by default. Without -shell\n" +
			"no shell looks at the command. Filters are regular expressions that match anywhere in a name.\n" +
			"Flags stand before the command. Exit code 1: it failed somewhere, or nobody ran it.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "node", Usage: "on nodes whose name matches `REGEXP`"},
			&cli.StringFlag{Name: "service", Usage: "on nodes with an instance of a service that matches `REGEXP`"},
			&cli.StringFlag{Name: "tag", Usage: "with -service, instances with a tag that matches `REGEXP`"},
			&cli.DurationFlag{Name: "wait", Value: 2 * time.Second, Usage: "wait for `DURATION` without a word from any node for further ones"},
			&cli.DurationFlag{Name: "wait-repl", Usage: "wait for `DURATION` before nodes are told"},
			&cli.DurationFlag{Name: "timeout", Value: 10 * time.Minute, Usage: "nodes kill the command after `DURATION`"},
			switchFlag("verbose", "tell also of nodes that begin"),
			switchFlag("shell", "have /bin/sh run the command"),
			&cli.StringFlag{Name: "prefix", Value: execPrefix, Usage: "`PREFIX` of the keys in which nodes answer"},
		),
		Action: s.exec,
	}
}

const (
	execPrefix = "_rexec" // where Consul has its keys of remote execution
	execEvent  = "_rexec"
)

// execJob is what agents read.
type execJob struct {
	Command string        `json:",omitempty"`
	Args    []string      `json:",omitempty"`
	Script  []byte        `json:",omitempty"`
	Wait    time.Duration // unused by agents
	Timeout time.Duration
	User    string
}

// job makes a job of the command line.
func (s *shell) job(c *cli.Context) (*execJob, error) {
	args := c.Args().Slice()
	job := &execJob{Wait: c.Duration("wait"), Timeout: c.Duration("timeout"), User: whoami()}
	switch {
	case len(args) == 0:
		return nil, usagef(c, "COMMAND is missing")
	case c.String("tag") != "" && c.String("service") == "":
		return nil, usagef(c, "-tag needs -service")
	case job.Wait <= 0 || job.Timeout <= 0:
		return nil, usagef(c, "-wait and -timeout want more than 0")
	case strings.Trim(c.String("prefix"), "/") == "":
		return nil, usagef(c, "-prefix is empty")
	case args[0] == "-" && len(args) > 1:
		return nil, usagef(c, "unexpected argument %q after -", args[1])
	case args[0] == "-":
		script, err := s.data("-")
		if err == nil && len(script) == 0 {
			err = errors.New("the script is empty")
		}
		job.Script = script
		return job, err
	case c.Bool("shell"):
		job.Command = strings.Join(args, " ")
	default:
		job.Args = args
	}
	return job, nil
}

// whoami says who asks, for the logs of the nodes. It is what they are told, and proves nothing.
func whoami() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

func (s *shell) exec(c *cli.Context) error {
	job, err := s.job(c)
	if err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	session, err := holdSession(ctx, agent, httpapi.ClientSession{Name: "remote execution for " + job.User, Delete: true})
	if err != nil {
		return err
	}
	r := &execReport{
		agent: agent, base: path.Join(strings.Trim(c.String("prefix"), "/"), session.id), wait: job.Wait, timeout: job.Timeout, verbose: c.Bool("verbose"),
		stdout: s.stdout, status: s.statusLine(), nodes: map[string]*execNode{}, seen: map[string]bool{},
	}
	err = s.ask(session.ctx, c, agent, job, session.id)
	if err == nil {
		err = r.follow(session.ctx)
	}
	r.status.clear()
	if cause := context.Cause(session.ctx); cause != nil {
		err = fmt.Errorf("%w: nodes that still run the command kill it", cause)
	}
	if ended := session.end(); ended != nil && err == nil { // which deletes the keys
		err = fmt.Errorf("the session could not be ended, its time will: %w", ended)
	}
	return err
}

// ask writes the job down and tells nodes of it.
func (s *shell) ask(ctx context.Context, c *cli.Context, agent *httpapi.Client, job *execJob, session string) error {
	text, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	prefix := strings.Trim(c.String("prefix"), "/")
	if ok, err := agent.AcquireKey(ctx, path.Join(prefix, session, "job"), text, 0, session); err != nil || !ok {
		return errors.Join(errors.New("the job could not be written"), err)
	}
	if err := pause(ctx, c.Duration("wait-repl")); err != nil {
		return err
	}
	trigger, err := json.Marshal(struct{ Prefix, Session string }{prefix, session})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	_, err = agent.FireEvent(ctx, httpapi.ClientEvent{
		Name: execEvent, Payload: trigger, Node: c.String("node"), Service: c.String("service"), Tag: c.String("tag"),
	})
	return err
}
