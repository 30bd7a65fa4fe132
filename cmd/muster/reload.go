package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) reloadCommand() *cli.Command {
	return &cli.Command{
		Name:  "reload",
		Usage: "make the agent read its configuration again, all of it or none",
		Flags: agentFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			changes, err := agent.Reload(c.Context)
			if err != nil {
				return err
			}
			if changes != "" {
				changes = ": " + changes
			}
			fmt.Fprintf(s.stdout, "Configuration reloaded%s\n", changes)
			return nil
		}),
	}
}
