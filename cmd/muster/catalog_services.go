package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (s *shell) catalogServicesCommand() *cli.Command {
	return &cli.Command{
		Name:  "services",
		Usage: "list the services of the catalog",
		Flags: readFlags(
			&cli.StringFlag{Name: "node", Usage: "list services with an instance on `NODE`"},
			switchFlag("tags", "print their tags too"),
			nodeMetaFlag(), filterFlag(),
		),
		Action: s.catalogServices,
	}
}

func (s *shell) catalogServices(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	tags, err := s.serviceTags(c)
	if err != nil {
		return err
	}
	return s.show(c, tags, func(w io.Writer) {
		if len(tags) == 0 {
			fmt.Fprintln(s.stderr, "No services match the query.")
			return
		}
		var rows [][]string
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			row := []string{name}
			if c.Bool("tags") {
				row = append(row, strings.Join(tags[name], ","))
			}
			rows = append(rows, row)
		}
		table(w, rows)
	})
}

// serviceTags returns the services asked for, each with its tags in order.
func (s *shell) serviceTags(c *cli.Context) (map[string][]string, error) {
	q := query(c)
	q.Filter = c.String("filter")
	var err error
	if q.NodeMeta, err = nodeMeta(c); err != nil {
		return nil, err
	}
	agent, err := s.agent(c)
	if err != nil {
		return nil, err
	}
	node := c.String("node")
	if node == "" {
		return agent.Services(c.Context, q)
	}
	on, err := agent.NodeServices(c.Context, node, q)
	if err != nil {
		return nil, err
	}
	if on == nil {
		return nil, fmt.Errorf("there is no node %q", node)
	}
	tags := map[string][]string{}
	for _, i := range on.Services {
		tags[i.Service] = append(tags[i.Service], i.Tags...)
	}
	for name := range tags {
		slices.Sort(tags[name])
		tags[name] = slices.Compact(tags[name])
	}
	return tags, nil
}
