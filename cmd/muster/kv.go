package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

func (s *shell) kvCommand() *cli.Command {
	return &cli.Command{
		Name:  "kv",
		Usage: "read and write the key/value store",
		Subcommands: []*cli.Command{
			s.kvDeleteCommand(), s.kvExportCommand(), s.kvGetCommand(),
			s.kvImportCommand(), s.kvListCommand(), s.kvPutCommand(),
		},
	}
}

// keyArgument returns the key or prefix a command was given. Keys that begin with
// a slash do not name what people mean by them, so one is taken away.
func keyArgument(c *cli.Context) string {
	return strings.TrimPrefix(c.Args().First(), "/")
}

// casFlags are the flags of conditional writes.
func casFlags() []cli.Flag {
	return []cli.Flag{
		switchFlag("cas", "check and set: only when the key's ModifyIndex is that of -modify-index"),
		&cli.Uint64Flag{Name: "modify-index", Usage: "the ModifyIndex that -cas compares with", DefaultText: "0, there is no such key"},
	}
}
