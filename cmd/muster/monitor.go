package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (s *shell) monitorCommand() *cli.Command {
	return &cli.Command{
		Name:  "monitor",
		Usage: "print the agent's log as it grows, until interrupted",
		Flags: agentFlags(
			&cli.StringFlag{Name: "log-level", Value: "info", Usage: "least `LEVEL` to print: trace, debug, info, warn, error",
				Action: func(c *cli.Context, level string) error {
					if !slices.Contains([]string{"trace", "debug", "info", "warn", "error"}, strings.ToLower(level)) {
						return usagef(c, "-log-level %q is none of trace, debug, info, warn, error", level)
					}
					return nil
				}},
			switchFlag("log-json", "print JSON lines"),
		),
		Action: s.monitor,
	}
}

func (s *shell) monitor(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	log, err := agent.Monitor(ctx, strings.ToLower(c.String("log-level")), c.Bool("log-json"))
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	defer log.Close()
	if _, err := io.Copy(s.stdout, log); err != nil {
		return unlessInterrupted(ctx, fmt.Errorf("the agent at %s ended the log: %w", agent.Addr(), err))
	}
	return unlessInterrupted(ctx, fmt.Errorf("the agent at %s ended the log", agent.Addr()))
}

// unlessInterrupted returns err, or nil when the user ended what failed.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
