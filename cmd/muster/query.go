package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/agent"
)

func (s *shell) queryCommand() *cli.Command {
	return &cli.Command{
		Name:      "query",
		Usage:     "ask a DNS server and print its reply",
		UsageText: s.program + " query [options] NAME [TYPE]",
		Description: "NAME is asked as it stands, TYPE is A unless given. A reply cut short over UDP is fetched over TCP.\n" +
			"The exit code is 0 when there was a reply, whatever it says, and 1 when there was none.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "server", Value: "127.0.0.1", Usage: "ask `HOST`"},
			&cli.UintFlag{Name: "port", Value: 8600, Usage: "at `PORT`"},
			switchFlag("tcp", "ask over TCP at once"),
			&cli.DurationFlag{Name: "timeout", Value: 5 * time.Second, Usage: "wait no longer than `TIME` for a reply"},
			formatFlag(),
		},
		Action: s.query,
	}
}

func (s *shell) query(c *cli.Context) error {
	if err := arguments(c, 1, 2, "NAME", "TYPE"); err != nil {
		return err
	}
	name, qtype := c.Args().Get(0), c.Args().Get(1)
	if qtype == "" {
		qtype = "A"
	}
	port := c.Uint("port")
	if port == 0 || port > 65535 {
		return usagef(c, "-port %d is none", port)
	}
	if c.Duration("timeout") <= 0 {
		return usagef(c, "-timeout %v is none", c.Duration("timeout"))
	}
	server := net.JoinHostPort(strings.Trim(c.String("server"), "[]"), strconv.FormatUint(uint64(port), 10))
	r, err := agent.QueryDNS(c.Context, server, name, qtype, agent.DNSOptions{TCP: c.Bool("tcp"), Timeout: c.Duration("timeout")})
	if err != nil {
		return err
	}
	return s.show(c, r, func(w io.Writer) { printReply(w, r) })
}

// printReply writes a reply for people: header, EDNS, sections, and where it came from.
func printReply(w io.Writer, r *agent.DNSReply) {
	fmt.Fprintf(w, "%s, %s, id %d\n", r.Rcode, r.Opcode, r.ID)
	fmt.Fprintf(w, "flags: %s; answer: %d, authority: %d, additional: %d\n",
		strings.Join(r.Flags, " "), len(r.Answer), len(r.Authority), len(r.Additional))
	if e := r.EDNS; e != nil {
		do := ""
		if e.DO {
			do = ", do"
		}
		fmt.Fprintf(w, "EDNS: version %d, udp size %d%s\n", e.Version, e.UDPSize, do)
		for _, option := range e.Options {
			fmt.Fprintf(w, "EDNS: %s\n", printable(option))
		}
		for _, x := range e.Errors {
			fmt.Fprintf(w, "EDE: %s\n", printable(x.String()))
		}
	}
	question := []string{}
	if r.Question != "" {
		question = append(question, r.Question)
	}
	for _, section := range []struct {
		name  string
		lines []string
	}{{"Question", question}, {"Answer", r.Answer}, {"Authority", r.Authority}, {"Additional", r.Additional}} {
		if len(section.lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", section.name)
		for _, line := range section.lines {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	again := ""
	if r.Retried {
		again = ", after a reply cut short over udp"
	}
	fmt.Fprintf(w, "\n%s (%s%s), %s, %d bytes\n", r.Server, r.Protocol, again, r.Took.Round(time.Microsecond), r.Size)
}
