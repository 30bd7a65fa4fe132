package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// expandHelp turns "help kv get" into "kv get -h".
func expandHelp(args []string) []string {
	if len(args) < 2 || args[1] != "help" {
		return args
	}
	return slices.Concat(args[:1], args[2:], []string{"-h"})
}

// reorder moves the flags of a command before its arguments, since the flag
// parser stops at the first argument: "kv get web/ -recurse" means what it says.
// What follows "--" is never a flag.
//
// "kv put" keeps its order. A value may look like a flag ("kv put offset -5"),
// and a value must never be lost to a guess. Nor do commands that run others:
// what follows the first argument is for these.
func reorder(commands []*cli.Command, args []string) []string {
	command, at := find(commands, args)
	switch {
	case command == nil:
		return args
	case at+1 < len(args) && isHelp(args[at+1]):
		return args[:at+2]
	case args[at-1] == "kv" && command.Name == "put", at == 1 && slices.Contains(runsOthers(), command.Name):
		return args
	}
	var flags, rest []string
	for i := at + 1; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			rest = append(rest, args[i+1:]...)
			i = len(args)
		case isHelp(arg):
			return append(args[:at+1:at+1], arg) // the library would look for a topic among the arguments
		case len(arg) < 2 || arg[0] != '-':
			rest = append(rest, arg)
		case takesNext(command, arg):
			if i+1 == len(args) {
				return args // the parser says that the value is missing
			}
			flags = append(flags, arg, args[i+1])
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, rest)
}

// runsOthers are the commands whose arguments are a command of their own.
func runsOthers() []string { return []string{"exec", "lock", "watch"} }

func isHelp(arg string) bool {
	return slices.Contains([]string{"-h", "--h", "-help", "--help"}, arg)
}

// find returns the command without subcommands that args name, and where its name stands.
func find(commands []*cli.Command, args []string) (*cli.Command, int) {
	for i := 1; i < len(args); i++ {
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[i]) })
		if at < 0 {
			break
		}
		if len(commands[at].Subcommands) == 0 {
			return commands[at], i
		}
		commands = commands[at].Subcommands
	}
	return nil, 0
}

// takesNext reports whether a flag's value is the argument that follows it.
func takesNext(c *cli.Command, arg string) bool {
	name := strings.TrimPrefix(arg[1:], "-")
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			doc, ok := f.(cli.DocGenerationFlag)
			return ok && doc.TakesValue()
		}
	}
	return false
}
