package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is the version of this program, by the rules of semantic versioning.
const version = "0.1.0"

// protocol is the one version of the protocol between agents that this program
// speaks, as "members" lists it.
const protocol = 1

// buildInfo is what "version -format json" prints. Keys are Consul's, for the
// tools that run "consul version -format=json".
type buildInfo struct {
	Version    string
	Revision   string // of the source; empty when it was not built from a checkout
	Prerelease string
	BuildDate  string // of the revision, RFC 3339
	RPC        struct{ Default, Min, Max int }
}

func readBuildInfo() buildInfo {
	b := buildInfo{Version: version}
	b.RPC.Default, b.RPC.Min, b.RPC.Max = protocol, protocol, protocol
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	modified := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value[:min(len(s.Value), 12)]
		case "vcs.time":
			b.BuildDate = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified && b.Revision != "" {
		b.Revision += "+changes"
	}
	return b
}

func (s *shell) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Flags: []cli.Flag{formatFlag()},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			return s.printVersion(c)
		},
	}
}

func (s *shell) printVersion(c *cli.Context) error {
	b := readBuildInfo()
	return s.show(c, b, func(w io.Writer) {
		fmt.Fprintf(w, "muster v%s\n", b.Version)
		if b.Revision != "" {
			fmt.Fprintf(w, "Revision %s\nBuild Date %s\n", b.Revision, b.BuildDate)
		}
		fmt.Fprintf(w, "Protocol %d\n", b.RPC.Default)
	})
}
