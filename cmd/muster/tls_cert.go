package main

import (
	"fmt"
	"net/netip"

	"github.com/urfave/cli/v2"

	"muster/consensus/certs"
)

// maxCertFiles bounds the search for a number that no file has yet.
const maxCertFiles = 10000

func (s *shell) tlsCertCreateCommand() *cli.Command {
	return &cli.Command{
		Name:        "create",
		Usage:       "make a certificate in the current directory",
		Description: "The files are named DC-ROLE-DOMAIN-N.pem, with the first N that is free.\nIn the names of a certificate stands what its owner is: only -server may vote.",
		Flags: []cli.Flag{
			switchFlag("server", "for a server"),
			switchFlag("client", "for an agent that is no server"),
			switchFlag("cli", "for somebody who asks over HTTPS"),
			&cli.StringFlag{Name: "dc", Usage: "the `DATACENTER`", Value: "dc1"},
			domainFlag(),
			&cli.StringFlag{Name: "node", Usage: "name a server's `NODE`, too: NODE.server.DC.DOMAIN"},
			&cli.StringSliceFlag{Name: "additional-dnsname", Usage: "a further DNS `NAME`; localhost is there already (repeatable)"},
			&cli.StringSliceFlag{Name: "additional-ipaddress", Usage: "a further `IP` address; 127.0.0.1 is there already (repeatable)"},
			&cli.IntFlag{Name: "days", Usage: "`DAYS` it is valid", Value: 365},
			&cli.StringFlag{Name: "ca", Usage: "`FILE` of the CA", DefaultText: "muster-agent-ca.pem, or DOMAIN-agent-ca.pem with -domain"},
			&cli.StringFlag{Name: "key", Usage: "`FILE` of the CA's key", DefaultText: "muster-agent-ca-key.pem, or DOMAIN-agent-ca-key.pem with -domain"},
			formatFlag(),
		},
		Action: s.tlsCertCreate,
	}
}

func (s *shell) tlsCertCreate(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	options, err := issueOptions(c)
	if err != nil {
		return err
	}
	caFile, keyFile := authorityFiles(c)
	if c.IsSet("ca") {
		caFile = c.String("ca")
	}
	if c.IsSet("key") {
		keyFile = c.String("key")
	}
	authority, err := certs.ReadAuthority(caFile, keyFile)
	if err != nil {
		return fmt.Errorf("the CA (make one with \"%s tls ca create\", or name it with -ca and -key): %w", s.program, err)
	}
	made, err := authority.Issue(options)
	if err != nil {
		return err
	}
	files, err := save(made, func(n int) (string, string) {
		base := fmt.Sprintf("%s-%s-%s-%d", options.Datacenter, options.Role, options.Domain, n)
		return base + ".pem", base + "-key.pem"
	}, maxCertFiles)
	if err != nil {
		return err
	}
	if options.Role == certs.RoleServer {
		fmt.Fprintln(s.stderr, "==> WARNING: whoever holds this certificate and its key can vote in the cluster and read all of its data. Keep them on servers only.")
	}
	return s.showSaved(c, files)
}

// issueOptions reads the flags about the certificate itself.
func issueOptions(c *cli.Context) (certs.IssueOptions, error) {
	o := certs.IssueOptions{
		Datacenter: c.String("dc"), Domain: bareDomain(c), Node: c.String("node"),
		DNSNames: c.StringSlice("additional-dnsname"),
	}
	for _, role := range []certs.Role{certs.RoleServer, certs.RoleClient, certs.RoleCLI} {
		if !c.Bool(string(role)) {
			continue
		}
		if o.Role != "" {
			return o, usagef(c, "-%s and -%s exclude each other", o.Role, role)
		}
		o.Role = role
	}
	if o.Role == "" {
		return o, usagef(c, "one of -server, -client, -cli is missing")
	}
	for _, text := range c.StringSlice("additional-ipaddress") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return o, usagef(c, "-additional-ipaddress %q is no IP address", text)
		}
		o.Addresses = append(o.Addresses, addr)
	}
	var err error
	o.Lifetime, err = lifetime(c)
	return o, err
}
