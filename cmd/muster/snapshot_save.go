package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"muster/catalog/archive"
)

func (s *shell) snapshotSaveCommand() *cli.Command {
	return &cli.Command{
		Name:      "save",
		Usage:     "write the state of the cluster to FILE, in place of what may be there",
		ArgsUsage: "FILE",
		Flags: agentFlags(datacenterFlag(),
			switchFlag("stale", "let any server answer from what it has, also when there is no leader")),
		Action: s.snapshotSave,
	}
}

func (s *shell) snapshotSave(c *cli.Context) error {
	if err := arguments(c, 1, 1, "FILE"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	body, err := agent.SaveSnapshot(ctx, query(c))
	if err != nil {
		return err
	}
	defer body.Close()
	p := s.progress("Saving", -1)
	m, err := archive.Save(c.Args().First(), io.TeeReader(body, p))
	p.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Saved and verified snapshot to index %d\n", m.Index)
	return nil
}
