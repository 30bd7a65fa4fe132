package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) catalogCommand() *cli.Command {
	return &cli.Command{
		Name:  "catalog",
		Usage: "list datacenters, nodes and services",
		Subcommands: []*cli.Command{
			s.catalogDatacentersCommand(), s.catalogNodesCommand(), s.catalogServicesCommand(),
		},
	}
}

func (s *shell) catalogDatacentersCommand() *cli.Command {
	return &cli.Command{
		Name:  "datacenters",
		Usage: "list the known datacenters, the nearest first",
		Flags: readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			names, err := agent.Datacenters(c.Context, query(c))
			if err != nil {
				return err
			}
			return s.show(c, names, func(w io.Writer) {
				for _, name := range names {
					fmt.Fprintln(w, name)
				}
			})
		}),
	}
}

func filterFlag() cli.Flag {
	return &cli.StringFlag{Name: "filter", Usage: "list what matches `EXPRESSION`, such as 'Meta.rack == \"r1\"'"}
}

func nodeMetaFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "node-meta", Usage: "list what is on nodes whose meta holds `KEY=VALUE` (repeatable)"}
}

// pairs splits the KEY=VALUE arguments of a flag.
func pairs(c *cli.Context, flag string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range c.StringSlice(flag) {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usagef(c, "-%s %q is not KEY=VALUE", flag, text)
		}
		out[key] = value
	}
	return out, nil
}

// nodeMeta returns -node-meta as the API wants it.
func nodeMeta(c *cli.Context) ([]string, error) {
	meta, err := pairs(c, "node-meta")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(meta)) {
		out = append(out, key+":"+meta[key])
	}
	return out, nil
}

// joined prints a map on one line, in the order of its keys.
func joined(m map[string]string) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, key+"="+m[key])
	}
	return strings.Join(out, ",")
}
