package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (s *shell) servicesDeregisterCommand() *cli.Command {
	return &cli.Command{
		Name:        "deregister",
		Usage:       "remove services from the agent",
		ArgsUsage:   "[FILE...]",
		Description: "The services are those in config files, or the one with -id.",
		Flags:       agentFlags(&cli.StringFlag{Name: "id", Usage: "`ID` of the instance"}),
		Action:      s.servicesDeregister,
	}
}

func (s *shell) servicesDeregister(c *cli.Context) error {
	ids := []string{c.String("id")}
	switch {
	case c.IsSet("id") && c.NArg() > 0:
		return usagef(c, "name a service by -id or by files, not both")
	case c.NArg() > 0:
		services, err := servicesIn(c.Args().Slice())
		if err != nil {
			return err
		}
		ids = ids[:0]
		for _, def := range services {
			ids = append(ids, def.Normalize().ID)
		}
	case ids[0] == "":
		return usagef(c, "-id or a FILE is missing")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := agent.DeregisterService(c.Context, id); err != nil {
			return fmt.Errorf("deregister service %q (%d of %d are gone): %w", id, i, len(ids), err)
		}
		fmt.Fprintf(s.stdout, "Deregistered service: %s\n", id)
	}
	return nil
}
