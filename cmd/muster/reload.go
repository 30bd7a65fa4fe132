package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (s *shell) reloadCommand() *cli.Command {
	return &cli.Command{
		Name:  "reload",
		Usage: "make the agent read its configuration again, all of it or none",
		Flags: agentFlags(),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			agent, err := s.agent(c)
			if err != nil {
				return err
			}
			changes, err := agent.Reload(c.Context)
			if err != nil {
				return err
			}
			if changes != "" {
				changes = ": " + changes
			}
			fmt.Fprintf(s.stdout, "Configuration reloaded%s\n", changes)
			return nil
		},
	}
}
