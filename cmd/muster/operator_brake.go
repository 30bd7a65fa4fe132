package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) brakeListCommand() *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the services that are braked",
		Description: "DNS answers of a braked service keep the instances that failed together.",
		Flags:       readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			brakes, err := agent.Brakes(c.Context, query(c))
			if err != nil {
				return err
			}
			return s.show(c, brakes, func(w io.Writer) {
				if len(brakes) == 0 {
					fmt.Fprintln(w, "No service is braked.")
					return
				}
				rows := [][]string{{"Service", "Failed", "Of", "Allowed", "Since Index", "Lifted"}}
				for _, b := range brakes {
					rows = append(rows, []string{
						b.Service, strconv.Itoa(b.Failed), strconv.Itoa(b.Of), fmt.Sprintf("%d%%", b.Percent),
						strconv.FormatUint(b.Index, 10), strconv.FormatBool(b.Lifted),
					})
				}
				table(w, rows)
			})
		}),
	}
}

func (s *shell) brakeLiftCommand() *cli.Command {
	return &cli.Command{
		Name:        "lift",
		Usage:       "have DNS answers leave out the failing instances of a service after all",
		ArgsUsage:   "SERVICE",
		Description: "The service is not braked again until its failures are forgotten.",
		Flags:       agentFlags(datacenterFlag()),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 1, 1, "the name of a service"); err != nil {
				return err
			}
			agent, err := s.agent(c)
			if err != nil {
				return err
			}
			if err := agent.LiftBrake(c.Context, c.Args().First(), c.String("datacenter")); err != nil {
				return err
			}
			fmt.Fprintf(s.stdout, "The brake of service %q is lifted\n", c.Args().First())
			return nil
		},
	}
}
