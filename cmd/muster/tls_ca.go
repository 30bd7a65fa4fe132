package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/consensus/certs"
)

func (s *shell) tlsCACreateCommand() *cli.Command {
	return &cli.Command{
		Name:        "create",
		Usage:       "make a CA in the current directory",
		Description: "The key signs certificates that open the cluster: keep it away from its machines.\nFiles that exist are never written over.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "common-name", Usage: "`NAME` of the CA", DefaultText: "Muster Agent CA"},
			&cli.IntFlag{Name: "days", Usage: "`DAYS` it is valid", Value: 1825},
			domainFlag(),
			switchFlag("name-constraint", "make it good for names in the domain, and localhost, alone"),
			&cli.StringSliceFlag{Name: "additional-name-constraint", Usage: "make it good for names in `DOMAIN`, too (repeatable; needs -name-constraint)"},
			formatFlag(),
		},
		Action: s.tlsCACreate,
	}
}

// domainFlag is the domain whose names certificates carry.
func domainFlag() cli.Flag {
	return &cli.StringFlag{Name: "domain", Usage: "the agents' `DOMAIN`; it is also what the files of the CA are named after", Value: "consul"}
}

func bareDomain(c *cli.Context) string {
	return strings.ToLower(strings.TrimSuffix(c.String("domain"), "."))
}

func (s *shell) tlsCACreate(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	life, err := lifetime(c)
	if err != nil {
		return err
	}
	options := certs.AuthorityOptions{CommonName: c.String("common-name"), Lifetime: life}
	more := c.StringSlice("additional-name-constraint")
	switch {
	case c.Bool("name-constraint"):
		options.OnlyDomains = slices.Concat([]string{bareDomain(c), "localhost"}, more)
	case len(more) > 0:
		return usagef(c, "-additional-name-constraint needs -name-constraint")
	}
	made, err := certs.NewAuthority(options)
	if err != nil {
		return err
	}
	files, err := save(made, func(int) (string, string) { return authorityFiles(c) }, 1)
	if err != nil {
		return err
	}
	return s.showSaved(c, files)
}
