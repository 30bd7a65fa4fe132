package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

func (s *shell) snapshotRestoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "replace the state of the cluster by the one in FILE",
		ArgsUsage: "FILE",
		Flags:     agentFlags(datacenterFlag()),
		Action:    s.snapshotRestore,
	}
}

func (s *shell) snapshotRestore(c *cli.Context) error {
	if err := arguments(c, 1, 1, "FILE"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	f, err := openSnapshot(c.Args().First())
	if err != nil {
		return err
	}
	defer f.Close()
	p := s.progress("Verifying", f.size)
	_, err = f.verify(ctx, p) // the agent does so too, but a long way off
	p.end()
	if err != nil {
		return err
	}
	p = s.progress("Restoring", f.size)
	err = agent.RestoreSnapshot(ctx, io.TeeReader(f, p), f.size, c.String("datacenter"))
	p.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(s.stdout, "Restored snapshot")
	return nil
}
