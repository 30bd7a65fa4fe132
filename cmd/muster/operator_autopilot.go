package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) autopilotGetCommand() *cli.Command {
	return &cli.Command{
		Name:  "get-config",
		Usage: "print how the leader looks after the servers",
		Flags: readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			cfg, err := agent.AutopilotConfig(c.Context, query(c))
			if err != nil {
				return err
			}
			return s.show(c, cfg, func(w io.Writer) {
				fmt.Fprintf(w, "CleanupDeadServers = %t\nLastContactThreshold = %s\nMaxTrailingLogs = %d\nMinQuorum = %d\nServerStabilizationTime = %s\n",
					cfg.CleanupDeadServers, cfg.LastContactThreshold, cfg.MaxTrailingLogs, cfg.MinQuorum, cfg.ServerStabilizationTime)
				fmt.Fprintf(w, "RedundancyZoneTag = %q\nDisableUpgradeMigration = %t\nUpgradeVersionTag = %q\n",
					cfg.RedundancyZoneTag, cfg.DisableUpgradeMigration, cfg.UpgradeVersionTag)
			})
		}),
	}
}

func (s *shell) autopilotSetCommand() *cli.Command {
	return &cli.Command{
		Name:        "set-config",
		Usage:       "change how the leader looks after the servers",
		Description: "What no flag names stays as it is.",
		Flags: agentFlags(datacenterFlag(),
			&cli.BoolFlag{Name: "cleanup-dead-servers", Usage: "take failed servers out once a healthy one has come in their place", DefaultText: "unchanged"},
			&cli.DurationFlag{Name: "last-contact-threshold", Usage: "a healthy server has heard of the leader within `TIME`", DefaultText: "unchanged"},
			&cli.Uint64Flag{Name: "max-trailing-logs", Usage: "a healthy server lacks `N` entries of the log at most", DefaultText: "unchanged"},
			&cli.UintFlag{Name: "min-quorum", Usage: "never take dead servers out below `N` voters", DefaultText: "unchanged"},
			&cli.DurationFlag{Name: "server-stabilization-time", Usage: "a new server votes after it was healthy for `TIME`", DefaultText: "unchanged"},
		),
		Action: s.autopilotSet,
	}
}

func (s *shell) autopilotSet(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	if !slices.ContainsFunc(autopilotSettings[:], c.IsSet) {
		return usagef(c, "no setting is named")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	cfg, err := agent.AutopilotConfig(c.Context, httpapi.ClientQuery{Datacenter: c.String("datacenter")})
	if err != nil {
		return err
	}
	for _, name := range autopilotSettings {
		if c.IsSet(name) {
			setAutopilot(c, cfg, name)
		}
	}
	written, err := agent.SetAutopilotConfig(c.Context, cfg, c.String("datacenter"))
	if err != nil {
		return err
	}
	if !written {
		return errors.New("somebody else changed the settings at the same moment; look at them and try again")
	}
	fmt.Fprintln(s.stdout, "Configuration updated!")
	return nil
}

// autopilotSettings are the flags that each change one setting.
var autopilotSettings = [...]string{
	"cleanup-dead-servers", "last-contact-threshold", "max-trailing-logs", "min-quorum", "server-stabilization-time",
}

// setAutopilot changes the setting of one flag.
func setAutopilot(c *cli.Context, cfg *httpapi.AutopilotConfig, flag string) {
	switch flag {
	case "cleanup-dead-servers":
		cfg.CleanupDeadServers = c.Bool(flag)
	case "last-contact-threshold":
		cfg.LastContactThreshold = c.Duration(flag).String()
	case "max-trailing-logs":
		cfg.MaxTrailingLogs = c.Uint64(flag)
	case "min-quorum":
		cfg.MinQuorum = c.Uint(flag)
	case "server-stabilization-time":
		cfg.ServerStabilizationTime = c.Duration(flag).String()
	}
}

func (s *shell) autopilotHealthCommand() *cli.Command {
	return &cli.Command{
		Name:        "health",
		Usage:       "print the health of the servers as the leader sees it",
		Description: "The exit code is 0 when all are healthy, 1 when some are not.",
		Flags:       readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			health, err := agent.AutopilotHealth(c.Context, query(c))
			if err != nil {
				return err
			}
			if err := s.show(c, health, func(w io.Writer) { printHealth(w, health) }); err != nil {
				return err
			}
			if !health.Healthy {
				return errNothing
			}
			return nil
		}),
	}
}

func printHealth(w io.Writer, health *httpapi.AutopilotHealth) {
	fmt.Fprintf(w, "Healthy:            %t\nFailure Tolerance:  %d\n\n", health.Healthy, health.FailureTolerance)
	rows := [][]string{{"Node", "ID", "Address", "Status", "Leader", "Voter", "Healthy", "Last Contact", "Stable Since"}}
	for _, h := range health.Servers {
		rows = append(rows, []string{
			h.Name, h.ID, h.Address, h.SerfStatus, fmt.Sprint(h.Leader), fmt.Sprint(h.Voter), fmt.Sprint(h.Healthy),
			contact(h.LastContact), h.StableSince.Format(time.RFC3339),
		})
	}
	table(w, rows)
}

// contact words how long ago the leader heard a server.
func contact(text string) string {
	if d, err := time.ParseDuration(text); err == nil && d < 0 {
		return "never"
	}
	return text
}
