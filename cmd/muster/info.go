package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

func (s *shell) infoCommand() *cli.Command {
	return &cli.Command{
		Name:   "info",
		Usage:  "print what the agent tells of its own workings",
		Flags:  agentFlags(formatFlag()),
		Action: s.info,
	}
}

func (s *shell) info(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	self, err := agent.Self(c.Context)
	if err != nil {
		return err
	}
	return s.show(c, self.Stats, func(w io.Writer) {
		for _, group := range slices.Sorted(maps.Keys(self.Stats)) {
			fmt.Fprintf(w, "%s:\n", group)
			tw := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
			for _, key := range slices.Sorted(maps.Keys(self.Stats[group])) {
				fmt.Fprintf(tw, "    %s\t= %s\n", key, self.Stats[group][key])
			}
			_ = tw.Flush() // fails only as w does, which w remembers
		}
	})
}
