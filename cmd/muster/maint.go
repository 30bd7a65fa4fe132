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

// The checks that maintenance makes, as Consul's clients know them.
const (
	nodeMaintenance    = "_node_maintenance"
	serviceMaintenance = "_service_maintenance:" // followed by the instance's id
)

func (s *shell) maintCommand() *cli.Command {
	return &cli.Command{
		Name:        "maint",
		Usage:       "take the agent's node, or an instance on it, out of service",
		Description: "Without flags, list what is in maintenance.",
		Flags: agentFlags(
			switchFlag("enable", "turn maintenance on"),
			switchFlag("disable", "turn maintenance off"),
			&cli.StringFlag{Name: "reason", Usage: "with -enable, say why in `TEXT`"},
			&cli.DurationFlag{Name: "for", Usage: "with -enable, have it end by itself after `DURATION`"},
			&cli.StringFlag{Name: "service", Usage: "the instance with `ID` instead of the node"},
			formatFlag(),
		),
		Action: s.maint,
	}
}

func (s *shell) maint(c *cli.Context) error {
	enable, disable, service := c.Bool("enable"), c.Bool("disable"), c.String("service")
	switch {
	case c.NArg() > 0:
		return arguments(c, 0, 0)
	case enable && disable:
		return usagef(c, "-enable and -disable exclude each other")
	case c.String("reason") != "" && !enable:
		return usagef(c, "-reason needs -enable")
	case c.IsSet("for") && (!enable || c.Duration("for") <= 0):
		return usagef(c, "-for needs -enable and a time over 0")
	case service != "" && !enable && !disable:
		return usagef(c, "-service needs -enable or -disable")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if !enable && !disable {
		return s.maintList(c, agent)
	}
	if err := agent.SetMaintenance(c.Context, service, enable, c.String("reason"), c.Duration("for")); err != nil {
		return err
	}
	what, now := "Node maintenance", "disabled"
	if service != "" {
		what = fmt.Sprintf("Maintenance of service %q", service)
	}
	if enable {
		now = "enabled"
	}
	if d := c.Duration("for"); d > 0 {
		now += fmt.Sprintf(" for %v", d)
	}
	fmt.Fprintf(s.stdout, "%s is now %s\n", what, now)
	return nil
}

func (s *shell) maintList(c *cli.Context, agent *httpapi.Client) error {
	checks, err := agent.AgentChecks(c.Context, httpapi.ClientQuery{})
	if err != nil {
		return err
	}
	found := []httpapi.HealthCheck{}
	for _, id := range slices.Sorted(maps.Keys(checks)) {
		if id == nodeMaintenance || strings.HasPrefix(id, serviceMaintenance) {
			found = append(found, checks[id])
		}
	}
	return s.show(c, found, func(w io.Writer) {
		if len(found) == 0 {
			fmt.Fprintln(w, "Nothing is in maintenance.")
		}
		for i, check := range found {
			if i > 0 {
				fmt.Fprintln(w)
			}
			if check.CheckID == nodeMaintenance {
				fmt.Fprintf(w, "Node:\n  Name:    %s\n  Reason:  %s\n", check.Node, check.Notes)
			} else {
				fmt.Fprintf(w, "Service:\n  ID:      %s\n  Reason:  %s\n", strings.TrimPrefix(check.CheckID, serviceMaintenance), check.Notes)
			}
		}
	})
}
