package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/cmd/resolver"
)

func (s *shell) resolverCommand() *cli.Command {
	return &cli.Command{
		Name:        "resolver",
		Usage:       "have the resolver of this host ask muster for muster's zones",
		Subcommands: []*cli.Command{s.resolverPlanCommand(), s.resolverApplyCommand(), s.resolverCheckCommand(), s.resolverUndoCommand()},
	}
}

func (s *shell) resolverPlanCommand() *cli.Command {
	return &cli.Command{
		Name:        "plan",
		Usage:       "show what would be written, and write nothing",
		Description: "The exit code is 0 when apply can do it, or has nothing to do, and 1 when it is for you to do.",
		Flags:       agentFlags(append(targetFlags(), withFlag(), rootFlag(), formatFlag())...),
		Action:      s.resolverPlan,
	}
}

func (s *shell) resolverApplyCommand() *cli.Command {
	return &cli.Command{
		Name:  "apply",
		Usage: "write it, have the resolver read it, and check",
		Description: "Files of others are never touched, nor such of muster's that were changed. What the resolver's own checker refuses is taken back.\n" +
			"The exit code is 0 when the check found muster at every hop.",
		Flags:  agentFlags(append(targetFlags(), withFlag(), atFlag(), rootFlag(), switchFlag("dry-run", "show the plan, and write nothing"))...),
		Action: s.resolverApply,
	}
}

func (s *shell) resolverCheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "look a name up as programs do, and say where its question is lost",
		UsageText: s.program + " resolver check [options] [NAME]",
		Description: "NAME is consul.service.DOMAIN unless given: the servers. muster is asked first, then the resolver, then as resolv.conf says, then as programs do.\n" +
			"The exit code is 0 when all give muster's answer.",
		Flags:  agentFlags(append(targetFlags(), withFlag(), atFlag(), rootFlag(), formatFlag())...),
		Action: s.resolverCheck,
	}
}

func (s *shell) resolverUndoCommand() *cli.Command {
	return &cli.Command{
		Name:        "undo",
		Usage:       "remove what apply wrote, and have the resolver forget it",
		Description: "Only files that muster wrote, and that nobody changed since, are removed.",
		Flags:       []cli.Flag{withFlag(), rootFlag(), switchFlag("dry-run", "show what would be removed, and remove nothing")},
		Action:      s.resolverUndo,
	}
}

// targetFlags say what the resolver is to ask muster for.
func targetFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "domain", Usage: "`ZONE` to ask muster for (repeatable)", DefaultText: "those of the agent"},
		&cli.StringFlag{Name: "dns-addr", Usage: "`ADDRESS:PORT` of muster's DNS", DefaultText: "the agent's"},
		&cli.StringSliceFlag{Name: "reverse", Usage: "`NETWORK` whose reverse zone to ask muster for (repeatable)", DefaultText: "dns_config.reverse_networks of the agent"},
	}
}

func withFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "with", Usage: "the `PROGRAM` that resolves names here: " + kindNames(), DefaultText: "what resolv.conf leads to",
		Action: func(c *cli.Context, name string) error {
			if !slices.Contains(resolver.Kinds(), resolver.Kind(name)) {
				return usagef(c, "-with %q is none of %s", name, kindNames())
			}
			return nil
		},
	}
}

func kindNames() string {
	var names []string
	for _, k := range resolver.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func rootFlag() cli.Flag {
	return &cli.StringFlag{Name: "root", Usage: "set up the machine below `DIRECTORY`, such as an image, which does not run"}
}

func atFlag() cli.Flag {
	return &cli.StringFlag{Name: "at", Usage: "`ADDRESS` or ADDRESS:PORT where the resolver takes questions", DefaultText: "where it listens, as far as can be seen"}
}
