package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
	"muster/cmd/resolver"
	"muster/cmd/terminal"
)

func (s *shell) resolverCheck(c *cli.Context) error {
	if err := arguments(c, 0, 1, "NAME"); err != nil {
		return err
	}
	h, p, err := s.makePlan(c)
	if err != nil {
		return err
	}
	at, err := listens(c, p.Resolver, p.Port53)
	if err != nil {
		return err
	}
	name := c.Args().First()
	if name == "" {
		name = resolver.DefaultName(p.Zones[0])
	}
	report, err := checker(h, p.Port53).Check(c.Context, &p.Target, p.Resolver, at, strings.TrimSuffix(name, "."))
	if err != nil {
		return err
	}
	if err := s.show(c, report, func(w io.Writer) { printReport(w, report) }); err != nil {
		return err
	}
	if !report.OK {
		return errNothing
	}
	return nil
}

// listens is where the resolver takes questions, as -at says or as it looks.
func listens(c *cli.Context, kind resolver.Kind, listeners []resolver.Listener) (netip.AddrPort, error) {
	if !c.IsSet("at") {
		return resolver.Listens(kind, listeners), nil
	}
	at, err := addrPort(c.String("at"), 53)
	if err != nil {
		return at, usagef(c, "-at: %v", err)
	}
	return at, nil
}

// hopTimeout is how long a hop may take to answer.
const hopTimeout = 2 * time.Second

func checker(h *resolver.Host, port53 []resolver.Listener) *resolver.Checker {
	return &resolver.Checker{Host: h, Port53: port53, Ask: askAddresses, Lookup: resolver.Lookup}
}

// askAddresses asks a server for the addresses of a name, of both families.
func askAddresses(ctx context.Context, server netip.AddrPort, name string) (resolver.Reply, error) {
	var out resolver.Reply
	for _, qtype := range []string{"A", "AAAA"} {
		r, err := agent.QueryDNS(ctx, server.String(), name, qtype, agent.DNSOptions{Timeout: hopTimeout})
		if err != nil {
			return resolver.Reply{}, err
		}
		if out.Rcode == "" || r.Rcode != "NOERROR" {
			out.Rcode = r.Rcode
		}
		for _, record := range r.Answer { // NAME TTL CLASS TYPE DATA
			f := strings.Fields(record)
			if len(f) == 5 && f[3] == qtype {
				if a, err := netip.ParseAddr(f[4]); err == nil {
					out.Addrs = append(out.Addrs, a)
				}
			}
		}
	}
	return out, nil
}

// printReport writes a report for people, one hop a line.
func printReport(w io.Writer, r *resolver.Report) {
	rows := [][]string{}
	for _, hop := range r.Hops {
		verdict := "ok"
		if !hop.OK {
			verdict = "FAIL"
		}
		rows = append(rows, []string{verdict, hop.Hop, terminal.OneLine(hop.Text)})
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", r.Name)
	table(&text, rows)
	say(w, "%s", text.String())
}
