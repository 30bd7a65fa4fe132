package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) kvImportCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "write the keys that kv export printed",
		ArgsUsage: "[JSON, @FILE or - for standard input]",
		Flags: agentFlags(datacenterFlag(),
			&cli.StringFlag{Name: "prefix", Usage: "write the keys under `PREFIX`"},
		),
		Action: s.kvImport,
	}
}

func (s *shell) kvImport(c *cli.Context) error {
	if err := arguments(c, 1, 1, "the data (JSON, @FILE or -)"); err != nil {
		return err
	}
	data, err := s.data(c.Args().First())
	if err != nil {
		return err
	}
	keys, err := parseExport(data)
	if err != nil {
		return err
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	prefix := strings.Trim(c.String("prefix"), "/")
	if prefix != "" {
		prefix += "/"
	}
	for i, k := range keys {
		written, err := agent.SetKey(c.Context, prefix+k.Key, k.Value, k.Flags, httpapi.ClientWrite{Datacenter: c.String("datacenter")})
		if err == nil && !written {
			err = fmt.Errorf("the agent refused it")
		}
		if err != nil {
			return fmt.Errorf("import %s (%d of %d keys are written): %w", prefix+k.Key, i, len(keys), err)
		}
		fmt.Fprintf(s.stdout, "Imported: %s\n", prefix+k.Key)
	}
	return nil
}

// parseExport reads all of an export before anything of it is written.
func parseExport(data []byte) ([]exportedKey, error) {
	var keys []exportedKey
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, fmt.Errorf("the data is not what kv export prints: %w", err)
	}
	for i := range keys {
		keys[i].Key = strings.TrimPrefix(keys[i].Key, "/")
		if keys[i].Key == "" {
			return nil, fmt.Errorf("the data is not what kv export prints: entry %d has no key", i+1)
		}
	}
	return keys, nil
}
