package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) rttCommand() *cli.Command {
	return &cli.Command{
		Name:      "rtt",
		Usage:     "estimate the round trip between two nodes",
		UsageText: s.program + " rtt [options] NODE1 [NODE2]",
		Description: "NODE2 is the agent's own unless given. The estimate is made of the times of earlier pings; nothing is sent to either node.\n" +
			"With -wan both are servers and written NODE.DATACENTER.",
		Flags:  agentFlags(switchFlag("wan", "estimate between servers, of any datacenters")),
		Action: s.rtt,
	}
}

func (s *shell) rtt(c *cli.Context) error {
	if err := arguments(c, 1, 2, "NODE1", "NODE2"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	nodes, wan := c.Args().Slice(), c.Bool("wan")
	if len(nodes) == 1 {
		self, err := agent.Self(c.Context)
		if err != nil {
			return err
		}
		own := self.Config.NodeName
		if wan {
			own += "." + self.Config.Datacenter
		}
		nodes = append(nodes, own)
	}
	find, source := placesInLAN, "LAN"
	if wan {
		for _, n := range nodes {
			if node, dc, _ := strings.Cut(n, "."); node == "" || dc == "" {
				return usagef(c, "%q: with -wan a server is written NODE.DATACENTER", n)
			}
		}
		find, source = placesInWAN, "WAN"
	}
	places, err := find(c.Context, agent)
	if err != nil {
		return err
	}
	var ends [2]httpapi.CoordinateEntry
	for i, name := range nodes {
		at := slices.IndexFunc(places, func(e httpapi.CoordinateEntry) bool { return strings.EqualFold(e.Node, name) })
		if at < 0 {
			return fmt.Errorf("there is no coordinate of %q", name)
		}
		ends[i] = places[at]
	}
	rtt, err := ends[0].RTT(ends[1])
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Estimated %s <-> %s rtt: %.3f ms (using %s coordinates)\n", nodes[0], nodes[1], rtt.Seconds()*1000, source)
	return nil
}

// placesInLAN returns where the nodes of the agent's datacenter are.
func placesInLAN(ctx context.Context, agent *httpapi.Client) ([]httpapi.CoordinateEntry, error) {
	return agent.Coordinates(ctx, httpapi.ClientQuery{})
}

// placesInWAN returns where the servers of all datacenters are, as NODE.DATACENTER.
func placesInWAN(ctx context.Context, agent *httpapi.Client) ([]httpapi.CoordinateEntry, error) {
	datacenters, err := agent.CoordinateDatacenters(ctx)
	var out []httpapi.CoordinateEntry
	for _, dc := range datacenters {
		for _, e := range dc.Coordinates {
			e.Node += "." + dc.Datacenter
			out = append(out, e)
		}
	}
	return out, err
}
