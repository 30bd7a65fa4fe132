package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

func (s *shell) agentCommand() *cli.Command {
	paths := &pathList{}
	return &cli.Command{
		Name:        "agent",
		Usage:       "run an agent",
		Description: "SIGHUP reloads the configuration; SIGINT and SIGTERM stop the agent, a second one at once.",
		Flags:       agentOnlyFlags(paths),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			flags, err := overrides(c)
			if err != nil {
				return err
			}
			return s.runAgent(c.Context, agent.LoadOptions{Dev: c.Bool("dev"), Paths: *paths, Overrides: flags})
		},
	}
}

// runAgent runs an agent until a signal, someone over HTTP, or ctx ends it.
func (s *shell) runAgent(ctx context.Context, from agent.LoadOptions) error {
	load := func() (agent.Config, error) { return agent.Load(from) }
	cfg, err := load()
	if err != nil {
		return fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	sup := &supervisor{signals: signals, leaves: func(sig os.Signal) bool {
		return sig == os.Interrupt && !cfg.SkipLeaveOnInt || sig == syscall.SIGTERM && cfg.LeaveOnTerm
	}}
	var a *agent.Agent
	err = sup.start(func() (d daemon, err error) {
		a, err = s.startAgent(cfg, load)
		return a, err
	})
	if err != nil {
		return err
	}
	sup.log = a.Logger()
	sup.manager = newManager(sup.log)
	if cfg.DevMode {
		s.printHints(a, &cfg)
	}
	return errors.Join(sup.run(ctx), pidFile(cfg.PidFile).remove())
}

// startAgent makes an agent that runs and has written its pid file, or none.
func (s *shell) startAgent(cfg agent.Config, load func() (agent.Config, error)) (*agent.Agent, error) {
	build := readBuildInfo()
	sockets := activation.Files(true) // scripts that we start are not to think that these are theirs
	defer func() {
		for _, f := range sockets {
			_ = f.Close()
		}
	}()
	a, err := agent.New(cfg, agent.Options{
		Version: build.Version, Revision: build.Revision, BuildDate: build.BuildDate,
		LogOutput: s.stderr, LogColour: s.colour(s.stderr), LoadConfig: load, Sockets: sockets,
	})
	if err != nil {
		return nil, err
	}
	err = a.Start()
	if err == nil {
		err = pidFile(cfg.PidFile).write()
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}
