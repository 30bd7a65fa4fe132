package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) keyringCommand() *cli.Command {
	return &cli.Command{
		Name:  "keyring",
		Usage: "list and change the keys that encrypt gossip",
		Description: "To rotate: -install NEW, -use NEW, -remove OLD, each when the one before has succeeded.\n" +
			"KEY \"-\" is read from standard input, which keeps it out of lists of processes.",
		Flags: agentFlags(
			switchFlag("list", "list the keys of all members"),
			switchFlag("list-primary", "list the keys that members encrypt with"),
			&cli.StringFlag{Name: "install", Usage: "give all members `KEY`"},
			&cli.StringFlag{Name: "use", Usage: "make all members encrypt with `KEY`, which is installed"},
			&cli.StringFlag{Name: "remove", Usage: "make all members forget `KEY`, which is not in use"},
			&cli.IntFlag{Name: "relay-factor", Usage: "accepted for Consul's sake, 0 to 5"},
			switchFlag("local-only", "with -list, ask no other datacenter"),
			formatFlag(),
		),
		Action: s.keyring,
	}
}

// keyChange is what one flag of the keyring command does.
type keyChange struct {
	flag, doing string
	change      func(*httpapi.Client, *cli.Context, string, httpapi.ClientKeyring) error
}

var keyChanges = [...]keyChange{
	{"install", "Installing new gossip encryption key...", func(a *httpapi.Client, c *cli.Context, key string, k httpapi.ClientKeyring) error {
		return a.InstallKey(c.Context, key, k)
	}},
	{"use", "Changing primary gossip encryption key...", func(a *httpapi.Client, c *cli.Context, key string, k httpapi.ClientKeyring) error {
		return a.UseKey(c.Context, key, k)
	}},
	{"remove", "Removing gossip encryption key...", func(a *httpapi.Client, c *cli.Context, key string, k httpapi.ClientKeyring) error {
		return a.RemoveKey(c.Context, key, k)
	}},
}

func (s *shell) keyring(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	var changes []keyChange
	for _, change := range keyChanges {
		if c.IsSet(change.flag) {
			changes = append(changes, change)
		}
	}
	k := httpapi.ClientKeyring{RelayFactor: c.Int("relay-factor"), LocalOnly: c.Bool("local-only")}
	list := c.Bool("list") || c.Bool("list-primary")
	switch {
	case len(changes) > 1 || list == (len(changes) == 1) || c.Bool("list") && c.Bool("list-primary"):
		return usagef(c, "say one of -list, -list-primary, -install, -use, -remove")
	case k.RelayFactor < 0 || k.RelayFactor > 5:
		return usagef(c, "-relay-factor %d is outside 0 to 5", k.RelayFactor)
	case k.LocalOnly && !list:
		return usagef(c, "-local-only needs -list or -list-primary")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if list {
		return s.listKeys(c, agent, k)
	}
	return s.changeKeys(c, agent, changes[0], k)
}

func (s *shell) changeKeys(c *cli.Context, agent *httpapi.Client, change keyChange, k httpapi.ClientKeyring) error {
	key := c.String(change.flag)
	if key == "-" {
		text, err := io.ReadAll(io.LimitReader(s.stdin, 1<<10))
		if err != nil {
			return fmt.Errorf("read the key: %w", err)
		}
		key = strings.TrimSpace(string(text))
	}
	if key == "" {
		return usagef(c, "-%s: KEY is empty (`%s keygen` makes one)", change.flag, s.program)
	}
	fmt.Fprintf(s.stdout, "==> %s\n", change.doing)
	return change.change(agent, c, key, k)
}

func (s *shell) listKeys(c *cli.Context, agent *httpapi.Client, k httpapi.ClientKeyring) error {
	rings, err := agent.GossipKeys(c.Context, k)
	if err != nil {
		return err
	}
	err = s.show(c, rings, func(w io.Writer) {
		fmt.Fprintln(w, "==> Gathering installed encryption keys...")
		for _, ring := range rings {
			keys := ring.Keys
			if c.Bool("list-primary") {
				keys = ring.PrimaryKeys
			}
			fmt.Fprintf(w, "\n%s:\n", poolName(ring))
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				fmt.Fprintf(w, "  %s [%d/%d]\n", key, keys[key], ring.NumNodes)
			}
		}
	})
	if err != nil {
		return err
	}
	return s.failedMembers(rings)
}

func poolName(ring httpapi.Keyring) string {
	if ring.WAN {
		return "WAN"
	}
	return ring.Datacenter + " (LAN)"
}

// failedMembers tells which members did not say what keys they hold; with any, the list is not whole.
func (s *shell) failedMembers(rings []httpapi.Keyring) error {
	failed := false
	for _, ring := range rings {
		if len(ring.Messages) == 0 {
			continue
		}
		failed = true
		fmt.Fprintf(s.stderr, "%s error: %d/%d nodes reported failure\n", poolName(ring), len(ring.Messages), ring.NumNodes)
		for _, member := range slices.Sorted(maps.Keys(ring.Messages)) {
			fmt.Fprintf(s.stderr, "  %s: %s\n", member, printable(ring.Messages[member]))
		}
	}
	if failed {
		return errors.New("some members did not tell their keys; the list is not whole")
	}
	return nil
}
