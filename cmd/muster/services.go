package main

import "github.com/urfave/cli/v2"

func (s *shell) servicesCommand() *cli.Command {
	return &cli.Command{
		Name:        "services",
		Usage:       "register and deregister services at the agent",
		Subcommands: []*cli.Command{s.servicesDeregisterCommand(), s.servicesRegisterCommand()},
	}
}
