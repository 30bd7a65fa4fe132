package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

func (s *shell) validateCommand() *cli.Command {
	return &cli.Command{
		Name:      "validate",
		Usage:     "find every mistake in config files and directories",
		ArgsUsage: "PATH...",
		Flags:     []cli.Flag{switchFlag("quiet", "print nothing when all is well"), formatFlag()},
		Action:    s.validate,
	}
}

func (s *shell) validate(c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef(c, "PATH is missing")
	}
	warnings, problems := agent.Validate(c.Args().Slice())
	var failed error
	switch n := len(problems); {
	case n == 1:
		failed = fmt.Errorf("the configuration has a mistake")
	case n > 1:
		failed = fmt.Errorf("the configuration has %d mistakes", n)
	}
	if c.String("format") == "json" {
		out := struct {
			Valid    bool
			Warnings []string
			Problems []any
		}{Valid: failed == nil, Warnings: append([]string{}, warnings...), Problems: []any{}}
		for _, p := range problems {
			out.Problems = append(out.Problems, p)
		}
		if err := s.showJSON(out, "    "); err != nil {
			return err
		}
		return failed
	}
	if !c.Bool("quiet") {
		for _, w := range warnings {
			fmt.Fprintf(s.stderr, "Warning: %s\n", w)
		}
	}
	for _, p := range problems {
		fmt.Fprintln(s.stderr, p.Error())
	}
	if failed == nil && !c.Bool("quiet") {
		fmt.Fprintln(s.stdout, "Configuration is valid!")
	}
	return failed
}
