package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) catalogNodesCommand() *cli.Command {
	return &cli.Command{
		Name:  "nodes",
		Usage: "list the nodes of the catalog",
		Flags: readFlags(
			switchFlag("detailed", "print whole ids, tagged addresses and meta"),
			&cli.StringFlag{Name: "service", Usage: "list nodes that carry an instance of `SERVICE`"},
			&cli.StringFlag{Name: "near", Usage: "sort by distance from `NODE` (_agent: the agent's own)"},
			nodeMetaFlag(), filterFlag(),
		),
		Action: s.catalogNodes,
	}
}

func (s *shell) catalogNodes(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	q := query(c)
	q.Near, q.Filter = c.String("near"), c.String("filter")
	var err error
	if q.NodeMeta, err = nodeMeta(c); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	var nodes []httpapi.Node
	if service := c.String("service"); service != "" {
		nodes, err = agent.NodesOf(c.Context, service, q)
	} else {
		nodes, err = agent.Nodes(c.Context, q)
	}
	if err != nil {
		return err
	}
	return s.show(c, nodes, func(w io.Writer) {
		if len(nodes) == 0 {
			fmt.Fprintln(s.stderr, "No nodes match the query.")
			return
		}
		table(w, nodeRows(nodes, c.Bool("detailed")))
	})
}

func nodeRows(nodes []httpapi.Node, detailed bool) [][]string {
	const shortID = 8 // enough to tell nodes apart by eye
	header := []string{"Node", "ID", "Address", "DC"}
	if detailed {
		header = append(header, "TaggedAddresses", "Meta")
	}
	rows := [][]string{header}
	for _, n := range nodes {
		row := []string{n.Node, n.ID, n.Address, n.Datacenter}
		if detailed {
			row = append(row, joined(n.TaggedAddresses), joined(n.Meta))
		} else if len(n.ID) > shortID {
			row[1] = n.ID[:shortID]
		}
		rows = append(rows, row)
	}
	return rows
}
