package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (s *shell) leaveCommand() *cli.Command {
	return &cli.Command{
		Name:  "leave",
		Usage: "make the agent leave the cluster and stop",
		Flags: agentFlags(),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			agent, err := s.agent(c)
			if err != nil {
				return err
			}
			if err := agent.Leave(c.Context); err != nil {
				return err
			}
			fmt.Fprintln(s.stdout, "Graceful leave complete")
			return nil
		},
	}
}
