package main

import (
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) usageInstancesCommand() *cli.Command {
	return &cli.Command{
		Name:  "instances",
		Usage: "count nodes, services and their instances",
		Flags: readFlags(switchFlag("all-datacenters", "count all datacenters that are known")),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			q := query(c)
			q.Global = c.Bool("all-datacenters")
			usage, err := agent.Usage(c.Context, q)
			if err != nil {
				return err
			}
			return s.show(c, usage, func(w io.Writer) {
				rows := [][]string{{"DC", "Nodes", "Services", "Service instances"}}
				for _, dc := range slices.Sorted(maps.Keys(usage.Usage)) {
					u := usage.Usage[dc]
					rows = append(rows, []string{dc, strconv.Itoa(u.Nodes), strconv.Itoa(u.Services), strconv.Itoa(u.ServiceInstances)})
				}
				table(w, rows)
			})
		}),
	}
}
