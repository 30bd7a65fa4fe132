package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) servicesRegisterCommand() *cli.Command {
	return &cli.Command{
		Name:        "register",
		Usage:       "register services at the agent",
		ArgsUsage:   "[FILE...]",
		Description: "The services stand in config files, under \"service\" or \"services\", or one is made of the flags.\nThe agent keeps them until they are deregistered.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the service"},
			&cli.StringFlag{Name: "id", Usage: "`ID` of the instance", DefaultText: "the name"},
			&cli.StringFlag{Name: "address", Usage: "its `ADDRESS`", DefaultText: "the node's"},
			&cli.IntFlag{Name: "port", Usage: "its `PORT`", DefaultText: "none"},
			&cli.StringSliceFlag{Name: "tag", Usage: "a `TAG` (repeatable)"},
			&cli.StringSliceFlag{Name: "meta", Usage: "meta `KEY=VALUE` (repeatable)"},
		),
		Action: s.servicesRegister,
	}
}

func (s *shell) servicesRegister(c *cli.Context) error {
	services, err := s.statedServices(c)
	if err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	for i, def := range services {
		if err := agent.RegisterService(c.Context, def); err != nil {
			return fmt.Errorf("register service %q (%d of %d are registered): %w", def.Name, i, len(services), err)
		}
		fmt.Fprintf(s.stdout, "Registered service: %s\n", def.Name)
	}
	return nil
}

// statedServices returns the services that the flags or the files state.
func (s *shell) statedServices(c *cli.Context) ([]httpapi.ClientService, error) {
	flagged := false
	for _, name := range []string{"name", "id", "address", "port", "tag", "meta"} {
		flagged = flagged || c.IsSet(name)
	}
	switch {
	case flagged && c.NArg() > 0:
		return nil, usagef(c, "name a service by flags or by files, not both")
	case c.NArg() > 0:
		return servicesIn(c.Args().Slice())
	case c.String("name") == "":
		return nil, usagef(c, "-name or a FILE is missing")
	}
	meta, err := pairs(c, "meta")
	if err != nil {
		return nil, err
	}
	return []httpapi.ClientService{{
		ID: c.String("id"), Name: c.String("name"), Address: c.String("address"), Port: c.Int("port"),
		Tags: c.StringSlice("tag"), Meta: meta,
	}}, nil
}
