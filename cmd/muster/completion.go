package main

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// completions are what shells read. Each script asks "completion words" what fits.
//
//go:embed completion
var completions embed.FS

func (s *shell) completionCommand() *cli.Command {
	out := &cli.Command{
		Name:  "completion",
		Usage: "print what completes commands and flags in a shell",
		Subcommands: []*cli.Command{{
			Name: "words", Usage: "print what fits the last of some words", ArgsUsage: "-- WORD...", Hidden: true,
			Action: s.completeWords,
		}},
	}
	for _, name := range []string{"bash", "fish", "zsh"} {
		out.Subcommands = append(out.Subcommands, &cli.Command{
			Name: name, Usage: "print the script for " + name,
			Action: func(c *cli.Context) error {
				if err := arguments(c, 0, 0); err != nil {
					return err
				}
				script, err := fs.ReadFile(completions, "completion/"+name)
				if err != nil {
					return fmt.Errorf("read the script: %w", err)
				}
				_, err = s.stdout.Write(script)
				return err
			},
		})
	}
	return out
}

func (s *shell) completeWords(c *cli.Context) error {
	for _, w := range fitting(c.App.Commands, c.Args().Slice()) {
		fmt.Fprintf(s.stdout, "%s\t%s\n", w.text, w.means)
	}
	return nil
}

// word is a way to go on, and what it means.
type word struct{ text, means string }

// fitting returns what the last of words may become: a command, a flag or, behind a
// flag that has a choice, its value. There is nothing where a file, or something of the
// catalog, may stand.
func fitting(commands []*cli.Command, words []string) []word {
	if len(words) == 0 {
		return nil
	}
	last, before := words[len(words)-1], words[:len(words)-1]
	if len(before) > 0 && before[0] == "help" {
		before = before[1:]
	}
	var at *cli.Command // nil: the program itself
	valueOf, inCommands := "", true
	for _, w := range before {
		switch {
		case valueOf != "":
			valueOf = ""
		case w == "--":
			return nil
		case len(w) > 1 && w[0] == '-':
			if at != nil && takesNext(at, w) {
				valueOf = strings.TrimLeft(w, "-")
			}
		case inCommands:
			i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(w) })
			if i < 0 {
				return nil
			}
			at, commands = commands[i], commands[i].Subcommands
			inCommands = len(commands) > 0
		}
	}
	var all []word
	switch {
	case valueOf == "format":
		all = []word{{"json", "for programs"}, {"pretty", "for people"}}
	case valueOf != "":
	case strings.HasPrefix(last, "-"):
		all = flagWords(at, strings.HasPrefix(last, "--"))
	case inCommands:
		for _, c := range commands {
			if !c.Hidden {
				all = append(all, word{c.Name, c.Usage})
			}
		}
	}
	return slices.DeleteFunc(all, func(w word) bool { return !strings.HasPrefix(w.text, last) })
}

// flagWords lists the flags of a command, with one dash or two.
func flagWords(c *cli.Command, two bool) []word {
	flags := []cli.Flag{helpFlag()}
	if c != nil {
		flags = c.VisibleFlags()
	}
	dash := "-"
	if two {
		dash = "--"
	}
	var out []word
	for _, f := range flags {
		means := ""
		if doc, ok := f.(cli.DocGenerationFlag); ok {
			means = strings.ReplaceAll(doc.GetUsage(), "`", "")
		}
		for _, name := range f.Names() {
			if len(name) > 1 {
				out = append(out, word{dash + name, means})
			}
		}
	}
	return out
}
