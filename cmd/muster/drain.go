package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
)

func (s *shell) drainCommand() *cli.Command {
	return &cli.Command{
		Name:  "drain",
		Usage: "take the agent's node, or an instance on it, out of answers before it stops",
		Description: "Takes it into maintenance, waits until no client need hold an older answer, and then has\n" +
			"the agent leave the cluster and stop; with -service it only returns, so that whoever called may stop\n" +
			"the service. A restart of the agent, or maint -disable, ends the maintenance.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "reason", Usage: "say why in `TEXT`", Value: "draining"},
			&cli.StringFlag{Name: "service", Usage: "the instance with `ID` instead of the node; the agent does not leave"},
			switchFlag("stay", "do not have the agent leave"),
			&cli.DurationFlag{Name: "wait", Usage: "wait for `DURATION`, instead of the longest TTL of an answer and a second"},
		),
		Action: s.drain,
	}
}

func (s *shell) drain(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	if c.Duration("wait") < 0 {
		return usagef(c, "-wait is negative")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	service := c.String("service")
	wait, err := agent.Drain(c.Context, service, c.String("reason"))
	if err != nil {
		return err
	}
	if c.IsSet("wait") {
		wait = c.Duration("wait")
	}
	what := "The node"
	if service != "" {
		what = fmt.Sprintf("Service %q", service)
	}
	fmt.Fprintf(s.stdout, "%s is out of answers, waiting %v for those given before\n", what, wait)
	if err := pause(c.Context, wait); err != nil {
		return err
	}
	if service != "" || c.Bool("stay") {
		fmt.Fprintf(s.stdout, "%s is drained\n", what)
		return nil
	}
	if err := agent.Leave(c.Context); err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, "Graceful leave complete")
	return nil
}

// pause waits for a time. The error is that of a ctx that ended before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
