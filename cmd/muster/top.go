package main

import (
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/top"
)

// leastInterval is how often an agent may be asked for its figures.
const leastInterval = 100 * time.Millisecond

func (s *shell) topCommand() *cli.Command {
	return &cli.Command{
		Name:  "top",
		Usage: "show what changes in the cluster, live",
		Description: "Shows services by their health, changes as they come, DNS queries by second, the leader and the age of the agent's view.\n" +
			"Press ? for the keys. Where standard output is no terminal it prints what there is once, as with -once.",
		Flags: agentFlags(
			&cli.DurationFlag{Name: "interval", Value: time.Second, Usage: "`TIME` between two looks at the agent's figures",
				Action: func(c *cli.Context, d time.Duration) error {
					if d < leastInterval {
						return usagef(c, "-interval %v is under %v", d, leastInterval)
					}
					return nil
				}},
			switchFlag("once", "print what there is, in plain text, and end"),
			formatFlag(),
		),
		Action: s.top,
	}
}

func (s *shell) top(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	terminal := s.terminal(s.stdout)
	once := c.Bool("once") || terminal == nil
	if c.String("format") == "json" && !once {
		return usagef(c, "-format json needs -once")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if once {
		return s.topOnce(c, agent)
	}
	if _, err := agent.Self(c.Context); err != nil { // said before the screen is taken
		return err
	}
	return top.Run(c.Context, top.Config{
		Agent: agent, Interval: c.Duration("interval"), Colour: s.env("NO_COLOR") == "", Output: terminal,
	})
}

func (s *shell) topOnce(c *cli.Context, agent top.Agent) error {
	model, err := top.Once(c.Context, agent, c.Duration("interval"))
	if err != nil {
		return err
	}
	return s.show(c, model.Report(), func(w io.Writer) { model.Print(w) })
}
