package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) checksCommand() *cli.Command {
	return &cli.Command{
		Name:  "checks",
		Usage: "list the checks of the agent and how they stand, the worst first",
		Description: "Age is that of the status; \"+\" says that it may be older. Next is when the check is looked at next or, of a ttl check,\n" +
			"when it expires. Changes are those of the status in the last hour, as far as the agent remembers.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "service", Usage: "only checks of instances of service `NAME`, or of the instance with that id"},
			&cli.StringFlag{Name: "status", Usage: "only checks that are `STATUS`: passing, warning, critical"},
			filterFlag(), formatFlag(),
		),
		Action: s.checks,
	}
}

// severities are the statuses of checks, the worst first.
var severities = [...]string{"critical", "warning", "passing"}

func (s *shell) checks(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	service, status := c.String("service"), c.String("status")
	if status != "" && !slices.Contains(severities[:], status) {
		return usagef(c, "-status %q is none of passing, warning, critical", status)
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	all, err := agent.AgentStandings(c.Context, c.String("filter"))
	if err != nil {
		return err
	}
	checks := slices.DeleteFunc(all, func(k httpapi.CheckStanding) bool {
		return status != "" && k.Status != status || service != "" && !strings.EqualFold(k.ServiceName, service) && k.ServiceID != service
	})
	slices.SortStableFunc(checks, func(a, b httpapi.CheckStanding) int {
		return cmp.Compare(slices.Index(severities[:], a.Status), slices.Index(severities[:], b.Status))
	})
	return s.show(c, checks, func(w io.Writer) {
		if len(checks) == 0 {
			fmt.Fprintln(s.stderr, "No checks match.")
			return
		}
		table(w, withoutEmpty(checkColumns(checks)))
	})
}

func checkColumns(checks []httpapi.CheckStanding) [][]string {
	rows := [][]string{{"Check", "Service", "Kind", "Interval", "Status", "Age", "Next", "Changes", "Output"}}
	for _, k := range checks {
		age := k.Age
		if k.OrBefore {
			age += "+"
		}
		next := k.NextIn
		if next == "0s" {
			next = "now"
		}
		rows = append(rows, []string{
			printable(k.CheckID), printable(k.ServiceID), k.Type, k.Interval, k.Status, age, next, strconv.Itoa(k.LastHour), lastWords(&k),
		})
	}
	return rows
}

// lastWords is what there is to say of a check in one line: what its last probe did, or its reason.
func lastWords(k *httpapi.CheckStanding) string {
	said := firstLines(k.Output)
	if said == nil {
		said = firstLines(k.Notes)
	}
	const width = 100
	switch {
	case said == nil:
		return ""
	case len([]rune(said[0])) > width:
		return string([]rune(said[0])[:width]) + "..."
	}
	return said[0]
}
