package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/urfave/cli/v2"

	"muster/consensus/certs"
)

func (s *shell) tlsCommand() *cli.Command {
	return &cli.Command{
		Name:  "tls",
		Usage: "make certificates for the server port and HTTPS",
		Subcommands: []*cli.Command{
			{Name: "ca", Usage: "make a CA", Subcommands: []*cli.Command{s.tlsCACreateCommand()}},
			{Name: "cert", Usage: "make certificates", Subcommands: []*cli.Command{s.tlsCertCreateCommand()}},
		},
	}
}

// maxDays keeps -days within what a certificate can say.
const maxDays = 36500

// lifetime reads -days.
func lifetime(c *cli.Context) (time.Duration, error) {
	days := c.Int("days")
	if days < 1 || days > maxDays {
		return 0, usagef(c, "-days %d is not within 1 and %d", days, maxDays)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

// authorityFiles are where the CA of a domain is, unless a flag says otherwise.
func authorityFiles(c *cli.Context) (cert, key string) {
	prefix := "muster"
	if c.IsSet("domain") {
		prefix = bareDomain(c)
	}
	return prefix + "-agent-ca.pem", prefix + "-agent-ca-key.pem"
}

// savedFiles is what was made, for people and programs.
type savedFiles struct {
	Certificate string
	Key         string
	Expires     time.Time
}

// save writes a certificate to the first pair of names that is free, from those
// that name yields for 0, 1, ... most-1. None is ever written over.
func save(made certs.PEM, name func(n int) (cert, key string), most int) (savedFiles, error) {
	var cert, key string
	for n := range most {
		cert, key = name(n)
		err := made.Save(cert, key)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return savedFiles{Certificate: cert, Key: key, Expires: made.NotAfter.UTC().Truncate(time.Second)}, err
	}
	return savedFiles{}, fmt.Errorf("%s or %s exists already, and is not written over", cert, key)
}

func (s *shell) showSaved(c *cli.Context, files savedFiles) error {
	return s.show(c, files, func(w io.Writer) {
		fmt.Fprintf(w, "==> Saved %s (until %s)\n==> Saved %s\n", files.Certificate, files.Expires.Format(time.DateOnly), files.Key)
	})
}
