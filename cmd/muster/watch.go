package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
	"muster/catalog/watch"
	"muster/probes/child"
)

func (s *shell) watchCommand() *cli.Command {
	return &cli.Command{
		Name:      "watch",
		Usage:     "run a command once for each change of something",
		ArgsUsage: "[HANDLER [ARGUMENT ...]]",
		Description: "The handler gets what changed as JSON on its standard input, and CONSUL_INDEX in its environment.\n" +
			"It runs at once for what is there now. Without a handler that is printed, and the command ends.\n" +
			"Flags stand before the handler. A handler that fails ends the watch.",
		Flags: agentFlags(
			&cli.StringFlag{Name: "type", Usage: "what to watch: one of `TYPE` " + strings.Join(watch.Types(), ", ")},
			&cli.StringFlag{Name: "key", Usage: "`KEY` to watch (key)"},
			&cli.StringFlag{Name: "prefix", Usage: "`PREFIX` of keys to watch (keyprefix)"},
			&cli.StringFlag{Name: "service", Usage: "`NAME` of the service (service, checks)"},
			&cli.StringSliceFlag{Name: "tag", Usage: "only instances with `TAG`; may be repeated (service)"},
			switchFlag("passingonly", "only instances that no check speaks against (service)"),
			&cli.StringFlag{Name: "state", Usage: "only checks in `STATE`: any, passing, warning, critical (checks)"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the events (event)"},
			&cli.StringFlag{Name: "filter", Usage: "`EXPRESSION` that what is watched must match (nodes, services, service, checks)"},
			shellFlag(), datacenterFlag(),
			switchFlag("stale", "let any server answer from what it has"),
		),
		Action: s.watch,
	}
}

func shellFlag() cli.Flag {
	return &cli.BoolFlag{Name: "shell", Value: true, Usage: "run the command by a shell, $SHELL or /bin/sh; -shell=false runs it as it is"}
}

// watchDebounce is how long a watch waits for further changes.
const watchDebounce = 100 * time.Millisecond

func (s *shell) watch(c *cli.Context) error {
	plan := watch.Plan{
		Type: c.String("type"), Key: c.String("key"), Prefix: c.String("prefix"), Service: c.String("service"), Tags: c.StringSlice("tag"),
		PassingOnly: c.Bool("passingonly"), State: c.String("state"), Name: c.String("name"), Filter: c.String("filter"),
		Stale: c.Bool("stale"), Datacenter: c.String("datacenter"),
	}
	for _, p := range plan.Validate() {
		return usagef(c, "-%s %s", p.Field, p.Message)
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return s.watchOnce(c, plan, reader(agent))
	}
	ctx, stop := interruptible(c)
	defer stop()
	argv := s.argv(c, c.Args().Slice())
	reached := false
	w := watch.Watch{
		Plan: plan, Read: reader(agent), Debounce: watchDebounce,
		Handle: func(ctx context.Context, index uint64, news json.RawMessage) error {
			reached = true
			return s.handle(ctx, argv, index, news)
		},
		Failed: func(err error, times int) error {
			if !reached && times == 1 {
				return err
			}
			fmt.Fprintf(s.stderr, "%v; trying again\n", err)
			return nil
		},
	}
	return unlessInterrupted(ctx, w.Run(ctx))
}

// watchOnce prints what a handler would get.
func (s *shell) watchOnce(c *cli.Context, plan watch.Plan, read watch.Reader) error {
	now, _, err := watch.Once(c.Context, plan, read)
	if err != nil {
		return err
	}
	return s.showJSON(now, "    ")
}

// reader has a client read for watches.
func reader(agent *httpapi.Client) watch.Reader {
	return func(ctx context.Context, r watch.Request, index uint64) ([]byte, uint64, error) {
		return agent.Blocking(ctx, httpapi.ClientRead(r), index)
	}
}

// handlerGrace is how long a handler may take to end when the watch does.
const handlerGrace = 5 * time.Second

// handle runs a handler for one change.
func (s *shell) handle(ctx context.Context, argv []string, index uint64, news json.RawMessage) error {
	end, err := child.Run(ctx, child.Command{
		Args: argv, Env: []string{"CONSUL_INDEX=" + strconv.FormatUint(index, 10)},
		Stdin: bytes.NewReader(append(news, '\n')), Stdout: s.stdout, Stderr: s.stderr, Grace: handlerGrace,
	})
	switch {
	case err != nil:
		return fmt.Errorf("handler: %w", err)
	case end.Code() != 0:
		return fmt.Errorf("the handler ended with exit code %d", end.Code())
	}
	return nil
}

// argv is how to run a command line: by a shell if -shell says so.
func (s *shell) argv(c *cli.Context, command []string) []string {
	if !c.Bool("shell") {
		return command
	}
	program := s.env("SHELL")
	if program == "" {
		program = "/bin/sh"
	}
	return []string{program, "-c", strings.Join(command, " ")}
}
