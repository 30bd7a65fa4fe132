package main

import "github.com/urfave/cli/v2"

func (s *shell) kvListCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "print the names of the keys that begin with PREFIX",
		ArgsUsage: "[PREFIX]",
		Flags: readFlags(
			&cli.StringFlag{Name: "separator", Usage: "print names up to the next `STRING` only", DefaultText: "none, whole names"},
		),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 1, "PREFIX"); err != nil {
				return err
			}
			return s.printKeyNames(c, keyArgument(c), c.String("separator"))
		},
	}
}
