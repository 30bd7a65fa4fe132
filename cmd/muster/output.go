package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

func formatFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "format", Value: "pretty", Usage: "`FORMAT` of the output: pretty or json",
		Action: func(c *cli.Context, format string) error {
			if format != "pretty" && format != "json" {
				return usagef(c, "-format %q is neither pretty nor json", format)
			}
			return nil
		},
	}
}

// switchFlag is a flag that is off unless it is there.
func switchFlag(name, usage string, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, DisableDefaultText: true}
}

// show prints data as -format says: as JSON, or as pretty writes it for people.
func (s *shell) show(c *cli.Context, data any, pretty func(w io.Writer)) error {
	if c.String("format") == "json" {
		return s.showJSON(data, "    ")
	}
	pretty(s.stdout)
	return nil
}

func (s *shell) showJSON(data any, indent string) error {
	enc := json.NewEncoder(s.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	return nil
}

// table prints rows of cells in aligned columns, two spaces apart, without blanks at the ends of lines.
func table(w io.Writer, rows [][]string) {
	var text strings.Builder
	tw := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	_ = tw.Flush() // a Builder takes everything
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

// arguments checks how many arguments a command was given. what names them in order.
func arguments(c *cli.Context, least, most int, what ...string) error {
	n := c.NArg()
	switch {
	case n < least:
		return usagef(c, "%s is missing", what[n])
	case n > most && most == 0:
		return usagef(c, "unexpected argument %q", c.Args().First())
	case n > most:
		return usagef(c, "unexpected argument %q after %s", c.Args().Get(most), what[most-1])
	}
	return nil
}
