package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) kvPutCommand() *cli.Command {
	return &cli.Command{
		Name:      "put",
		Usage:     "write a key",
		ArgsUsage: "KEY [VALUE, @FILE or - for standard input]",
		Description: "Flags stand before KEY. Whatever follows it is the value, even if it looks like a flag.\n" +
			"Without a value the key becomes empty.",
		Flags: agentFlags(append(casFlags(), datacenterFlag(),
			&cli.Uint64Flag{Name: "flags", Usage: "a number of your own, kept with the key"},
			switchFlag("base64", "the value is base64; write what it stands for"),
		)...),
		Action: s.kvPut,
	}
}

func (s *shell) kvPut(c *cli.Context) error {
	if err := arguments(c, 1, 2, "KEY", "the value (flags stand before KEY)"); err != nil {
		return err
	}
	key := keyArgument(c)
	if key == "" {
		return usagef(c, "KEY is empty")
	}
	if c.IsSet("modify-index") && !c.Bool("cas") {
		return usagef(c, "-modify-index needs -cas")
	}
	value, err := s.data(c.Args().Get(1))
	if err != nil {
		return err
	}
	if c.Bool("base64") {
		if value, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(value))); err != nil {
			return fmt.Errorf("the value is not base64: %w", err)
		}
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	written, err := agent.SetKey(c.Context, key, value, c.Uint64("flags"),
		httpapi.ClientWrite{Datacenter: c.String("datacenter"), CAS: c.Bool("cas"), Index: c.Uint64("modify-index")})
	if err != nil {
		return err
	}
	if !written {
		return fmt.Errorf("did not write to %s: CAS failed, its ModifyIndex is not %d", key, c.Uint64("modify-index"))
	}
	fmt.Fprintf(s.stdout, "Success! Data written to: %s\n", key)
	return nil
}

// data returns what an argument stands for: itself, @FILE a file's content, - standard input.
func (s *shell) data(arg string) ([]byte, error) {
	if arg == "-" {
		data, err := io.ReadAll(s.stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	}
	if path, isFile := strings.CutPrefix(arg, "@"); isFile {
		return os.ReadFile(path) // the error names the file
	}
	return []byte(arg), nil
}
