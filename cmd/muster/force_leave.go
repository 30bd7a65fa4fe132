package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) forceLeaveCommand() *cli.Command {
	return &cli.Command{
		Name:        "force-leave",
		Usage:       "have a failed member count as one that left",
		ArgsUsage:   "NODE",
		Description: "A member that is alive comes back by itself: stop its agent first.",
		Flags: agentFlags(
			switchFlag("prune", "forget the member at once"),
			switchFlag("wan", "in the pool of the servers of all datacenters; NODE is NODE.DATACENTER then"),
		),
		Action: s.forceLeave,
	}
}

func (s *shell) forceLeave(c *cli.Context) error {
	if err := arguments(c, 1, 1, "NODE"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	node := c.Args().First()
	err = agent.ForceLeave(c.Context, node, c.Bool("prune"), c.Bool("wan"))
	if httpapi.ClientNotFound(err) {
		return fmt.Errorf("there is no member %q (`%s members` lists them)", node, s.program)
	}
	return err
}
