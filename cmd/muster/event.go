package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) eventCommand() *cli.Command {
	return &cli.Command{
		Name:      "event",
		Usage:     "tell all agents, or some, of an event",
		ArgsUsage: "[PAYLOAD, @FILE or - for standard input]",
		Description: "Filters are regular expressions that match anywhere in a name; \"^web$\" is web alone.\n" +
			"Agents list the last 256 events that mean them at /v1/event/list.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the event"},
			&cli.StringFlag{Name: "node", Usage: "mean agents whose node's name matches `REGEXP`"},
			&cli.StringFlag{Name: "service", Usage: "mean agents with an instance of a service that matches `REGEXP`"},
			&cli.StringFlag{Name: "tag", Usage: "with -service, mean instances with a tag that matches `REGEXP`"},
			datacenterFlag(),
		),
		Action: s.event,
	}
}

func (s *shell) event(c *cli.Context) error {
	if err := arguments(c, 0, 1, "PAYLOAD"); err != nil {
		return err
	}
	e := httpapi.ClientEvent{
		Name: c.String("name"), Node: c.String("node"), Service: c.String("service"), Tag: c.String("tag"), Datacenter: c.String("datacenter"),
	}
	switch {
	case e.Name == "":
		return usagef(c, "-name is missing")
	case e.Tag != "" && e.Service == "":
		return usagef(c, "-tag needs -service")
	}
	var err error
	if e.Payload, err = s.data(c.Args().First()); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	fired, err := agent.FireEvent(c.Context, e)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Event ID: %s\n", fired.ID)
	return nil
}
