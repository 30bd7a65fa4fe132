package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// keyBytes is the length of an AES-256 key.
const keyBytes = 32

func (s *shell) keygenCommand() *cli.Command {
	return &cli.Command{
		Name:  "keygen",
		Usage: "print a new key for the encryption of gossip",
		Flags: []cli.Flag{formatFlag()},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			key := make([]byte, keyBytes)
			_, _ = rand.Read(key) // never fails (crypto/rand)
			text := base64.StdEncoding.EncodeToString(key)
			return s.show(c, text, func(w io.Writer) { fmt.Fprintln(w, text) })
		},
	}
}
