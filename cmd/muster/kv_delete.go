package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) kvDeleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "remove a key, or all under a prefix",
		ArgsUsage: "[KEY or PREFIX]",
		Flags: agentFlags(append(casFlags(), datacenterFlag(),
			switchFlag("recurse", "remove every key that begins with PREFIX; without PREFIX, every key"),
		)...),
		Action: s.kvDelete,
	}
}

func (s *shell) kvDelete(c *cli.Context) error {
	if err := arguments(c, 0, 1, "KEY"); err != nil {
		return err
	}
	key, cas, index := keyArgument(c), c.Bool("cas"), c.Uint64("modify-index")
	switch {
	case cas && c.Bool("recurse"):
		return usagef(c, "-cas and -recurse exclude each other")
	case cas && index == 0:
		return usagef(c, "-cas needs -modify-index, over 0")
	case c.IsSet("modify-index") && !cas:
		return usagef(c, "-modify-index needs -cas")
	case key == "" && !c.Bool("recurse"):
		return usagef(c, "KEY is missing")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if c.Bool("recurse") {
		if err := agent.DeleteKeys(c.Context, key, c.String("datacenter")); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "Success! Deleted keys with prefix: %s\n", key)
		return nil
	}
	deleted, err := agent.DeleteKey(c.Context, key, httpapi.ClientWrite{Datacenter: c.String("datacenter"), CAS: cas, Index: index})
	if err != nil {
		return err
	}
	if !deleted {
		return fmt.Errorf("did not delete %s: CAS failed, its ModifyIndex is not %d", key, index)
	}
	fmt.Fprintf(s.stdout, "Success! Deleted key: %s\n", key)
	return nil
}
