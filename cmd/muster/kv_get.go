package main

import (
	"encoding/base64"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) kvGetCommand() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a key's value, or all under a prefix",
		ArgsUsage: "[KEY or PREFIX]",
		Flags: readFlags(
			switchFlag("recurse", "print every key that begins with PREFIX"),
			switchFlag("keys", "print names only"),
			&cli.StringFlag{Name: "separator", Value: "/", Usage: "with -keys, print names up to the next `STRING` only"},
			switchFlag("detailed", "print flags and indexes too"),
			switchFlag("base64", "print values in base64"),
		),
		Action: s.kvGet,
	}
}

func (s *shell) kvGet(c *cli.Context) error {
	if err := arguments(c, 0, 1, "KEY"); err != nil {
		return err
	}
	key := keyArgument(c)
	switch {
	case c.Bool("keys"):
		separator := c.String("separator")
		if c.Bool("recurse") {
			separator = ""
		}
		return s.printKeyNames(c, key, separator)
	case c.Bool("recurse"):
		return s.printKeys(c, key)
	case key == "":
		return usagef(c, "KEY is missing (a prefix may be empty, with -recurse or -keys)")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	pair, err := agent.Key(c.Context, key, query(c))
	if httpapi.ClientNotFound(err) {
		return fmt.Errorf("there is no key %q", key)
	}
	if err != nil {
		return err
	}
	return s.show(c, pair, func(w io.Writer) {
		if c.Bool("detailed") {
			printPair(w, pair, c.Bool("base64"))
		} else {
			fmt.Fprintln(w, valueText(pair, c.Bool("base64")))
		}
	})
}

func (s *shell) printKeys(c *cli.Context, prefix string) error {
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	pairs, err := agent.Keys(c.Context, prefix, query(c))
	if err != nil {
		return err
	}
	return s.show(c, pairs, func(w io.Writer) {
		for i := range pairs {
			switch p := &pairs[i]; {
			case !c.Bool("detailed"):
				fmt.Fprintf(w, "%s:%s\n", p.Key, valueText(p, c.Bool("base64")))
			default:
				if i > 0 {
					fmt.Fprintln(w)
				}
				printPair(w, p, c.Bool("base64"))
			}
		}
	})
}

func (s *shell) printKeyNames(c *cli.Context, prefix, separator string) error {
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	names, err := agent.KeyNames(c.Context, prefix, separator, query(c))
	if err != nil {
		return err
	}
	return s.show(c, names, func(w io.Writer) {
		for _, name := range names {
			fmt.Fprintln(w, name)
		}
	})
}

func valueText(p *httpapi.Pair, inBase64 bool) string {
	if inBase64 {
		return base64.StdEncoding.EncodeToString(p.Value)
	}
	return string(p.Value)
}

// printPair writes all of a pair. The value comes last and outside the columns: it may hold tabs and lines.
func printPair(w io.Writer, p *httpapi.Pair, inBase64 bool) {
	fmt.Fprintf(w, "CreateIndex  %d\nFlags        %d\nKey          %s\nLockIndex    %d\nModifyIndex  %d\nValue        %s\n",
		p.CreateIndex, p.Flags, p.Key, p.LockIndex, p.ModifyIndex, valueText(p, inBase64))
}
