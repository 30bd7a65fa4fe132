package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) joinCommand() *cli.Command {
	return &cli.Command{
		Name:        "join",
		Usage:       "make the agent join a cluster",
		ArgsUsage:   "ADDRESS...",
		Description: "ADDRESS is the host or host:port of gossip of any member. One that answers is enough.",
		Flags:       agentFlags(switchFlag("wan", "join another datacenter, as a server does")),
		Action:      s.join,
	}
}

func (s *shell) join(c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef(c, "ADDRESS is missing")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	joined := 0
	for _, address := range c.Args().Slice() {
		err := agent.Join(c.Context, address, c.Bool("wan"))
		if _, unreachable := errors.AsType[*httpapi.ClientUnreachableError](err); unreachable {
			return err
		}
		if err != nil {
			fmt.Fprintf(s.stderr, "Error joining address '%s': %v\n", address, err)
			continue
		}
		joined++
	}
	if joined == 0 {
		return errors.New("no node was joined; is a member running there, at its gossip port, and with the same key?")
	}
	fmt.Fprintf(s.stdout, "Successfully joined cluster by contacting %d nodes.\n", joined)
	return nil
}
