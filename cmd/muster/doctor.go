package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"muster/cmd/doctor"
)

func (s *shell) doctorCommand() *cli.Command {
	paths := &pathList{}
	return &cli.Command{
		Name:  "doctor",
		Usage: "look at an agent and its machine for what is wrong, and say what to do",
		Description: "Each line is a finding: ok, warn (it works, but not as it should or not for long), FAIL, or skip (it cannot be seen from here).\n" +
			"Without an agent that runs, what -config-dir says is looked at. The exit code is 1 when anything is FAIL.",
		Flags: agentFlags(
			&cli.GenericFlag{Name: "config-file", Value: paths, Usage: "look at `FILE` of the agent's configuration, too (repeatable)"},
			&cli.GenericFlag{Name: "config-dir", Value: paths, Usage: "look at the *.json files of `DIR`, too (repeatable)"},
			formatFlag(),
		),
		Action: func(c *cli.Context) error { return s.doctor(c, *paths) },
	}
}

// errUnwell ends a doctor that has told of what is wrong.
var errUnwell = errors.New("something is wrong")

func (s *shell) doctor(c *cli.Context, paths []string) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	found := doctor.Examine(ctx, doctor.Patient{Agent: agent, Version: readBuildInfo().Version, Paths: paths})
	if err := ctx.Err(); err != nil {
		return errors.New("interrupted")
	}
	if err := s.show(c, found, func(w io.Writer) { printFindings(w, found, s.colour(s.stdout)) }); err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.Level == doctor.Fail }) {
		return errUnwell
	}
	return nil
}

// levelColours are those of ANSI terminals.
var levelColours = map[doctor.Level]string{doctor.OK: "32", doctor.Warn: "33", doctor.Fail: "1;31", doctor.Skip: "2"}

func printFindings(w io.Writer, found []doctor.Finding, colour bool) {
	for _, f := range found {
		level := fmt.Sprintf("%-4s", f.Level)
		if colour {
			level = "\x1b[" + levelColours[f.Level] + "m" + level + "\x1b[0m"
		}
		fmt.Fprintf(w, "%s %s\n", level, printable(f.String()))
	}
}
