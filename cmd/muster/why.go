package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func (s *shell) whyCommand() *cli.Command {
	return &cli.Command{
		Name:      "why",
		Usage:     "explain what DNS answers to a name, or why nothing",
		UsageText: s.program + " why [options] NAME [TYPE]",
		Description: "NAME without a dot is short for a service: \"web\" is \"web.service.consul\". TYPE is A unless given.\n" +
			"The exit code is 0 when there is an answer, 1 when there is none.",
		Flags: agentFlags(
			switchFlag("tcp", "explain the answer over TCP"),
			switchFlag("verbose", "show all checks, and all that is remembered of how their status changed"),
			formatFlag(),
		),
		Action: s.why,
	}
}

func (s *shell) why(c *cli.Context) error {
	if err := arguments(c, 1, 2, "NAME", "TYPE"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	e, err := agent.Explain(c.Context, c.Args().Get(0), c.Args().Get(1), c.Bool("tcp"))
	if err != nil {
		return err
	}
	if err := s.show(c, e, func(w io.Writer) { printExplanation(w, e, c.Bool("verbose")) }); err != nil {
		return err
	}
	if len(e.Answer) == 0 {
		return errNothing
	}
	return nil
}
