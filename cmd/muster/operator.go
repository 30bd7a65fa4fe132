package main

import "github.com/urfave/cli/v2"

func (s *shell) operatorCommand() *cli.Command {
	return &cli.Command{
		Name:  "operator",
		Usage: "look after the servers of a cluster",
		Subcommands: []*cli.Command{
			{
				Name: "autopilot", Usage: "how the leader looks after the servers, and what it sees",
				Subcommands: []*cli.Command{s.autopilotGetCommand(), s.autopilotHealthCommand(), s.autopilotSetCommand(), s.autopilotStateCommand()},
			},
			{
				Name: "brake", Usage: "services of which too many instances failed together",
				Subcommands: []*cli.Command{s.brakeListCommand(), s.brakeLiftCommand()},
			},
			{
				Name: "raft", Usage: "who takes part in raft",
				Subcommands: []*cli.Command{s.raftListCommand(), s.raftRemoveCommand(), s.raftTransferCommand()},
			},
			{
				Name: "usage", Usage: "sizes of the cluster",
				Subcommands: []*cli.Command{s.usageInstancesCommand()},
			},
		},
	}
}
