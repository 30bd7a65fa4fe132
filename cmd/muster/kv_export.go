package main

import (
	"github.com/urfave/cli/v2"
)

// exportedKey is a key as Consul's export writes it.
type exportedKey struct {
	Key   string `json:"key"`
	Flags uint64 `json:"flags"`
	Value []byte `json:"value"` // base64 in JSON
}

func (s *shell) kvExportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "print the keys that begin with PREFIX as JSON, for kv import",
		ArgsUsage: "[PREFIX]",
		Flags: agentFlags(datacenterFlag(),
			switchFlag("stale", "let any server answer from what it has")),
		Action: s.kvExport,
	}
}

func (s *shell) kvExport(c *cli.Context) error {
	if err := arguments(c, 0, 1, "PREFIX"); err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	pairs, err := agent.Keys(c.Context, keyArgument(c), query(c))
	if err != nil {
		return err
	}
	out := make([]exportedKey, len(pairs))
	for i, p := range pairs {
		out[i] = exportedKey{Key: p.Key, Flags: p.Flags, Value: p.Value}
		if out[i].Value == nil {
			out[i].Value = []byte{} // "", as an import of Consul's wants it
		}
	}
	return s.showJSON(out, "\t")
}
