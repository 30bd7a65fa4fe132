package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) leaveCommand() *cli.Command {
	return &cli.Command{
		Name:  "leave",
		Usage: "make the agent leave the cluster and stop",
		Flags: agentFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			if err := agent.Leave(c.Context); err != nil {
				return err
			}
			fmt.Fprintln(s.stdout, "Graceful leave complete")
			return nil
		}),
	}
}
